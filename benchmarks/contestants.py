"imgcls as one more contestant of the peer benchmarks: name this file in BENCH_EXTRA."
import contextlib, functools, io, os, subprocess, sys, tempfile, time
from pathlib import Path

import numpy as np
from bench_common import contestant, data

SCRIPTS = Path(os.environ.get('IMGCLS_BIN', Path(sys.executable).parent))
CROPS = '[{op: random_resized_crop, scale: [0.08, 1.0]}, {op: hflip}]' # what the peers do to an image


def options(folder, size, batch):
    "What all of them train."
    return ['--data_path', str(folder), '--image_size', str(size), '--train_batch_size', str(batch), '--model.model_name', 'resnet18', '--learning_rate', '1e-3', '--save_wandb', 'false',
            '--augment.ops', CROPS]


def training(*more):
    "A whole program: `imgcls_train` with the options of the run."
    return lambda c: [SCRIPTS/'imgcls_train', *options(c.data, c.size, c.bs), '--epochs', c.epochs, '--output_dir', c.out, *more]


for name, more in {'out of the box': (), 'uncached': ('--data.cache', 'none'), 'fp32': ('--precision', 'fp32'),
                   'fp32, one evaluation': ('--precision', 'fp32', '--use_ema', 'false')}.items():
    contestant('e2e', f'imgcls, {name}')(training(*more))


@contestant('startup', 'imgcls_train --help')
def _(c): return [sys.executable, SCRIPTS/'imgcls_train', '--help']


@contestant('ema', 'imgcls EMA (whole state)')
def _(network):
    from imgcls.ema import EMA
    return EMA(network).update


@contestant('loop', 'imgcls, everything on (bar, CSV, EMA, schedule, finite check)')
def _(steps, new_network, batches):
    from imgcls import training
    from imgcls.config import load_config
    from imgcls.loading import BatchPlan, open_data
    from imgcls.module import ImageClassifier
    from imgcls.losses import create_loss

    class InMemory:
        "The batches of the benchmark as a loader gives them."
        def __init__(self): self.sampler = BatchPlan(32 * steps, 32, shuffle=True)
        def __len__(self): return steps
        def __iter__(self): return ({'image': x, 'label': y, 'index': y} for x, y in batches)

    class Clock(training.pl.Callback):
        def __init__(self): self.times = []
        def on_train_batch_end(self, *_): self.times.append(time.perf_counter())

    class Bar(io.StringIO):
        def isatty(self): return True # so that there is a progress bar, which nobody has to see

    def run():
        folder, clock = tempfile.mkdtemp(), Clock()
        config = load_config({'output_dir': folder, 'epochs': 1, 'save_wandb': False, 'precision': 'fp32', 'log_step': 50, 'gradient_clip_val': None, 'data': {'cache': 'none', 'manifest': 'off'}})
        data = open_data(config)
        valid = data.loader('valid')
        data.loader = lambda split, train=False, *_, **__: InMemory() if train else valid
        module = ImageClassifier(config, new_network(), create_loss('cross_entropy', 10, None), data.classes, data.transform)
        module.score = lambda loader: {'valid_loss': 0.0, 'valid_top1': 0.0, 'valid_top1_raw': 0.0}
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(Bar()), training.StopRequest() as stop, training.quiet_lightning():
            training.fit(training.Monitor(config, stop), data, module, [clock])
        return (clock.times[-1] - clock.times[19]) / (len(clock.times) - 20)
    return run


@functools.cache
def exported(precision):
    "A resnet18 for 224 pixels, trained for a moment on the benchmark's images and exported."
    from imgcls.export import export_onnx
    folder = Path(tempfile.mkdtemp())
    if precision == 'fp32':
        subprocess.run([SCRIPTS/'imgcls_train', '--data_path', data('imagenet_sample'), '--model.model_name', 'resnet18', '--image_size', '224', '--epochs', '1', '--train_batch_size', '32',
                        '--learning_rate', '1e-3', '--use_ema', 'false', '--save_wandb', 'false', '--output_dir', folder], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        return export_onnx(next(folder.glob('*/*')), folder/'fp32.onnx', tolerance=(0, 1, 1)).file
    trained = Path(exported('fp32')).parent
    return export_onnx(next(trained.glob('imgcls/*')), folder/f'{precision}.onnx', precision=precision, tolerance=(0, 1, 1)).file


for name in ('fp32', 'int8'):
    @contestant('infer', f'imgcls, {name}')
    def _(c, name=name):
        from imgcls.predict import load
        predictor = load(exported(name))
        return lambda images: np.pad(predictor.logits(images.transpose(0, 2, 3, 1)), ((0, 0), (0, 990))) # the benchmark compares 1000 columns

    @contestant('predict', f'imgcls, {name}')
    def _(c, name=name):
        from imgcls.predict import load
        predictor = load(exported(name))
        return lambda paths: predictor.predict_proba(paths).argmax(1)

    @contestant('first', f'imgcls_predict, {name}')
    def _(c, name=name): return [SCRIPTS/'imgcls_predict', exported(name), c.image]
