"""Memory and time to open a million images for training, up to the order of the first epoch: as a CSV table, and as class folders.

    python million.py [--images 1000000] [--runs 5]        writes BENCH_OUT/million.json; one process for each run, on empty files"""
import argparse, json, os, subprocess, sys, tempfile
from pathlib import Path

MEASURED = '''
import json, resource, sys, time
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
held = lambda: next(int(line.split()[1]) / 1024 for line in open('/proc/self/status') if line.startswith('VmRSS'))
from imgcls.config import load_config
from imgcls.opening import find_samples
config, before = load_config({'data_path': sys.argv[1], 'num_workers': 2}), held()
begin = time.perf_counter()
table = find_samples(config)
read, read_peak, table_MB = time.perf_counter(), peak(), held() - before
import torch
from imgcls.loading import open_data
loaded, torch_MB = time.perf_counter(), held()
data = open_data(config, table=table)
batches = data.loader('train', True).sampler.batches()
end = time.perf_counter()
print(json.dumps({'images': sum(data.counts().values()), 'batches': len(batches), 'seconds': read - begin + end - loaded, 'table_seconds': read - begin, 'import_seconds': loaded - read,
                  'table_peak_MB': read_peak, 'table_MB': table_MB, 'held_before_MB': torch_MB, 'held_MB': held(), 'peak_MB': peak()}))
'''

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--images', type=int, default=1_000_000); parser.add_argument('--runs', type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for c in range(1000): Path(folder, f'n{c:08d}').mkdir()
        with open(Path(folder, 'labels.csv'), 'w') as file:
            file.write('path,label,split\n')
            for i in range(asked.images):
                name = f'n{i % 1000:08d}'
                file.write(f'{name}/{name}_{i}.JPEG,{name},{"valid" if i // 1000 % 26 == 0 else "train"}\n')
                os.close(os.open(f'{folder}/{name}/{name}_{i}.JPEG', os.O_CREAT | os.O_WRONLY))
        once = lambda path: json.loads(subprocess.run([sys.executable, '-c', MEASURED, path], check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        rows = [{'of': of, **once(path)} for _ in range(asked.runs) for of, path in (('a CSV table', f'{folder}/labels.csv'), ('class folders', folder))]
    Path(os.environ.get('BENCH_OUT', 'out'), 'million.json').write_text(json.dumps({'rows': rows}, indent=1))
    for row in rows: print(row)
