"""The examples in docstrings run as they are."""

import inspect
import textwrap

import keras
import numpy as np
import pytest
from model_tools import scenes
from small_models import small_dff

import accel_tf

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="they call .numpy()"
)


@pytest.fixture(scope="module")
def model():
    return small_dff()


@pytest.mark.parametrize(
    "named, expected",
    [
        (accel_tf.VideoSegmenter, "labels"),
        (accel_tf.VideoSegmenter.step, "logits"),
        (accel_tf.from_preset, "labels"),
        (accel_tf.fuse_for_inference, "stream"),
    ],
)
def test_example(named, expected, model):
    video = scenes(length=2)[0].astype("uint8")
    found = {
        "accel_tf": accel_tf,
        "model": model,
        "video": video,
        "frames": video,
        "frame": video[0],
    }
    exec(example_of(named), found)
    shapes = {
        "labels": [video.shape[1:3], (1, *video.shape[1:3])],
        "logits": [(1, *video.shape[1:3], model.num_classes)],
    }
    if expected in shapes:
        assert np.shape(found[expected]) in shapes[expected]
    else:
        assert expected in found


def example_of(named):
    """The first paragraph of a docstring that is set in."""
    text = inspect.getdoc(named)
    blocks, lines = [], []
    for line in [*text.splitlines(), "end"]:
        if line.startswith("    ") or (lines and not line):
            lines.append(line)
        else:
            blocks, lines = [*blocks, *([lines] if lines else [])], []
    return textwrap.dedent("\n".join(blocks[0]))
