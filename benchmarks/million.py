"""Memory and time to open a saved sample table of a million images and to have the loaders of its first epoch.

    python million.py        writes BENCH_OUT/million.json; one process for each measurement"""
import json, os, subprocess, sys, tempfile
from pathlib import Path

MEASURED = '''
import json, resource, sys, time
begin = time.perf_counter()
from imgcls.config import load_config
from imgcls.loading import open_data
loaded, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = open_data(load_config({'data_path': sys.argv[1], 'num_workers': 2}))
loader = data.loader('train', True)
batches = loader.sampler.batches()
now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({'images': sum(data.counts().values()), 'seconds': time.perf_counter() - loaded, 'import_seconds': loaded - begin, 'import_MB': before / 1024, 'MB': now / 1024, 'batches': len(batches)}))
'''

if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder)/'labels.csv'
        with open(table, 'w') as file:
            file.write('image_path,label,split\n')
            for i in range(1_000_000): file.write(f'images/n{i % 1000:08d}/n{i % 1000:08d}_{i}.JPEG,n{i % 1000:08d},{"valid" if i % 26 == 0 else "train"}\n')
        rows = [json.loads(subprocess.run([sys.executable, '-c', MEASURED, table], check=True, capture_output=True, text=True).stdout.splitlines()[-1]) for _ in range(5)]
    out = Path(os.environ.get('BENCH_OUT', 'out'))
    (out/'million.json').write_text(json.dumps({'rows': rows}, indent=1))
    for row in rows: print(row)
