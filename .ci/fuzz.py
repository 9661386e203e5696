"""Fuzz the readers of strangers' files, guided by coverage (atheris).

    python .ci/fuzz.py options --seconds 600 [--corpus FOLDER] [--findings FOLDER]     # or tables, images, artifacts

Every input has to give a result of the right kind, or a `UserError` of at most two plain lines, within --slow seconds and --memory
megabytes. Anything else is a finding: its input and its traceback are kept in --findings, and the exit code is 1.
--input FILE runs one input of a finding again.
"""
import argparse, base64, hashlib, io, json, os, re, resource, subprocess, sys, tempfile, time, traceback
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ |= {'OMP_NUM_THREADS': '1', 'WANDB_MODE': 'disabled'}
LONGEST = {'options': 2048, 'tables': 8192, 'images': 16384, 'artifacts': 16384} # bytes of an input


class Options:
    "A YAML file, words of the command line, or a mapping -> a config that reads back as it was written."
    modules = ['imgcls', 'yaml']

    def __init__(self, folder):
        from imgcls.config import TrainConfig, load_config, option_specs, to_dict, to_yaml
        self.file, self.kind, self.load, self.to_dict, self.to_yaml, self.specs = folder/'config.yaml', TrainConfig, load_config, to_dict, to_yaml, option_specs()
        self.seen = set()

    def seeds(self):
        whole, words = self.to_yaml(self.load({})), ['--epochs', '3', '--model.model_name=resnet18', '--use_ema', '--devices', '0,1', '--model.model_kwargs.width', '64']
        some = ['epochs: 3\nmodel:\n  model_name: x\n  model_kwargs: {a: [1, 2.5, null, yes]}\n', 'a: &a [1]\nb: *a\n', '<<: {epochs: 2}\n', 'exp_name: 2001-01-01\n',
                'data: {background: [0, 0, 0]}', 'epochs: !!int "3"', 'loss: {loss_kwargs: {w: 0x1F, s: 1:30, i: .inf}}', '? [a]\n: b', '"\\u202e": |\n  x\n']
        yield from (b'\0' + text.encode() for text in [whole, *some])
        yield b'\1' + '\0'.join(words).encode()
        yield b'\2' + json.dumps({'epochs': 3, 'model': {'model_name': 'x', 'model_kwargs': {'a': 1}}, 'data.valid_fraction': 0.1}).encode()

    def words(self): return [*self.specs, *(f'--{k}' for k in self.specs), *'&a *a <<: !!str !!int !!binary true null [ ] { } 1e9 0x .inf .nan auto'.split()]

    def run(self, data):
        text = data[1:].decode('utf-8', 'surrogateescape')
        if data[0] % 3 == 0:
            self.file.write_bytes(data[1:])
            config = self.load(self.file)
        elif data[0] % 3 == 1: config = self.load({}, text.split('\0'))
        else:
            try: mapping = json.loads(text)
            except (ValueError, RecursionError): return
            if not isinstance(mapping, dict): return
            config = self.load(mapping)
        assert isinstance(config, self.kind)
        if (said := repr(self.to_dict(config))) in self.seen: return # writing and reading is slow
        self.seen.add(said)
        self.file.write_text(self.to_yaml(config), encoding='utf-8')
        assert repr(self.to_dict(self.load(self.file))) == said, 'reads back differently'


