"fastai on CIFAR-10, as `accuracy.py` calls it: fastai_cifar.py IMAGES EPOCHS SEED RESULT.json"
import json, sys
from pathlib import Path
from fastai.vision.all import * # noqa: F403  as fastai is written for


def main(images, epochs, seed, result):
    set_seed(int(seed))
    data = ImageDataLoaders.from_folder(images, train='train', valid='val', bs=128, val_bs=512, num_workers=2, device=torch.device('cpu'), seed=int(seed),
                                        item_tfms=[CropPad(40, pad_mode=PadMode.Reflection), RandomCrop(32), FlipItem()], batch_tfms=[Normalize.from_stats(*cifar_stats)])
    network = xresnet18(n_out=10, widen=0.5)
    network[3] = nn.Identity() # no pooling at the beginning
    learner = Learner(data, network, loss_func=LabelSmoothingCrossEntropyFlat(), metrics=accuracy)
    with learner.no_bar(): learner.fit_one_cycle(int(epochs), 5e-3, wd=0.01)
    Path(result).write_text(json.dumps({'top1': float(learner.recorder.values[-1][-1])}))


if __name__ == '__main__': main(*sys.argv[1:])
