"""PSPNet-18 on Cityscapes, the start of every path of TD4-PSP18.

    accel-tf recipe train_pspnet psp_18_cityscapes

The authors of TDNet publish their PSPNets but not how they trained them; this
is their schedule for TDNet, on single frames. PSPNet-50 and -101 differ in
`model`. Not run here.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="cityscapes_sequences/full_window5",
    out="out/cityscapes/psp_18",
    model="psp_18",
    augmentation=Augmentation(
        crop=(769, 1537),
        flip=True,
        # Of 1024x2048; the published ones are of the frame at 769x1537.
        scales=(0.751, 0.751, 0.939, 1.126, 1.314, 1.502),
        rotation=5.0,
        color=0.4,
    ),
    batch_size=8,
    steps=40000,
    learning_rate=1e-2,
    schedule="poly",
    warmup="exponential",
    warmup_learning_rate=1e-5,
    warmup_steps=1000,
    decay=1e-4,
    decayed=("kernel",),
    loss="ohem",
    validation_limit=50,
)