class Tables:
    "CSV, TSV or Parquet -> a sample table that reads back as it was written."
    modules = ['imgcls', 'csv']

    def __init__(self, folder):
        from imgcls.samples import SPLITS, SampleTable, read_samples
        self.folder, self.kind, self.splits, self.read = folder, SampleTable, SPLITS, read_samples
        for name in 'abcdef': (folder/f'{name}.png').write_bytes(b'image')

    def seeds(self):
        rows = ['path,label,split', 'a.png,cat,train', 'b.png,dog,train', 'c.png,cat,valid', 'd.png,dog,test']
        for kind, sep in ((b'\0', ','), (b'\1', '\t')):
            for lines in (rows, rows[:4], [*rows, './a.png,cat,train'], [r.replace('cat', '"c ""a""\nt"') for r in rows], ['\ufeff' + r for r in rows[:3]], [r.rpartition(',')[0] for r in rows]):
                yield kind + '\n'.join(lines).replace(',', sep).encode()
        import pyarrow, pyarrow.parquet
        columns = {'path': ['a.png', 'b.png', 'c.png', 'd.png'], 'label': ['cat', 'dog', 'cat', 'dog']}
        for table in (columns, {**columns, 'label': [0, 1, 0, 1]}, {**columns, 'split': ['train', 'train', 'valid', 'test']}):
            for compression in ('none', 'snappy'):
                file = io.BytesIO()
                pyarrow.parquet.write_table(pyarrow.table(table), file, compression=compression)
                yield b'\2' + file.getvalue()

    def words(self): return ['path', 'label', 'split', 'a.png', 'b.png', 'cat', 'dog', 'train', 'valid', 'test', '../', '\\"', ',', 'PAR1']

    def run(self, data):
        file = self.folder/('table' + ('.csv', '.tsv', '.parquet')[data[0] % 3])
        file.write_bytes(data[1:])
        table = self.read(file)
        assert isinstance(table, self.kind) and len(table.paths) == len(table.labels) == len(table.splits) > 0
        assert all(0 <= label < len(table.classes) for label in table.labels) and set(table.splits) <= set(self.splits)
        table.summary(), table.fingerprint()
        table.to_csv(self.folder/'again.csv')
        again = self.read(self.folder/'again.csv')
        rows = lambda t: sorted((os.path.abspath(t.path(r)), t.classes[t.labels[r]], t.splits[r]) for r in range(len(t)))
        assert rows(again) == rows(table), 'reads back differently'


