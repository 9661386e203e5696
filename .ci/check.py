"What no stored notebook may have: machine paths, progress bars, errors, execution counts; and every page is in the sidebar."
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
            if output['output_type'] == 'error': wrong.append(f'{page}, cell {number}: a stored error')
            if bad.search(text): wrong.append(f'{page}, cell {number}: {bad.search(text)[0]!r} in the output')


def listed(node):
    "All pages named anywhere in the sidebar."
    if isinstance(node, str): return {node}
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return set().union(*map(listed, parts))


shown = {p for p in listed(yaml.safe_load((root/'_quarto.yml').read_text())['website']['sidebar']) if p.endswith('.ipynb')}
wrong += [f'{p}: not in the sidebar of _quarto.yml' for p in sorted(pages - shown)] + [f'_quarto.yml names {p}, which does not exist' for p in sorted(shown - pages)]
print('\n'.join(wrong) or f'{len(pages)} pages checked')
sys.exit(bool(wrong))
