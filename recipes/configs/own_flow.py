"""One's own frames, flow network of accel_tiny, on single frames.

They are seen by a simulated camera, so that frames of a video need not follow
each other; where they do, `video_flow` learns from their own motion.

    accel-tf recipe train_flow own_flow --set data_dir=data
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import FlowConfig

config = FlowConfig(
    data="video_folder/own",
    out="out/own/flow",
    model="dff_tiny",
    objective="stills",
    augmentation=Augmentation(
        crop=(240, 320),
        flip=True,
        scale=(1.0, 1.5),
        color=0.2,
        camera_motion=1.5,
    ),
    batch_size=8,
    steps=1200,
    steps_per_epoch=200,
    optimizer="adam",
    learning_rate=2e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
)
