"""Streets, reference branch of accel_tiny, for the weights in the package.

Made and explained by `train_streets.py`, which builds the data and runs all
stages. By itself:

    accel-tf recipe train_deeplab streets_reference

47 minutes on a part of two busy processor cores; 74.4 % of the pixels and
34.3 % mean IoU on CamVid's `val`, mapped to its 11 classes.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="video_folder/streets",
    mixed_in={"synthetic_streets/streets_256x512": 0.15},
    out="out/streets/reference",
    model="deeplab_tiny",
    augmentation=Augmentation(
        crop=(224, 288),
        scale=(0.6, 2.0),
        aspect=0.3,
        rotation=4.0,
        camera=0.8,
    ),
    batch_size=8,
    steps=1900,
    steps_per_epoch=200,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    class_weight_floor=3e-3,
    precision="mixed_bfloat16",
    fused_normalization=True,
    validation_epochs=5,
)
