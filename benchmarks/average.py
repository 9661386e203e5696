"""One update of the average of the weights, and its share of a training step, resnet18 on the processor.

    python average.py [--rounds 7]        writes BENCH_OUT/average.json; the scripts of shared/bench must be importable, lightning and timm installed"""
import argparse, time
from types import SimpleNamespace

import torch
from bench_common import interleave, save, summarize
from torchvision.models import resnet18

from imgcls.ema import EMA

DECAY = 0.999


def with_lightning(network):
    import lightning
    from lightning.pytorch.callbacks import EMAWeightAveraging
    module, callback, trainer = lightning.LightningModule(), EMAWeightAveraging(decay=DECAY), SimpleNamespace(global_step=0)
    module.network = network
    callback.setup(SimpleNamespace(), module, 'fit')
    def update():
        trainer.global_step += 1
        callback.on_train_batch_end(trainer, module, None, None, 0)
    return update


def with_torch(network):
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(DECAY), use_buffers=True)
    return lambda: average.update_parameters(network)


def with_timm(network):
    from timm.utils import ModelEmaV3
    average = ModelEmaV3(network, decay=DECAY)
    return lambda: average.update(network)


WAYS = {'imgcls': lambda network: EMA(network, DECAY).update, 'imgcls, ema_steps 4': lambda network: EMA(network, DECAY, every=4).update,
        'torch, AveragedModel with buffers': with_torch, 'timm, ModelEmaV3': with_timm, 'Lightning, EMAWeightAveraging': with_lightning}


def timed(step, update, count=8): # mean seconds of an update, each after a training step, as in training
    def run():
        seconds = 0.0
        for _ in range(count):
            step()
            begin = time.perf_counter()
            update()
            seconds += time.perf_counter() - begin
        return seconds / count
    return run


def measured(size, bf16, rounds):
    torch.manual_seed(0)
    network = resnet18(num_classes=10).to(memory_format=torch.channels_last)
    images, labels = torch.randn(32, 3, size, size).contiguous(memory_format=torch.channels_last), torch.randint(0, 10, (32,))
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4, fused=True)
    def step():
        begin = time.perf_counter()
        with torch.autocast('cpu', torch.bfloat16, enabled=bf16): loss = torch.nn.functional.cross_entropy(network(images).float(), labels)
        loss.backward(); optimizer.step(); optimizer.zero_grad()
        return time.perf_counter() - begin
    found = interleave({'training step': step} | {name: timed(step, make(network)) for name, make in WAYS.items()}, rounds)
    return {row['name']: row for row in summarize(found, unit=1e3)}


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--rounds', type=int, default=7)
    rounds = parser.parse_args().rounds
    rows = {name: measured(size, bf16, rounds) for name, size, bf16 in (('resnet18, 128 px fp32', 128, False), ('resnet18, 64 px bf16', 64, True))}
    for name, found in rows.items():
        for way, row in found.items(): print(f"{name:24} {way:36} {row['median']:8.2f} ms  {100 * row['median'] / found['training step']['median']:5.1f} %")
    save('average', {'rows': rows})
