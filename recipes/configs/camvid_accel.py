"""CamVid, accel_tiny: update branch and fusion together.

Run it with:

    python recipes/train_accel.py recipes/configs/camvid_accel.py

CamVid's training frames are a second apart, so the clips are single frames
under a simulated camera. Seven minutes on two busy processor cores. Mean IoU
on the dense `val` at an interval of 5: 56.8 %; 38.8 % when all parts were
trained with `--set split=train_other_drives`.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="camvid_sequences/segnet_480x360",
    out="out/camvid/accel",
    model="accel_tiny",
    reference="out/camvid/reference/deeplab_tiny.keras",
    flow="out/camvid/flow/dff_tiny.keras",
    update="out/camvid/update/deeplab_tiny_light.keras",
    trainable=("update_backbone/*", "update_head/*", "fusion/*"),
    length=5,
    augmentation=Augmentation(
        crop=(240, 320),
        flip=True,
        scale=(1.0, 1.5),
        color=0.2,
        camera_motion=1.0,
    ),
    batch_size=8,
    steps=400,
    steps_per_epoch=200,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