class Images:
    "Bytes -> RGB."
    modules = ['imgcls', 'PIL']
    limit = 2**21 # pixels

    def __init__(self, folder):
        from imgcls.images import decode, image_size
        self.decode, self.size, self.folder = decode, image_size, folder

    def seeds(self):
        from PIL import Image
        import numpy as np
        pixels = np.random.default_rng(0).integers(0, 256, (13, 11, 4), dtype=np.uint8)
        whole = Image.fromarray(pixels)
        kinds = {'RGB': 'jpeg png gif bmp tiff webp avif jpeg2000 ppm tga ico', 'RGBA': 'png tiff webp avif tga ico jpeg2000', 'L': 'jpeg png gif bmp tiff ppm tga', 'P': 'png gif bmp tiff tga',
                 '1': 'png bmp tiff ppm', 'CMYK': 'jpeg tiff', 'LA': 'png tga', 'I;16': 'png tiff ppm', 'F': 'tiff'}
        options = {'jpeg': [{}, {'progressive': True}, {'exif': b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'}], 'gif': [{}, {'save_all': True, 'append_images': [whole]}],
                   'tiff': [{}, *({'compression': c} for c in ('tiff_lzw', 'tiff_deflate', 'packbits'))], 'png': [{}, {'save_all': True, 'append_images': [whole]}], 'tga': [{}, {'compression': 'tga_rle'}],
                   'webp': [{}, {'lossless': True}]}
        for mode, formats in kinds.items():
            image = Image.fromarray(pixels[:, :, 0].astype(np.uint16)) if mode == 'I;16' else whole.convert('RGB').convert(mode) if mode != 'RGBA' else whole
            for name in formats.split():
                for how in options.get(name, [{}]):
                    file = io.BytesIO()
                    try: image.save(file, name, **how)
                    except (OSError, ValueError): continue # not in this build of Pillow, or not this compression of this mode
                    yield file.getvalue()
        for file in sorted((Path(os.environ.get('IMGCLS_TEST_DATA', 'none'))/'nasty_dev'/'images').rglob('*')):
            if file.is_file() and 0 < file.stat().st_size <= LONGEST['images']: yield file.read_bytes()

    def words(self): return ['IHDR', 'IDAT', 'acTL', 'fcTL', 'eXIf', 'zTXt', 'iCCP', 'VP8X', 'ftypavif', 'jP  ', 'GIF89a', '\\xff\\xda', '\\xff\\xc2', 'II*\\x00']

    def run(self, data):
        try: self.size(io.BytesIO(data))
        except ValueError as error: raise AssertionError(f'{type(error).__name__} from image_size') from error
        finally: image = self.decode(data, max_pixels=self.limit)
        assert image.mode == 'RGB' and 0 < image.width * image.height <= self.limit
        assert len(image.tobytes()) == 3 * image.width * image.height


class Artifacts:
    "A checkpoint, a safetensors or an ONNX file, or a card in a file with a whole seal -> a predictor that answers."
    modules = ['imgcls']

    def __init__(self, folder):
        import numpy, torch
        from safetensors.torch import save
        from imgcls.artifact import seal
        from imgcls.models import create_network
        from imgcls.predict import Predictor, load
        from imgcls.registry import networks
        from imgcls.transforms import eval_transform
        self.folder, self.kind, self.load, self.seal, self.save, self.torch = folder, Predictor, load, seal, save, torch
        create_network('resnet18', 2), networks.list() # their libraries take seconds to import, once
        self.image = numpy.zeros((9, 8, 3), numpy.uint8)
        self.state = {k: t.clone() for k, t in create_network('test_network', 2, width=1).state_dict().items()}
        self.card = {'layout': 2, 'classes': ['cat', 'dog'], 'transform': eval_transform(8), 'weights': 'raw', 'temperature': {'raw': 1.0},
                     'network': {'name': 'test_network', 'source': '', 'arguments': dict(num_classes=2, in_channels=3, image_size=8, width=1)},
                     'options': {}, 'scores': {}, 'fingerprint': '', 'versions': {}}

    def seeds(self):
        held = self.card | {'temperature': {'raw': 1.0}}
        weights = {f'network.{k}': t for k, t in self.state.items()}
        file = io.BytesIO()
        self.torch.save({'state_dict': weights, 'ema': None, 'imgcls': held | {'seal': self.seal(held, weights)}}, file)
        yield b'\0' + file.getvalue()
        yield b'\1' + self.sealed(self.card)
        text = json.dumps(self.card)
        for card in (self.card, {**self.card, 'classes': []}, {**self.card, 'temperature': {'raw': 0}}): yield b'\3' + json.dumps(card).encode()
        for old, new in (('"size": 8', '"size": 1e9'), ('"raw"', '"ema"'), ('test_network', 'resnet18'), ('"width": 1', '"width": 100000000'), ('null', '[]')): yield b'\3' + text.replace(old, new).encode()
        from onnx import TensorProto, helper
        nodes = [helper.make_node('GlobalAveragePool', ['image'], ['mean']), helper.make_node('Flatten', ['mean'], ['logits'])]
        made = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (('image', ['B', 3, 8, 8]), ('logits', ['B', 3]))]
        model = helper.make_model(helper.make_graph(nodes, 'g', made[:1], made[1:]), opset_imports=[helper.make_opsetid('', 18)], ir_version=10)
        helper.set_model_props(model, {'imgcls': json.dumps(self.card | {'classes': ['cat', 'dog', 'cow']})})
        yield b'\2' + model.SerializeToString()
        self.model = model

    def words(self): return [*self.card, *self.card['transform'], 'num_classes', 'in_channels', 'width', 'test_network', 'imgcls', '1e999', '[[[[', 'data.pkl']

    def sealed(self, card):
        try: card = card | {'seal': self.seal(card, self.state)}
        except Exception: pass # without one
        return self.save(self.state, {'imgcls': json.dumps(card)})

    def run(self, data):
        kind, data = data[0] % 4, data[1:]
        if kind == 3:
            try: card = json.loads(data)
            except (ValueError, RecursionError): return
            if not isinstance(card, dict): return
            data = self.sealed(card)
        file = self.folder/('artifact' + ('.ckpt', '.safetensors', '.onnx', '.safetensors')[kind])
        file.write_bytes(data)
        predictor = self.load(file)
        assert isinstance(predictor, self.kind)
        repr(predictor), predictor.predict(self.image)._repr_html_()


TARGETS = {'options': Options, 'tables': Tables, 'images': Images, 'artifacts': Artifacts}


class Watch:
    "Runs inputs, and keeps those that break the contract, one for each place."
    def __init__(self, target, name, said):
        from imgcls.errors import UserError
        self.target, self.name, self.said, self.mistake, self.found = target, name, said, UserError, set()

    def __call__(self, data):
        if not data: return
        begun, high = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try: self.target.run(data)
        except self.mistake as error:
            lines = str(error).split('\n')
            if len(lines) > 2 or not all(lines): self.keep(data, 'lines', f'{len(lines)} lines: {str(error)[:1000]!r}')
            elif any(not c.isprintable() and c not in '\n\xa0\u3000\u200c\u200d' for c in str(error)): self.keep(data, 'characters', repr(str(error)[:1000]))
            elif len(str(error)) > 3000: self.keep(data, 'long', repr(str(error)[:1000]))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)
            place = next((f for f in reversed(last) if '/imgcls/' in f.filename), last[-1])
            self.keep(data, f'{type(error).__name__} {Path(place.filename).name}:{place.lineno}', ''.join(traceback.format_exception(error)))
        seconds, more = time.perf_counter() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - high) / 1024
        if seconds > self.said.slow: self.keep(data, 'slow', f'{seconds:.1f} s')
        if more > self.said.memory: self.keep(data, 'memory', f'{more:.0f} MB')

    def keep(self, data, what, text):
        if what in self.found: return
        self.found.add(what)
        file = self.said.findings/f'{self.name}-{hashlib.sha1(what.encode()).hexdigest()[:8]}'
        file.with_suffix('.input').write_bytes(data)
        file.with_suffix('.txt').write_text(f'{what}\n\n{text}\n', encoding='utf-8', errors='backslashreplace')


