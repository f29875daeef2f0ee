"""A small VoV3D on drawn clips that only motion tells apart.

    accel-tf build-data synthetic_motion/small_32 --data-dir data
    accel-tf recipe train_classifier synthetic_motion --set data_dir=data
    accel-tf recipe train_classifier synthetic_motion --set data_dir=data \
        --set single_frame=true --set out=out/motion/single_frame

`accel-tf recipe compare_motion` does both and records cost and scores. The
second sees each clip's middle frame only, and must stay at chance: 12.5 % of
8 classes. The first had 98.6 % of the validation's clips right after five
minutes on two processor cores, and 48 % after a third of the steps.
"""

from accel_tf.data.training_clips import ClipAugmentation, ClipSampling
from accel_tf.training.configs import ClassifierConfig

config = ClassifierConfig(
    data="synthetic_motion/small_32",
    out="out/motion/clips",
    model="vov3d_tiny",
    augmentation=ClipAugmentation(crop=32, sides=(32, 32), flip=False),
    sampling=ClipSampling(8, step=1.0, rate=None),
    dropout=0.1,
    batch_size=16,
    steps=3000,
    steps_per_epoch=250,
    optimizer="adam",
    learning_rate=4e-3,
    schedule="cosine",
    warmup="linear",
    warmup_learning_rate=4e-4,
    warmup_steps=20,
    decay=0.0,
    precise_batches=20,
    fused_normalization=True,
    validation_limit=200,
)
