"""The flow network that comes with the package.

Data: the unlabelled videos of `video_folder/streets`, whose flow dense
inverse search teaches; its single frames, CamVid's too, under a simulated
camera; and drawn streets with true flow:

    accel-tf recipe train_streets --help      # builds video_folder/streets
    accel-tf build-data synthetic_streets --data-dir data --set \
        name=flow_256x512 --set height=256 --set width=512 --set \
        train_sequences=60 --set train_length=5 --set \
        validation_sequences=4 --set validation_length=5
    accel-tf recipe train_flow streets_flow_small

The teacher needs 0.7 s a pair, 600 pairs in all, and the 1,400 updates 0.4 s
each, on two busy processor cores: a quarter of an hour. The end-point error
of the last 350 updates is 0.22 pixels of stride 4, over all pixels, those
that don't count with 0. Labels that it carries on CamVid's `val` from every
2nd, 3rd, 5th and 10th frame have .600, .602, .603 and .588 mean IoU; see
`accel_tf/weights/FLOW.md`. The weights in the package had other draws of the
same kind of examples; a whole new run was not measured.
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
