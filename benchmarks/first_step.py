"""Seconds from the start of a process to its first optimiser step, and to its first line: imgcls on its demo, torchvision's references on a folder.

    python first_step.py [--rounds 7]        BENCH_* and IMGCLS_BIN as for the other benchmarks; the scripts of shared/bench must be importable"""
import argparse, json, os, subprocess, sys, tempfile, time
from pathlib import Path
from bench_common import HERE, data, interleave, save

parser = argparse.ArgumentParser()
parser.add_argument('--rounds', type=int, default=7)
asked = parser.parse_args()
SCRIPTS = Path(os.environ.get('IMGCLS_BIN', Path(sys.executable).parent))
ENV = {k: v for k, v in os.environ.items() if k != 'PYTHONDONTWRITEBYTECODE'} | {'PYTHONPATH': str(HERE)}


def first_step(option, *argv): # option: of the folder for results; script and its arguments
    with tempfile.TemporaryDirectory() as out:
        begin = time.perf_counter() # one clock for all processes of a machine
        process = subprocess.Popen([sys.executable, HERE/'stepclock.py', f'{out}/clock.json', '--', *map(str, argv), option, out],
                                   cwd=out, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        process.stdout.read(); process.wait()
        return json.loads(Path(out, 'clock.json').read_text())['t'][0] - begin


def first_line():
    with tempfile.TemporaryDirectory() as out:
        begin = time.perf_counter()
        process = subprocess.Popen([SCRIPTS/'imgcls_train', '--epochs', '1', '--save_wandb', 'false', '--output_dir', out], cwd=out, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        process.stdout.readline()
        seconds = time.perf_counter() - begin
        process.stdout.read(); process.wait()
        return seconds


reference = [Path(os.environ['BENCH_TVREF'])/'train.py', '--data-path', data('imagenet_sample'), '--model', 'resnet18', '--device', 'cpu', '-b', 32, '--epochs', 1, '-j', 2, '--opt', 'adamw',
             '--lr', 1e-3, '--train-crop-size', 64, '--val-crop-size', 64, '--val-resize-size', 72]
found = interleave({'imgcls_train, first step': lambda: first_step('--output_dir', SCRIPTS/'imgcls_train', '--epochs', 1, '--save_wandb', 'false'),
                    'torchvision references, first step': lambda: first_step('--output-dir', *reference), 'imgcls_train, first line': first_line}, asked.rounds, tries=2)
save('first_step', {'seconds': found})
