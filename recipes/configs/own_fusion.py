"""One's own videos, fusion; the last stage of `accel-tf recipe distill_update`.

The reference sees the first frame of a clip, whose last frame's labels the
fusion must give; all else keeps its weights, as in Accel (CVPR 2019).
"""

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig

config = SegmentationConfig(
    data="video_folder/own",
    out="out/own/fusion",
    model="propagated",
    trainable=("fusion/*",),
    length=4,
    augmentation=Augmentation(crop=(240, 320), flip=True, color=0.1),
    batch_size=4,
    steps=200,
    steps_per_epoch=100,
    optimizer="adam",
    learning_rate=1e-3,
    schedule="cosine",
    decay=0.0,
    clip_norm=5.0,
    validation_epochs=2,
    validation_limit=5,
)
