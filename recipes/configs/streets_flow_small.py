"""The flow network that comes with the package.

Run it with:

    python recipes/train_flow.py recipes/configs/streets_flow_small.py
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import FlowConfig

config = FlowConfig(
    data="video_folder/streets",
    mixed_in={"synthetic_streets/flow_256x512": 0.2},
    stills=0.2,
    out="out/streets/flow_small",
    model="small",
    objective="taught",
    examples=3000,
    spacing=(1, 3),
    augmentation=Augmentation(
        crop=(192, 256),
        scale=(0.7, 1.5),
        aspect=0.2,
        color=0.3,
        camera_motion=1.0,
    ),
    batch_size=8,
    steps=1400,
    steps_per_epoch=350,
    optimizer="adam",
    learning_rate=2e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
)
