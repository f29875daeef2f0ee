"""PIDNet keeps the contract; its cost; its official files."""

import functools
import math

import keras
import model_checks
import numpy as np
import pytest
from backend import to_numpy
from model_tools import (
    assert_all_close,
    assert_close,
    copy_of,
    run,
    scenes,
    zero_kernels,
)
from small_models import small_pidnet
from torch_checkpoints import assert_loaded, official, refused, write_checkpoint

import accel_tf
from accel_tf.layers import GroupedConv2D
from accel_tf.ops import resize_bilinear

# Of a frame of 1024x2048, in units of 1e9, and parameters in units of 1e6,
# as the paper's table 5 has them; it counts normalisation too. Its PIDNet-M
# is not that of the official code.
PUBLISHED = {"s": (47.6, 7.6), "l": (275.8, 36.9)}


@functools.cache
def _built(light, policy):
    return small_pidnet(light=light)


@pytest.fixture(params=[True, False], ids=["light", "deep"])
def make(request):
    return lambda: _built(request.param, keras.config.dtype_policy().name)


deep = pytest.mark.parametrize("make", [False], indirect=True)


# === The contract ===


@pytest.mark.slow
@deep
def test_config(make):
    model_checks.check_config(make)


@deep
def test_saving(make, tmp_path):
    model_checks.check_saving(make, tmp_path)


@pytest.mark.slow
@deep
def test_clip_and_stream(make):
    model_checks.check_clip_and_stream(make)


@deep
def test_sizes(make):
    model_checks.check_sizes_and_tensor_key(make, [(17, 18)])


@deep
def test_state_and_frames(make):
    model_checks.check_state(make)
    model_checks.check_frame_dtypes(make)
    model_checks.check_batch(make)
    model_checks.check_native_stride(make)
    model_checks.check_bad_shapes(make)


@pytest.mark.slow
@deep
def test_mixed_precision(make):
    model_checks.check_mixed_precision(make, "mixed_float16", noise=0.02)


@pytest.mark.slow
@deep
def test_training(make):
    """On frames whose smallest maps have something to normalise.

    In the light form summands before a normalisation have no effect.
    """
    model_checks.check_training(
        make,
        run_eagerly=True,
        optimizer=keras.optimizers.Adam(0.005),
        length=1,
        height=80,
        width=96,
    )


def test_native_logits_are_resized_with_aligned_corners(make):
    model, frame = make(), scenes(length=1, height=49, width=66)[:, 0]
    full, _ = model.step(frame, {})
    native, _ = model.step(frame, {}, native_stride=True)
    assert native.shape[1:3] == (7, 9)
    expected = resize_bilinear(native, (49, 66), align_corners=True)
    assert_close(full, expected)


def test_equal_when_fused(make):
    """The light form is among the models of `test_fuse.py`, too."""
    model, clip = make(), scenes(height=49, width=66)
    fused = accel_tf.fuse_for_inference(model)
    assert len(fused.weights) < len(model.weights)
    assert fused.multiply_adds(49, 66) == model.multiply_adds(49, 66)
    assert_all_close(run(fused, clip)[0], run(model, clip)[0], 2e-5)


def test_every_branch_has_its_say(make):
    """Weights under which all that the checks compare is seen."""
    model, clip = make(), scenes(length=1)
    expected = run(model, clip)[0][0]
    for name in (
        "spp_compression_2",
        "layer5_detail_0_conv3",
        "layer5_boundary_0_conv3",
        "pag3_detail_0",
        "pag4_context_0",
    ):
        layer = model.backbone.get_layer(name)
        before = layer.get_weights()
        layer.set_weights([0.0 * weight for weight in before])
        changed = run(model, clip)[0][0]
        layer.set_weights(before)
        assert np.abs(changed - expected).max() > 0.05, name


# === Cost ===


@pytest.mark.parametrize("size", PUBLISHED)
def test_published_cost_and_parameters(size):
    with zero_kernels():
        model = accel_tf.from_preset(f"pidnet_{size}")
    cost, parameters = PUBLISHED[size]
    actual = model.multiply_adds(1024, 2048)
    assert actual["key"] == actual["non_key"]
    assert actual["key"] / 1e9 == pytest.approx(cost, rel=0.01)
    trainable = sum(math.prod(v.shape) for v in model.trainable_variables)
    assert trainable / 1e6 == pytest.approx(parameters, rel=0.005)


def test_a_grouped_convolution_is_one_for_each_group():
    layer = GroupedConv2D(6, 3, padding="same", groups=2)
    x = np.random.default_rng(0).standard_normal((2, 5, 7, 8))
    x = x.astype("float32")
    outputs = to_numpy(layer(x))
    assert tuple(layer.kernel.shape) == (3, 3, 4, 6)
    for group in (0, 1):
        plain = keras.layers.Conv2D(3, 3, padding="same", use_bias=False)
        part = x[..., 4 * group : 4 * group + 4]
        plain.build(part.shape)
        plain.set_weights([to_numpy(layer.kernel)[..., 3 * group :][..., :3]])
        own = outputs[..., 3 * group : 3 * group + 3]
        assert_close(own, plain(part), 1e-6)


# === Official files ===


@pytest.mark.parametrize("prefix", ["", "model."])
def test_official_files(prefix, make, tmp_path):
    """With what training holds beside the network, in plain and in full."""
    model = copy_of(make())
    tensors = official(model)
    extra = ["seghead_p.conv1.weight", "seghead_d.bn1.num_batches_tracked"]
    extra = {prefix + name: np.ones(3, "float32") for name in extra}
    if prefix:
        extra["sem_loss.criterion.weight"] = np.ones(19, "float32")
    stored = {prefix + name: value for name, value in tensors.items()}
    path = tmp_path / "pidnet.pt"
    write_checkpoint(path, {**stored, **extra})
    report = accel_tf.load_checkpoint(model, path)
    assert_loaded(model, tensors)
    assert set(report.loaded) | set(report.ignored) == {*stored, *extra}
    assert set(extra) <= set(report.ignored)


def test_other_files_are_refused(make, tmp_path):
    model = make()
    tensors = official(model)
    del tensors["layer3_d.conv1.weight"]
    tensors["pag3.f_x.0.weight"] = np.ones((1, 2, 3, 4), "float32")
    tensors["seghead.bn1.weight"] = np.ones(3, "float32")
    path = write_checkpoint(tmp_path / "pidnet.pt", tensors)
    line = refused(model, path)
    assert "1 tensors missing (layer3_d.conv1.weight)" in line
    assert "pag3.f_x.0.weight is (1, 2, 3, 4), not (4, 8, 1, 1)" in line
    assert "1 that it has no place for (seghead.bn1.weight)" in line
