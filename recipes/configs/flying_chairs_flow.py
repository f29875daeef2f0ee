"""FlowNet-S on FlyingChairs, supervised.

    accel-tf recipe train_flow flying_chairs_flow

Schedule in the manner of FlowNet (ICCV 2015, section 5.1), which halves the
rate from update 300,000 on. Not run here.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import FlowConfig

config = FlowConfig(
    data="flying_chairs",
    out="out/flying_chairs/flow",
    model="dff_101",
    augmentation=Augmentation(
        crop=(320, 448), flip=True, scale=(0.9, 1.5), color=0.2
    ),
    batch_size=8,
    steps=600_000,
    steps_per_epoch=2779,
    optimizer="adam",
    learning_rate=1e-4,
    schedule="step",
    boundaries=(300_000, 400_000, 500_000),
    factor=0.5,
    decay=0.0,
)
