"""TFDS builder of drawn clips whose class no single frame tells."""

import dataclasses

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from accel_tf.data.motion import MOTION_CLASSES, motion_clip
from accel_tf.datasets.clip_features import clip_features
from accel_tf.datasets.clip_sources import fast_png
from accel_tf.datasets.local_info import local_info

FRAME_RATE = 30.0
"""Frames per second that the clips are said to have."""


@dataclasses.dataclass(eq=False, kw_only=True)
class SyntheticMotionConfig(tfds.core.BuilderConfig):
    """Which clips to draw.

    Attributes:
        size: height and width of the frames, in pixels, 16 or more.
        frames: of a clip, 3 or more.
        train_clips, validation_clips: how many; the classes take turns.
    """

    size: int
    frames: int = 8
    train_clips: int = 4000
    validation_clips: int = 800


class SyntheticMotion(tfds.core.GeneratorBasedBuilder):
    """Shapes that move, change their speed or their colour."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        SyntheticMotionConfig(
            name="small_32",
            description="Small enough to learn within minutes.",
            size=32,
        ),
        SyntheticMotionConfig(
            name="medium_64",
            description="Twice as large and as long.",
            size=64,
            frames=16,
        ),
    ]
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self):
        return local_info(self, features=clip_features(MOTION_CLASSES))

    def _split_generators(self, dl_manager):
        config = self.builder_config
        return {
            "train": self._generate_examples(0, config.train_clips),
            "validation": self._generate_examples(1, config.validation_clips),
        }

    def _generate_examples(self, seed, count):
        config = self.builder_config
        for number in range(count):
            clip_id = f"{number:06d}"
            label = number % len(MOTION_CLASSES)
            rng = np.random.default_rng([seed, number])
            clip = motion_clip(label, config.frames, config.size, rng)
            yield (
                clip_id,
                {
                    "frames": [fast_png(frame) for frame in clip],
                    "video": b"",
                    "label": label,
                    "frame_count": config.frames,
                    "frame_rate": FRAME_RATE,
                    "clip_id": clip_id,
                },
            )
