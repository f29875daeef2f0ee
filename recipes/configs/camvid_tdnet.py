"""CamVid, td4_psp_tiny: four paths, taught by psp_tiny_deep.

Run it with:

    accel-tf recipe train_tdnet camvid_tdnet

CamVid's training frames are a second apart, so the clips are single frames
under a simulated camera. Without the teacher: `--set teacher=none
--set teacher_weights=none`.

An hour on two busy processor cores, less without the teacher. Mean IoU on the
dense `val`, 11 classes: 54.1 %, and 54.6 % without the teacher.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import TDNetConfig

config = TDNetConfig(
    data="camvid_sequences/segnet_480x360",
    out="out/camvid/tdnet",
    model="td4_psp_tiny",
    pspnet="psp_tiny",
    pspnet_weights="out/camvid/psp/psp_tiny.keras",
    values_start="features",
    teacher="psp_tiny_deep",
    teacher_weights="out/camvid/psp_deep/psp_tiny_deep.keras",
    length=4,
    augmentation=Augmentation(
        crop=(240, 320),
        flip=True,
        scale=(0.75, 1.5),
        color=0.2,
        camera_motion=1.0,
    ),
    batch_size=8,
    steps=1600,
    steps_per_epoch=400,
    optimizer="adam",
    learning_rate=2e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=2,
)
