"""`fuse_for_inference(model, "bfloat16")`."""

import functools

import keras
import numpy as np
import pytest
from backend import to_numpy
from clip_models import tiny_classifier
from model_tools import policy_scope, run, scenes, sublayers
from small_models import ALL_SMALL_MODELS

import accel_tf
from accel_tf.models.fuse import precision_of
from accel_tf.ops.kernels import kernels_for

QUICK = ("accel",)
KEYS = [index in (0, 3) for index in range(5)]


@functools.cache
def pair(name):
    model = ALL_SMALL_MODELS[name]()
    return [
        accel_tf.fuse_for_inference(model, precision)
        for precision in ("float32", "bfloat16")
    ]


@pytest.fixture(
    params=[
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in ALL_SMALL_MODELS
    ]
)
def name(request):
    return request.param


def dtype(tensor):
    return keras.backend.standardize_dtype(tensor.dtype)


def test_nearly_the_same_scores_over_a_recursion(name):
    precise, low = pair(name)
    assert precision_of(low) == "bfloat16" != precision_of(precise)
    clip = scenes(length=len(KEYS))
    with kernels_for("tensorflow"):
        expected, actual = (
            np.stack(run(x, clip, KEYS)[0]) for x in (precise, low)
        )
    assert actual.dtype == np.float32
    error = np.sqrt(np.mean((actual - expected) ** 2))
    assert 1e-4 < error / expected.std() < 0.06
    assert np.mean(actual.argmax(-1) == expected.argmax(-1)) > 0.95


def test_states_stay_as_they_are(name):
    precise, low = pair(name)
    frame = scenes(length=1)[:, 0]
    states = [x.initial_state(1, 48, 64) for x in (precise, low)]
    for is_key in (True, False):
        for old, new in zip(*(sorted(x.items()) for x in states), strict=True):
            assert old[0] == new[0]
            assert dtype(old[1]) == dtype(new[1])
            assert tuple(old[1].shape) == tuple(new[1].shape)
        states = [
            each.step(frame, state, is_key=is_key)[1]
            for each, state in zip((precise, low), states, strict=True)
        ]


def test_weights_are_stored_in_it(name):
    _, low = pair(name)
    sizes = {"float32": 0, "bfloat16": 0}
    for variable in low.weights:
        sizes[dtype(variable)] += int(np.prod(variable.shape))
    assert sizes["bfloat16"] > sizes["float32"]
    for layer in sublayers(low):
        if getattr(layer, "use_bias", None) and hasattr(layer, "kernel"):
            assert dtype(layer.kernel) == layer.compute_dtype


@pytest.mark.slow
def test_streams():
    frames = np.moveaxis(scenes(length=3), 1, 0)
    expected, labels = (
        [to_numpy(stream(frame)) for frame in frames]
        for stream in map(accel_tf.VideoStream, pair("accel"))
    )
    assert np.mean(np.equal(labels, expected)) > 0.95


@pytest.mark.slow
def test_a_classifier():
    model = tiny_classifier(frames=9)
    precise, low = (
        accel_tf.fuse_for_inference(model, x) for x in ("float32", "bfloat16")
    )
    clip = scenes(length=9, height=64, width=64)
    expected, actual = (to_numpy(x.probabilities(clip)) for x in (precise, low))
    assert actual.dtype == np.float32
    assert 0 < np.abs(actual - expected).max() < 0.02


class Unfused(accel_tf.models.segmenter.VideoSegmenter):
    """One that no form is registered for."""


def test_mistakes():
    low = pair("accel")[1]
    assert accel_tf.fuse_for_inference(low, "bfloat16") is low
    with pytest.raises(ValueError, match=r"float32 or bfloat16, not 'int8'"):
        accel_tf.fuse_for_inference(low, "int8")
    with pytest.raises(ValueError, match="is fused in float32; fuse the model"):
        accel_tf.fuse_for_inference(pair("accel")[0], "bfloat16")
    with pytest.raises(ValueError, match="no form for inference in bfloat16"):
        accel_tf.fuse_for_inference(Unfused(2, name="unfused"), "bfloat16")
    with pytest.raises(ValueError, match="is fused in bfloat16, of which"):
        accel_tf.runtimes.to_runtime(low, "openvino")
    with policy_scope("mixed_float16"):
        half = Unfused(2)
    with pytest.raises(ValueError, match="has the dtype policy mixed_float16"):
        accel_tf.fuse_for_inference(half, "bfloat16")
