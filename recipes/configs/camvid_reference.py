"""CamVid, reference branch of accel_tiny.

Run it with:

    accel-tf recipe train_deeplab camvid_reference

Half an hour on two busy processor cores. Mean IoU on the dense `val`, 11
classes: 55.6 %; 38.3 % with `--set split=train_other_drives`, which leaves out
the drive that `val` is of.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="camvid_sequences/segnet_480x360",
    out="out/camvid/reference",
    model="deeplab_tiny",
    augmentation=Augmentation(
        crop=(240, 320), flip=True, scale=(0.75, 1.5), color=0.2
    ),
    batch_size=8,
    steps=1600,
    steps_per_epoch=400,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
