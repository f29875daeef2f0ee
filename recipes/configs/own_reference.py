"""One's own frames, reference branch of accel_tiny.

`accel-tf train` does all of it with one command. Step by step, with the data
laid out as the README of `datasets/video_folder` says:

    accel-tf build-data video_folder --manual-dir my_data --data-dir data \
        --set name=own --set window=5
    accel-tf recipe train_deeplab own_reference --set data_dir=data
    accel-tf recipe train_flow own_flow --set data_dir=data
    accel-tf recipe train_deeplab own_update --set data_dir=data
    accel-tf recipe train_accel own_accel --set data_dir=data
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="video_folder/own",
    out="out/own/reference",
    model="deeplab_tiny",
    augmentation=Augmentation(
        crop=(240, 320), flip=True, scale=(0.75, 1.5), color=0.2
    ),
    batch_size=8,
    steps=1600,
    steps_per_epoch=200,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    class_weight_floor=3e-3,
    validation_limit=60,
)
