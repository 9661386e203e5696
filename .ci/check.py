"""What no stored notebook may have: machine paths, progress bars, widget ids, errors. What every one has: a place in the sidebar, links that lead somewhere, words for
each picture, and each public definition at work in a cell that the reader sees."""
import ast, configparser, json, re, sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

root = Path(__file__).resolve().parent.parent
bad = re.compile(r'/home/|/root/|/tmp/|/Users/|site-packages|<ipython-input|\d+%\|')
wrong = []
pages = {str(p.relative_to(root/'nbs')) for p in (root/'nbs').rglob('*.ipynb') if not any(part.startswith(('.', '_')) for part in p.relative_to(root/'nbs').parts)}
for page in sorted(pages):
    for number, cell in enumerate(json.loads((root/'nbs'/page).read_text(encoding='utf-8'))['cells']):
        for output in cell.get('outputs', []):
            text = ''.join(output.get('text', [])) + ''.join(map(str, output.get('data', {}).get('text/plain', [])))
            if any('widget-view' in kind for kind in output.get('data', {})): wrong.append(f'{page}, cell {number}: a stored widget')
            if output['output_type'] == 'error': wrong.append(f'{page}, cell {number}: a stored error')
            if bad.search(text): wrong.append(f'{page}, cell {number}: {bad.search(text)[0]!r} in the output')


def directives(source):
    "The lines `#| ...` that a cell starts with."
    return [line[2:].strip() for line in source.splitlines() if line.startswith('#|')]


def unsaid(cell):
    "The pictures in the results of a cell that say nothing to who can't see them."
    options = {name.strip(): text.strip() for name, colon, text in (line.partition(':') for line in directives(cell['source'])) if colon}
    for output in cell.get('outputs', []):
        if any(kind.startswith('image/') for kind in output.get('data', {})):
            for option in ('fig-alt', 'fig-cap'):
                if len(options.get(option, '').strip('"')) < 10: yield f'a picture without {option}'
        page = ''.join(output.get('data', {}).get('text/html', ''))
        yield from ('an <img> without alt' for tag in re.findall(r'<img[^>]*>', page) if not re.search(r'alt="[^"]+"', tag))
        yield from ('an <svg> without aria-label' for tag in re.findall(r'<svg[^>]*>', page) if 'aria-label=' not in tag)


def unseen(cells):
    "The public definitions of a page that no visible cell uses."
    codes = [cell['source'] for cell in cells if cell['cell_type'] == 'code']
    public = [source for source in codes if 'export' in directives(source)]
    visible = '\n'.join(source for source in codes if not {'export', 'exporti', 'hide'} & set(directives(source)))
    names = [node.name for source in public for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return [name for name in names if not name.startswith('_') and not re.search(rf'\b{name}\b', visible)]


for page in sorted(pages):
    cells = json.loads((root/'nbs'/page).read_text(encoding='utf-8'))['cells']
    for cell in cells: cell['source'] = ''.join(cell['source'])
    wrong += [f'{page}, cell {number}: {what}' for number, cell in enumerate(cells) for what in unsaid(cell)]
    wrong += [f'{page}: {name} is public and used in no visible cell' for name in unseen(cells)]


def headings(page):
    "The anchors of a page, as Quarto makes them of headings."
    texts = (''.join(cell['source']) for cell in json.loads((root/'nbs'/page).read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'markdown')
    return {re.sub(r'[^\w\- ]', '', line.lstrip('# ')).strip().lower().replace(' ', '-') for text in texts for line in text.splitlines() if line.startswith('#')}


for page in sorted(pages):
    for cell in json.loads((root/'nbs'/page).read_text(encoding='utf-8'))['cells']:
        if cell['cell_type'] != 'markdown': continue
        if re.search(r'!\[\s*\]\(', ''.join(cell['source'])): wrong.append(f'{page}: a picture without alternative text')
        for link in re.findall(r'\]\(([^)\s]+)\)', ''.join(cell['source'])):
            if re.match(r'[a-z]+:', link): continue
            file, _, anchor = link.partition('#')
            target = str((root/'nbs'/page).parent.joinpath(file).resolve().relative_to(root/'nbs')) if file else page
            if not (root/'nbs'/target).is_file(): wrong.append(f'{page}: a link to {link}, which does not exist')
            elif anchor and anchor not in headings(target): wrong.append(f'{page}: a link to {link}, but {target} has no such heading')


def made_pages():
    "The pages as Quarto gets them after nbdev's docs stage: name of the HTML file, text, anchors. Empty when that stage has not been run."
    for file in sorted((root/'_proc').rglob('*.ipynb')):
        cells = json.loads(file.read_text(encoding='utf-8'))['cells']
        outputs = [''.join(output.get('data', {}).get('text/markdown', '')) for cell in cells for output in cell.get('outputs', [])]
        text = '\n'.join([''.join(cell['source']) for cell in cells if cell['cell_type'] != 'code'] + outputs)
        name = found[1] if (found := re.search(r'^output-file: (\S+)', text, re.M)) else f'{file.stem}.html'
        anchors = {re.sub(r'[^\w\-. ]', '', line.lstrip('# ')).strip().lower().replace(' ', '-') for line in text.splitlines() if line.startswith('#')}
        yield file.relative_to(root/'_proc').parent.joinpath(name).as_posix(), text, anchors


made = {name: (text, anchors) for name, text, anchors in made_pages()}
settings = configparser.ConfigParser(delimiters=['='])
settings.read(root/'settings.ini', encoding='utf-8')
site_url = settings['DEFAULT']['doc_host'] + settings['DEFAULT']['doc_baseurl'] + '/'
for name, (text, _) in made.items():
    for page, anchor in set(re.findall(re.escape(site_url) + r'([\w/.-]+\.html)(?:#([\w.-]+))?', text)):
        if page not in made: wrong.append(f'_proc, {name}: a documentation link to {page}, which no notebook makes')
        elif anchor and anchor not in made[page][1]: wrong.append(f'_proc, {name}: a documentation link to {page}#{anchor}, which is not on that page')


def listed(node):
    "All pages named anywhere in the sidebar."
    if isinstance(node, str): return {node}
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return set().union(*map(listed, parts))


site = yaml.safe_load((root/'_quarto.yml').read_text(encoding='utf-8'))
schema = json.loads((root/'.ci'/'quarto.schema.json').read_text(encoding='utf-8'))
wrong += [f"_quarto.yml, {'.'.join(map(str, fault.path))}: {fault.message}" for fault in Draft202012Validator(schema).iter_errors(site)]
shown = {p for p in listed(site['website']) if p.endswith('.ipynb')}
wrong += [f'{p}: twice in the sidebar' for p in sorted(shown) if json.dumps(site['website']['sidebar']).count(f'"{p}"') > 1]
wrong += [f'{p}: not in the sidebar of _quarto.yml' for p in sorted(pages - shown)] + [f'_quarto.yml names {p}, which does not exist' for p in sorted(shown - pages)]
print('\n'.join(wrong) or f'{len(pages)} pages checked')
sys.exit(bool(wrong))
