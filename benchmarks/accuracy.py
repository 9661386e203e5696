"""CIFAR-10 accuracy within a number of minutes on this machine, from the start of the process to its end, on folders of image files.

    python accuracy.py imgcls timm fastai --minutes 2 5 10 --seeds 0
    python accuracy.py timm --minutes 5 --epochs 3

Each gets the network and the settings that a user of it would take for images of 32 pixels and so little time, and as many epochs as fit.
timm: resnet18 of half width on 64 pixels (its stem divides by four), bf16, channels_last, mild crops, one evaluation. fastai: its xresnet18 of
half width without the first pooling, fit_one_cycle, in fp32 since its bf16 asks for CUDA. imgcls: --preset cifar_fast.
BENCH_DATA, BENCH_OUT and BENCH_TIMM as for the other benchmarks; IMGCLS_BIN names the folder of the scripts. Needs timm and fastai."""
import argparse, csv, json, os, subprocess, sys, tempfile, time
from pathlib import Path

HERE, OUT = Path(__file__).resolve().parent, Path(os.environ.get('BENCH_OUT', 'out'))
IMAGES = Path(os.environ['BENCH_DATA'])/'cifar10'
SCRIPTS = Path(os.environ.get('IMGCLS_BIN', Path(sys.executable).parent))
EPOCHS = {'imgcls': {2: 2, 5: 6, 10: 13}, 'timm': {2: 1, 5: 4, 10: 8}, 'fastai': {2: 1, 5: 2, 10: 4}} # by minutes; what fits on the machine AMX of the stored results, another one needs --epochs


def timm(epochs, seed, out): # argv
    of_cifar = '--mean .4914 .4822 .4465 --std .2470 .2435 .2616'
    options = f"""--train-split train --val-split val --model resnet18 --model-kwargs channels=(32,64,128,256) --num-classes 10 --input-size 3 64 64 -b 128 --amp --amp-dtype bfloat16
        --channels-last --opt adamw --lr 2e-3 --weight-decay .05 --sched cosine --sched-on-updates --warmup-epochs 0 --scale .6 1 --ratio .9 1.1 --color-jitter 0 --train-interpolation bilinear
        --interpolation bilinear --crop-pct 1 {of_cifar} --device cpu --workers 2 --log-interval 100 --checkpoint-hist 1 --experiment acc"""
    return [sys.executable, Path(os.environ['BENCH_TIMM'])/'train.py', '--data-dir', IMAGES, *options.split(), '--epochs', epochs, '--val-interval', epochs, '--seed', seed, '--output', out]


def fastai(epochs, seed, out): return [sys.executable, HERE/'fastai_cifar.py', IMAGES, epochs, seed, Path(out)/'fastai.json']


def imgcls(epochs, seed, out):
    return [SCRIPTS/'imgcls_train', '--data_path', IMAGES, '--preset', 'cifar_fast', '--epochs', epochs, '--val_check', max(epochs, 2), '--seed', seed, '--save_wandb', 'false', '--output_dir', out]


PROGRAMS = {'imgcls': imgcls, 'timm': timm, 'fastai': fastai}


def scored(who, out) -> float: # top-1 on the test images, of the last evaluation
    if who == 'timm': return [float(row['eval_top1']) / 100 for row in csv.DictReader(open(next(Path(out).rglob('summary.csv')))) if row['eval_top1']][-1]
    if who == 'fastai': return json.loads((Path(out)/'fastai.json').read_text())['top1']
    return [float(row['valid_top1']) for row in csv.DictReader(open(next(Path(out).rglob('metrics.csv')))) if row['valid_top1']][-1]


def run(who, minutes, seed, epochs) -> dict:
    with tempfile.TemporaryDirectory() as out:
        begin = time.perf_counter()
        done = subprocess.run(list(map(str, PROGRAMS[who](epochs, seed, out))), cwd=out, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        seconds = time.perf_counter() - begin
        if done.returncode: sys.exit(f'{who}: {done.stdout[-2000:]}')
        return {'who': who, 'minutes': minutes, 'seed': seed, 'epochs': epochs, 'top1': scored(who, out), 'seconds': round(seconds, 1)}


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('who', nargs='+', choices=list(PROGRAMS)); parser.add_argument('--minutes', nargs='+', type=int, default=[2, 5, 10]); parser.add_argument('--seeds', nargs='+', type=int, default=[0])
    parser.add_argument('--epochs', type=int, help='instead of those that fit on the machine of the stored results')
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for seed in asked.seeds:
        for minutes in asked.minutes:
            for who in asked.who:
                print(row := json.dumps(run(who, minutes, seed, asked.epochs or EPOCHS[who][minutes])), flush=True)
                with open(OUT/'accuracy.jsonl', 'a') as file: file.write(row + '\n')
