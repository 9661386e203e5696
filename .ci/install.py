"""The wheel and the sdist as users get them: with each Python from 3.10 to 3.13 that is here, an environment of its own, an install, a look, a short training and an answer.

    python -m build && python .ci/install.py dist/ [--python python3.12 ...]

Each environment takes 6 GiB while it is tried; they are made one after another. A Python that is missing is said, and is no failure."""
import argparse, os, shutil, subprocess, sys, tempfile
from pathlib import Path

VERSIONS = ('3.10', '3.11', '3.12', '3.13')


def found(version: str) -> str | None:
    "The path of a Python, from PATH or from pyenv."
    candidates = [shutil.which(f'python{version}'), *map(str, sorted(Path(os.environ.get('PYENV_ROOT', Path.home()/'.pyenv'), 'versions').glob(f'{version}.*/bin/python'), reverse=True))]
    return next((python for python in candidates if python and run([python, '-c', f"import sys; assert '%d.%d' % sys.version_info[:2] == '{version}'"], check=False).returncode == 0), None)


def run(words, check=True, **kwargs):
    "Run, and show what was printed when it fails."
    kwargs = {'env': {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'VIRTUAL_ENV'))} | {'PIP_NO_CACHE_DIR': '1', 'WANDB_MODE': 'disabled'}} | kwargs
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if check and done.returncode: sys.exit(f"{' '.join(map(str, words))}\n{done.stdout[-4000:]}")
    return done


def works(environment: Path, folder: Path):
    "The commands of the README."
    tool = lambda name: environment/'bin'/name
    run([tool('python'), '-W', 'error', '-c', 'import imgcls; imgcls.__version__'], cwd=folder)
    run([tool('imgcls_doctor')], cwd=folder)
    run([tool('imgcls_train'), '--epochs', '1', '--exp_name', 'installed'], cwd=folder)
    trained = next(folder.glob('experiments/*/installed*'))
    digits = run([tool('python'), '-c', 'from imgcls.samples import demo_digits; print(demo_digits())'], cwd=folder).stdout.strip()
    run([tool('imgcls_export'), trained, 'digits.onnx'], cwd=folder)
    answers = run([tool('imgcls_predict'), '--model', 'digits.onnx', Path(digits)/'3'], cwd=folder).stdout
    assert answers.count('.png') > 100, answers
    assert 'py.typed' in run([tool('python'), '-c', "import importlib.resources as r; print(*[f.name for f in r.files('imgcls').iterdir()])"], cwd=folder).stdout
    shutil.rmtree(folder/'experiments')


def tried(python: str, wheel: Path, sdist: Path):
    "The wheel with its extras, then the sdist in its place."
    with tempfile.TemporaryDirectory() as place:
        environment, folder = Path(place, 'environment'), Path(place, 'empty')
        folder.mkdir()
        run([python, '-m', 'venv', environment])
        pip = [environment/'bin'/'python', '-m', 'pip', '--disable-pip-version-check', 'install', '--quiet']
        run([*pip, f'{wheel}[timm,parquet,serve]'])
        run([environment/'bin'/'python', '-m', 'pip', 'check'])
        works(environment, folder)
        run([environment/'bin'/'imgcls_train', '--epochs', '1', '--model.model_name', 'timm/test_resnet', '--exp_name', 'timm'], cwd=folder)
        run([*pip, '--force-reinstall', '--no-deps', sdist])
        works(environment, folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('dist', type=Path)
    parser.add_argument('--python', nargs='*', help='paths or names; without it 3.10 to 3.13')
    options = parser.parse_args()
    wheel, sdist = (sorted(options.dist.resolve().glob(pattern))[-1] for pattern in ('*.whl', '*.tar.gz'))
    for version in options.python or VERSIONS:
        python = found(version) if version in VERSIONS else version
        if python is None: print(f'Python {version}: not here, not tried'); continue
        tried(python, wheel, sdist)
        print(f"{run([python, '--version']).stdout.strip()}: {wheel.name} and {sdist.name} install, train and answer", flush=True)


if __name__ == '__main__': main()
