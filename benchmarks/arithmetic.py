"""What an image costs on this machine, by `imgcls_bench` with the settings of the whole programs, with the cache and without.

    python arithmetic.py        writes BENCH_OUT/bench_SIZE.json and bench_SIZE_uncached.json for 64 and 128 pixels"""
import os
from pathlib import Path

import imgcls
from bench_common import data
from contestants import options

if __name__ == '__main__':
    for size in (64, 128):
        for kind, cache in (('', 'ram'), ('_uncached', 'none')):
            found = imgcls.bench({}, [*options(data('imagenet_sample'), size, 32), '--data.cache', cache])
            print(found.table(), end='\n\n', flush=True)
            found.to_json(Path(os.environ.get('BENCH_OUT', 'out'))/f'bench_{size}{kind}.json')
