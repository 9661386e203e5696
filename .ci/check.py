"What no stored notebook may have: machine paths, progress bars, widget ids, errors; every page is in the sidebar, and every link of a page leads somewhere."
import json, re, sys
from pathlib import Path

import yaml

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


def headings(page):
    "The anchors of a page, as Quarto makes them of headings."
    texts = (''.join(cell['source']) for cell in json.loads((root/'nbs'/page).read_text(encoding='utf-8'))['cells'] if cell['cell_type'] == 'markdown')
    return {re.sub(r'[^\w\- ]', '', line.lstrip('# ')).strip().lower().replace(' ', '-') for text in texts for line in text.splitlines() if line.startswith('#')}


for page in sorted(pages):
    for cell in json.loads((root/'nbs'/page).read_text(encoding='utf-8'))['cells']:
        if cell['cell_type'] != 'markdown': continue
        for link in re.findall(r'\]\(([^)\s]+)\)', ''.join(cell['source'])):
            if re.match(r'[a-z]+:', link): continue
            file, _, anchor = link.partition('#')
            target = str((root/'nbs'/page).parent.joinpath(file).resolve().relative_to(root/'nbs')) if file else page
            if not (root/'nbs'/target).is_file(): wrong.append(f'{page}: a link to {link}, which does not exist')
            elif anchor and anchor not in headings(target): wrong.append(f'{page}: a link to {link}, but {target} has no such heading')


def listed(node):
    "All pages named anywhere in the sidebar."
    if isinstance(node, str): return {node}
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return set().union(*map(listed, parts))


shown = {p for p in listed(yaml.safe_load((root/'_quarto.yml').read_text())['website']['sidebar']) if p.endswith('.ipynb')}
wrong += [f'{p}: not in the sidebar of _quarto.yml' for p in sorted(pages - shown)] + [f'_quarto.yml names {p}, which does not exist' for p in sorted(shown - pages)]
print('\n'.join(wrong) or f'{len(pages)} pages checked')
sys.exit(bool(wrong))
