"""Run a notebook and store its outputs, leaving flagged cells (slow, gpu, net) and their stored outputs alone.

    python .ci/execute.py nbs/00_config.ipynb [slow ...]     # named flags are run too
"""
import os, sys
from pathlib import Path

from execnb.nbio import read_nb, write_nb
from execnb.shell import CaptureShell

FLAGS = {'slow', 'gpu', 'net', 'notest'}


def skipped(cell, run_flags):
    "Whether `cell` carries a flag that was not asked for, or is not to be run at all."
    if cell.cell_type != 'code': return True
    words = {w for line in cell.source.splitlines() if line.startswith('#|') for w in line[2:].split()}
    return 'false' in words and 'eval:' in words or bool((words & FLAGS) - run_flags) or 'nbdev_export(' in cell.source


def main(path, *flags):
    path = Path(path).resolve()
    os.environ['IN_TEST'] = '1'
    os.chdir(path.parent)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    nb, shell = read_nb(path), CaptureShell(mpl_format='png', history=False)
    for cell in nb.cells:
        if skipped(cell, set(flags)): continue
        cell.outputs = [] # else those of an earlier run stay where this one prints nothing
        shell.cell(cell)
        if shell.exc:
            print(f'--- failing cell of {path.name}:\n{cell.source}\n---', file=sys.stderr)
            print(shell.prettytb(path), file=sys.stderr)
            return 1
    write_nb(nb, path)
    return 0


if __name__ == '__main__': sys.exit(main(*sys.argv[1:]))
