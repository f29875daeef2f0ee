"""DeepLab-101 on Cityscapes, as the authors of Accel trained it.

    accel-tf recipe train_deeplab deeplab_101_cityscapes \
        --set imagenet=resnet101.h5

53 passes over 2,975 images and their mirror images; `deeplab/*_dcn.yaml` of
the official code. It added up the gradients of its GPUs, one image each:
with N images a batch, multiply the learning rates by N and divide the
numbers of steps by N. Not run here; the authors' network scores 75.2 % mean
IoU on the 500 validation images (their README).
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.freezing import DEEPLAB_101_FROZEN

IMAGES = 2 * 2975

config = SegmentationConfig(
    data="cityscapes_sequences/full_window5",
    out="out/cityscapes/deeplab_101",
    model="deeplab_101",
    augmentation=Augmentation(crop=(768, 1024), flip=True),
    batch_size=1,
    steps=53 * IMAGES,
    steps_per_epoch=IMAGES,
    learning_rate=5e-4,
    schedule="step",
    boundaries=(int(40.336 * IMAGES),),
    warmup_learning_rate=5e-5,
    warmup_steps=1000,
    multipliers={
        "fc6/bias": 2.0,
        "score/bias": 2.0,
        "*_offset/bias": 2.0,
    },
    frozen=DEEPLAB_101_FROZEN,
    validation_limit=50,
)
