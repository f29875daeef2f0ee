import clip_making
import numpy as np

from accel_tf.data.builders import make_builder
from accel_tf.data.motion import MOTION_CLASSES, motion_clip


def test_clips_come_back_exactly(tmp_path):
    builder = clip_making.build(
        "synthetic_motion",
        tmp_path,
        size=16,
        frames=4,
        train_clips=9,
        validation_clips=2,
    )
    assert builder.info.features["label"].names == list(MOTION_CLASSES)
    for seed, (split, count) in enumerate(
        {"train": 9, "validation": 2}.items()
    ):
        examples = list(builder.as_dataset(split=split).as_numpy_iterator())
        assert len(examples) == count
        for example in examples:
            number = int(example["clip_id"])
            assert example["label"] == number % 8
            rng = np.random.default_rng([seed, number])
            clip = motion_clip(number % 8, 4, 16, rng)
            np.testing.assert_array_equal(example["frames"], clip)
            assert example["video"] == b"" and example["frame_count"] == 4


def test_the_small_configuration_is_the_default(tmp_path):
    builder = make_builder("synthetic_motion", tmp_path)
    assert builder.builder_config.name == "small_32"
    assert "12.5 %" in builder.info.description
