"""CamVid, psp_tiny: the start of every path of td4_psp_tiny.

Run it with:

    python recipes/train_pspnet.py recipes/configs/camvid_psp.py

Eleven minutes on two busy processor cores; mean IoU on the dense `val`, 11
classes: 53.2 %.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="camvid_sequences/segnet_480x360",
    out="out/camvid/psp",
    model="psp_tiny",
    augmentation=Augmentation(
        crop=(240, 320), flip=True, scale=(0.75, 1.5), color=0.2
    ),
    batch_size=16,
    steps=800,
    steps_per_epoch=400,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
