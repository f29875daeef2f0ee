"""One's own videos, update branch; a stage of `accel-tf recipe distill_update`.

It learns from the reference's labels, which are the data set's. By itself, as
one of the steps that `own_reference` lists:

    accel-tf recipe train_deeplab own_update --set data_dir=data
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="video_folder/own",
    out="out/own/update",
    model="deeplab_tiny_light",
    augmentation=Augmentation(
        crop=(240, 320), flip=True, scale=(0.5, 1.5), color=0.2
    ),
    batch_size=8,
    steps=1500,
    steps_per_epoch=250,
    optimizer="adam",
    learning_rate=3e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    class_weight_power=-0.35,
    validation_epochs=6,
    validation_limit=20,
)
