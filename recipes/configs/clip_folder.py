"""One's own videos, a folder for each class, on a processor.

    accel-tf build-data clip_folder --manual-dir my_clips --data-dir data
    accel-tf recipe train_classifier clip_folder --set data_dir=data
    accel-tf recipe test_classifier out/clips/vov3d_tiny.keras \
        --data clip_folder --data-dir data --views 3x1
    accel-tf classify VIDEO --model out/clips/best.keras

A clip is 8 frames out of about a second. With a GPU `--set model=vov3d_m
--set augmentation.crop=224 --set augmentation.sides=256,320 --set
sampling.frames=16 --set sampling.step=5`, and best from published weights:
`--set weights=vov3d_m_k400.pth --set skip_last=true`. Where left and right
mean the same, `--set augmentation.flip=true` doubles the clips. `--set
causal=true` is for live video.
"""

from accel_tf.data.training_clips import ClipAugmentation, ClipSampling
from accel_tf.training.configs import ClassifierConfig

config = ClassifierConfig(
    data="clip_folder",
    out="out/clips",
    model="vov3d_tiny",
    augmentation=ClipAugmentation(crop=64, sides=(64, 80), flip=False),
    sampling=ClipSampling(8, step=4.0),
    dropout=0.2,
    batch_size=16,
    steps=2000,
    steps_per_epoch=100,
    optimizer="adam",
    learning_rate=3e-3,
    schedule="cosine",
    warmup="linear",
    warmup_learning_rate=3e-4,
    warmup_steps=40,
    decay=0.0,
    precise_batches=20,
    fused_normalization=True,
)
