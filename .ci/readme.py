"Write README.md, README.zh-CN.md and CONTRIBUTING.md from their notebooks: prose, code, and what the code printed and drew."
import base64, os, re
from pathlib import Path

from execnb.nbio import read_nb

root = Path(__file__).resolve().parent.parent
PAGES = {'README.md': 'index.ipynb', 'README.zh-CN.md': 'zh/index.ipynb', 'CONTRIBUTING.md': 'contributing.ipynb'}
MOST_LINES = 17 # of a result; the page shows all of it
WRITTEN = {f'nbs/{page}': name for name, page in PAGES.items()} # links to these pages lead to the files made of them


def elsewhere(page: str, link: str) -> str:
    "A link of a page, as it reads from the top of the repository."
    if re.match(r'[a-z]+:|#', link): return link
    file, mark, anchor = link.partition('#')
    path = os.path.normpath(Path('nbs', page).parent/file).replace(os.sep, '/')
    return WRITTEN.get(path, path) + mark + anchor


def picture(data: str, page: str, number: int, alt: str) -> str:
    "A drawing as a file beside the notebooks, which the English and the Chinese page share."
    name = f"{Path(page).stem}_{number}.png"
    (root/'nbs'/'images'/name).write_bytes(base64.b64decode(data))
    return f'![{alt}](nbs/images/{name})'


def shown(cell, page: str):
    "What a code cell printed and drew."
    alt = next((line.partition(':')[2].strip().strip('"') for line in cell.source.splitlines() if line.startswith('#| fig-alt')), '')
    for output in cell.outputs:
        data = output.get('data', {})
        if 'image/png' in data: yield picture(''.join(data['image/png']), page, cell.idx_, alt)
        elif (text := ''.join(output.get('text') or data.get('text/plain', ''))).strip():
            lines = text.rstrip().splitlines()
            yield '\n'.join('    ' + line for line in (lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], '...']))


def written(page: str):
    "The parts of a page."
    for cell in read_nb(root/'nbs'/page).cells:
        lines = cell.source.splitlines()
        if any(line.startswith('#|') and 'hide' in line.split() for line in lines): continue
        text = '\n'.join(line for line in lines if not line.startswith('#|')).strip()
        if cell.cell_type == 'markdown':
            text = re.sub(r'^- (skip_exec|lang): .*\n?', '', text, flags=re.M) # for nbdev and Quarto
            text = re.sub(r'\]\(([^)\s]+)\)', lambda found: f']({elsewhere(page, found[1])})', text)
            yield re.sub(r'^```\{mermaid\}\n(%%\|.*\n)*', '```mermaid\n', text, flags=re.M).strip()
        elif text:
            yield f'```python\n{text}\n```'
            yield from shown(cell, page)


for name, page in PAGES.items():
    header = f'<!-- Made from nbs/{page} by .ci/readme.py; edit that notebook. -->\n\n'
    (root/name).write_text(header + '\n\n'.join(written(page)) + '\n', encoding='utf-8')
