"""Flow network of accel_tiny on unlabelled video, by the photometric loss.

A stage of `distill_update`; by itself, where `window=8` makes examples of
clips without labels:

    accel-tf build-data video_folder --manual-dir CLIPS --data-dir data \
        --set name=own --set window=8
    accel-tf recipe train_flow video_flow \
        --set data_dir=data --set weights=out/streets/flow/dff_tiny.keras
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import FlowConfig

config = FlowConfig(
    data="video_folder/own",
    out="out/video/flow",
    model="dff_tiny",
    objective="photometric",
    augmentation=Augmentation(crop=(240, 320), flip=True),
    batch_size=8,
    steps=1000,
    steps_per_epoch=250,
    optimizer="adam",
    learning_rate=5e-4,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
)
