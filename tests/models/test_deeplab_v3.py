"""DeepLabv3 on MobileNetV2 and Xception keeps the contract; its cost."""

import functools

import keras
import model_checks
import numpy as np
import pytest
from keras import ops
from model_tools import assert_all_close, assert_close, copy_of, run, scenes
from small_models import small_deeplab_v3, small_deeplab_v3_plus

import accel_tf
from accel_tf.models.deeplab import DeepLabV3
from accel_tf.models.summary import summarize_presets
from accel_tf.ops import resize_bilinear
from accel_tf.runtimes import RUNTIMES, to_runtime

MODELS = {"plain": small_deeplab_v3, "decoder": small_deeplab_v3_plus}


@functools.cache
def _built(name, policy):
    return MODELS[name]()


@pytest.fixture(params=MODELS)
def make(request):
    return lambda: _built(request.param, keras.config.dtype_policy().name)


plain = pytest.mark.parametrize("make", ["plain"], indirect=True)
decoder = pytest.mark.parametrize("make", ["decoder"], indirect=True)


# === The contract ===


@plain
def test_config(make):
    model_checks.check_config(make)


@decoder
def test_saving(make, tmp_path):
    model_checks.check_saving(make, tmp_path)


@pytest.mark.slow
def test_clip_and_stream(make):
    model_checks.check_clip_and_stream(make)


@plain
def test_sizes(make):
    model_checks.check_sizes_and_tensor_key(make, [(17, 18)])


@pytest.mark.slow
def test_more_sizes(make):
    model_checks.check_sizes_and_tensor_key(make, [(1, 1), (64, 96), (33, 47)])


@plain
def test_state_and_frames(make):
    model_checks.check_state(make)
    model_checks.check_frame_dtypes(make)
    model_checks.check_batch(make)
    model_checks.check_bad_shapes(make)


def test_native_stride(make):
    model_checks.check_native_stride(make, more=1)
    model = make()
    for size in ((64, 96), (50, 31)):
        native, _ = model.step(np.zeros((1, *size, 3)), {}, native_stride=True)
        assert tuple(native.shape) == model.scores_shape(1, *size)


@pytest.mark.slow
def test_mixed_precision(make):
    model_checks.check_mixed_precision(make, "mixed_float16", noise=0.02)


@pytest.mark.slow
def test_training(make):
    """On frames whose smallest maps have something to normalise."""
    model_checks.check_training(
        make,
        run_eagerly=True,
        optimizer=keras.optimizers.Adam(0.01),
        length=1,
        height=80,
        width=96,
    )


def test_equal_when_fused(make):
    model, clip = make(), scenes(height=49, width=66)
    fused = accel_tf.fuse_for_inference(model)
    assert len(fused.weights) < len(model.weights)
    assert fused.output_stride == model.output_stride
    less = (
        fused.multiply_adds(49, 66)["key"] - model.multiply_adds(49, 66)["key"]
    )
    stride = model.backbone.output_stride
    # The average is projected at one place.
    places = (49 // stride + 1) * (66 // stride + 1) - 1
    filters = model.head_filters
    assert less == -places * filters * filters
    assert_all_close(run(fused, clip)[0], run(model, clip)[0], 2e-5)
    stream = accel_tf.VideoStream(fused)
    labels = run(model, clip)[0][0].argmax(-1)
    assert np.mean(np.asarray(stream(clip[:, 0])) == labels) > 0.999


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_equal_in_other_runtimes(make, runtime):
    model, clip = make(), scenes(height=49, width=66)
    expected = run(model, clip)[0]
    fused = accel_tf.fuse_for_inference(model)
    stream = accel_tf.VideoStream(to_runtime(fused, runtime, threads=1))
    for index, logits in enumerate(expected):
        labels = np.asarray(stream(clip[:, index]))
        assert np.mean(labels == logits.argmax(-1)) > 0.999


# === Alignment ===


def test_alignments():
    """Of the same scores; and of frames at another size."""
    models = {
        name: small_deeplab_v3(alignment=name)
        for name in ("ams", "deeplab", "ams_teacher")
    }
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((1, 4, 5, 3)).astype("float32")
    up = {n: m.upsample(scores, (48, 64)) for n, m in models.items()}
    assert_close(up["ams"], resize_bilinear(scores, (48, 64), True))
    whole = resize_bilinear(scores, (49, 65), True)
    assert_close(up["deeplab"], whole[:, :48, :64])
    assert_close(up["ams_teacher"], whole[:, 1:, 1:])
    # Every second pixel of a frame twice as large lies between two of it.
    for name, model in models.items():
        half = model.upsample(scores, (24, 32), (48, 64))
        full = ops.convert_to_numpy(up[name])
        mean = full.reshape(1, 24, 2, 32, 2, 3).mean((2, 4))
        assert_close(half[:, 1:-1, 1:-1], mean[:, 1:-1, 1:-1], 1e-5)


@pytest.mark.parametrize("name", ["ams", "deeplab", "ams_teacher"])
def test_what_frames_get(name):
    model = small_deeplab_v3(alignment=name)
    frame = scenes(length=1, height=31, width=47)[:, 0].astype("float32")
    if name == "ams_teacher":
        padded = np.pad(frame, ((0, 0), (1, 0), (1, 0), (0, 0)), "edge")
    else:
        padded = np.pad(
            frame,
            ((0, 0), (0, 1), (0, 1), (0, 0)),
            constant_values=127.5,
        )
    features = model.backbone(padded / 127.5 - 1.0)
    native, _ = model.step(frame, {}, native_stride=True)
    assert_close(native, model.head(features))


def test_unknown_alignment():
    with pytest.raises(ValueError, match="one of ams, deeplab, ams_teacher"):
        small_deeplab_v3(alignment="center")


# === Cost ===


def test_published_cost():
    """As the official model zoo has it, for 513x513 and 1025x2049 pixels."""
    student, teacher = summarize_presets(
        512, 512, ["deeplab_mobilenet_v2", "deeplab_xception_65"]
    )
    assert teacher["key_multiply_adds"] / 1e9 == pytest.approx(54.17, rel=0.01)
    assert student["key_multiply_adds"] / 1e9 == pytest.approx(2.75, rel=0.02)
    assert student["parameters"] == 2_146_131
    (teacher,) = summarize_presets(1024, 2048, ["deeplab_xception_65"])
    assert teacher["key_multiply_adds"] / 1e9 == pytest.approx(418.6, rel=0.01)


def test_a_head_for_other_classes():
    model = small_deeplab_v3(3)
    assert isinstance(copy_of(model), DeepLabV3)
    assert model.step(np.zeros((1, 20, 20, 3)), {})[0].shape[-1] == 3
