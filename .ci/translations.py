"""Give the Chinese pages the code and the results of the English ones. The words of a page are its own; the kinds of its cells have to be the same, in the same order.

    python .ci/translations.py"""
import json, sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent/'nbs'
MARKS = ('- skip_exec: true', '- lang: zh') # the English page is the test; Quarto's own words in Chinese
wrong = []
for page in sorted((root/'zh').glob('*.ipynb')):
    source = root/page.name if (root/page.name).exists() else root/'tutorials'/page.name
    ours, theirs = (json.loads(file.read_text(encoding='utf-8')) for file in (page, source))
    if [cell['cell_type'] for cell in ours['cells']] != [cell['cell_type'] for cell in theirs['cells']]:
        wrong.append(f'zh/{page.name} has other cells than {source.relative_to(root)}: translate what was added there')
        continue
    if not all(mark in ''.join(ours['cells'][0]['source']) for mark in MARKS): wrong.append(f'zh/{page.name}: its title needs the lines {MARKS}')
    ours['cells'] = [theirs['cells'][n] if cell['cell_type'] == 'code' else cell for n, cell in enumerate(ours['cells'])]
    page.write_text(json.dumps(ours, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
print('\n'.join(wrong) or 'the Chinese pages have the code of the English ones')
sys.exit(bool(wrong))
