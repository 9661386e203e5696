"Write README.md from nbs/index.ipynb: prose, code and the text that the code printed."
import re
from pathlib import Path

from execnb.nbio import read_nb

root = Path(__file__).resolve().parent.parent
parts = []
for cell in read_nb(root/'nbs'/'index.ipynb').cells:
    lines = cell.source.splitlines()
    if any(line.startswith('#|') and 'hide' in line.split() for line in lines): continue
    text = '\n'.join(line for line in lines if not line.startswith('#|')).strip()
    if cell.cell_type == 'markdown': parts.append(text)
    elif cell.cell_type == 'code' and text:
        parts.append(f'```python\n{text}\n```')
        for output in cell.outputs:
            shown = ''.join(output.get('text') or output.get('data', {}).get('text/plain', ''))
            if shown.strip(): parts.append('\n'.join('    ' + line for line in shown.rstrip().splitlines()))
page = '\n\n'.join(parts) + '\n'
page = re.sub(r'\]\((?!https?:|#)([\w/]+\.ipynb)', r'](nbs/\1', page)
header = '<!-- Made from nbs/index.ipynb by .ci/readme.py; edit that notebook. -->\n\n'
(root/'README.md').write_text(header + page, encoding='utf-8')