def fuzz(said, folder):
    "The process that libFuzzer runs in; it ends it."
    import atheris
    kind = TARGETS[said.target]
    with atheris.instrument_imports(include=kind.modules): target = kind(folder)
    seeds, words = folder/'seeds', folder/'words'
    seeds.mkdir()
    for data in target.seeds(): (seeds/hashlib.sha1(data).hexdigest()).write_bytes(data)
    words.write_text(''.join(f'"{word}"\n' for word in target.words()))
    said.corpus.mkdir(parents=True, exist_ok=True)
    atheris.Setup([sys.argv[0], f'-max_total_time={said.seconds}', f'-max_len={LONGEST[said.target]}', f'-dict={words}', f'-timeout={10 * said.slow:.0f}', '-rss_limit_mb=8192', f'-seed={said.seed}',
                   f'-artifact_prefix={said.findings}/{said.target}-', '-print_final_stats=1', str(said.corpus), str(seeds)], Watch(target, said.target, said))
    atheris.Fuzz()


def once(said, folder):
    "Run one input and say what came of it."
    from imgcls.errors import UserError
    begun = time.perf_counter()
    try: TARGETS[said.target](folder).run(said.input.read_bytes())
    except UserError as error: print(f'refused: {error}')
    else: print('read')
    print(f'{time.perf_counter() - begun:.1f} s, at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('target', choices=TARGETS)
    parser.add_argument('--seconds', type=int, default=600)
    parser.add_argument('--corpus', type=Path, help='inputs that reached something new, kept from run to run')
    parser.add_argument('--findings', type=Path, default=Path('fuzz_findings'))
    parser.add_argument('--seed', type=int, default=0, help='of the changes made to inputs; 0 takes another one each time')
    parser.add_argument('--slow', type=float, default=5, help='seconds that an input may take')
    parser.add_argument('--memory', type=int, default=1024, help='megabytes that an input may add to the most ever held')
    parser.add_argument('--input', type=Path, help='run this input alone, without atheris')
    parser.add_argument('--inside', type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.inside: return fuzz(said, said.inside)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        if said.input: return once(said, folder)
        if find_spec('atheris') is None: print(f'{said.target}: not fuzzed, there is no atheris for this Python and platform'); return
        said.findings.mkdir(parents=True, exist_ok=True)
        before, work = set(said.findings.iterdir()), folder/'work'
        work.mkdir()
        passed = [f'--{k}={v}' for k, v in (('seconds', said.seconds), ('seed', said.seed), ('findings', said.findings), ('slow', said.slow), ('memory', said.memory), ('corpus', said.corpus or folder/'corpus'))]
        done = subprocess.run([sys.executable, __file__, said.target, *passed, f'--inside={work}'], capture_output=True, text=True, errors='replace')
        reached = re.findall(r'cov: (\d+)', done.stderr)
        runs = re.findall(r'stat::number_of_executed_units:\s*(\d+)|^#(\d+)', done.stderr, re.M)
        found = sorted(set(said.findings.iterdir()) - before)
        print(f"{said.target}: {said.seconds} s, {(runs[-1][0] or runs[-1][1]) if runs else 0} executions, {reached[-1] if reached else 0} edges covered, "
              f"{len({f.with_suffix('') for f in found})} findings")
        for file in found:
            print(f'  {file}', file.read_text()[:3000] if file.suffix == '.txt' else base64.b64encode(file.read_bytes()[:3000]).decode(), sep='\n')
        if done.returncode and not any(f.suffix == '' for f in found) or not reached: print(done.stderr[-3000:])
        return 1 if found or done.returncode else 0


if __name__ == '__main__': sys.exit(main())
