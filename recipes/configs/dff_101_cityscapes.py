"""Deep Feature Flow on Cityscapes, end to end through the warp.

    accel-tf recipe train_dff dff_101_cityscapes \
        --set weights=rfcn_dff_flownet_vid-0000.params,deeplab-101-0000.params

Pairs of a key frame and a labelled frame up to four frames later, as Deep
Feature Flow (CVPR 2017, section 4.1) draws them. Accel's authors never tuned
the flow on Cityscapes; this recipe does. Not run here, and no published score
belongs to it.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="cityscapes_sequences/full_window5",
    out="out/cityscapes/dff_101",
    model="dff_101",
    frozen=("conv1/*", "res2_*", "gamma", "beta"),
    length=2,
    spacing=(0, 4),
    augmentation=Augmentation(crop=(768, 1024), flip=True),
    batch_size=1,
    steps=20 * 2975,
    steps_per_epoch=2975,
    learning_rate=2.5e-4,
    schedule="poly",
    warmup_learning_rate=2.5e-5,
    warmup_steps=1000,
    validation_limit=50,
)
