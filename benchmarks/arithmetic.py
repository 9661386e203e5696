"""What an image costs on this machine, by `imgcls_bench` with the settings of the whole programs, with the cache and without.

    python arithmetic.py        writes BENCH_OUT/bench_SIZE.json and bench_SIZE_uncached.json for 64 and 128 pixels"""
import os
from pathlib import Path

import imgcls

if __name__ == '__main__':
    crops = [{'op': 'random_resized_crop', 'scale': [0.08, 1.0]}, {'op': 'hflip'}]
    for size in (64, 128):
        for kind, cache in (('', 'ram'), ('_uncached', 'none')):
            found = imgcls.bench(data_path=str(Path(os.environ['BENCH_DATA'])/'imagenet_sample'), image_size=size, train_batch_size=32, model={'model_name': 'resnet18'}, learning_rate=1e-3,
                                 save_wandb=False, augment={'ops': crops}, data={'cache': cache})
            print(found.table(), end='\n\n', flush=True)
            found.to_json(Path(os.environ.get('BENCH_OUT', 'out'))/f'bench_{size}{kind}.json')
