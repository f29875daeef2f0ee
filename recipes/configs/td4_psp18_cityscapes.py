"""TD4-PSP18 on Cityscapes by the published protocol.

    accel-tf recipe train_tdnet td4_psp18_cityscapes \
        --set pspnet_weights=psp18.pkl --set teacher_weights=psp101.pkl

The four frames are one or two apart, drawn gap by gap. TD2-PSP50 differs in
`model`, `length` (2), `pspnet` and `pspnet_weights`. Not run here.
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import TDNetConfig

config = TDNetConfig(
    data="cityscapes_sequences/full_window10",
    out="out/cityscapes/td4_psp18",
    model="td4_psp18",
    pspnet="psp_18",
    teacher="psp_101",
    length=4,
    spacing=(1, 2),
    spacing_per_frame=True,
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
