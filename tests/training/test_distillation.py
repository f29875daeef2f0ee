"""The teacher, what TDNet learns from it, and how its training starts."""

import keras
import numpy as np
import pytest
from backend import gradients, to_numpy
from distilling import divergence, small_teacher
from model_tools import assert_close, scenes
from reference import FIXTURES
from small_models import (
    small_dilated_resnet,
    small_pspnet,
    small_td2,
    small_td2_fanet,
    small_td4,
    small_tdnet,
)
from torch_checkpoints import write_checkpoint

import accel_tf
from accel_tf.models.pspnet import normalize_image
from accel_tf.models.tdnet import GroupedPSPNet, start_from_pspnet
from accel_tf.training import DistillationLoss, PredictedLoss


def channels_last(array):
    return np.moveaxis(array, 1, -1)


# === Losses ===


def test_distillation_of_tdnet():
    stored = np.load(FIXTURES / "tdnet_losses.npz")
    student = channels_last(stored["logits_hard"])
    teacher = channels_last(stored["teacher_logits"])
    loss = DistillationLoss()
    value = float(loss(teacher, student))
    assert value == pytest.approx(float(stored["kd_hard"]), abs=1e-5)
    value = float(loss(40 * teacher, 40 * student))
    assert value == pytest.approx(float(stored["kd_saturated"]), abs=1e-5)

    to_teacher, to_student = gradients(
        lambda t, s: loss(t, s) + 0 * keras.ops.sum(t), teacher, student
    )
    expected = channels_last(stored["kd_hard_gradient"])
    np.testing.assert_allclose(to_student, expected, atol=1e-5)
    assert np.abs(expected).max() > 1e-4
    assert not to_teacher.any()


def test_distillation_gives_one_value_per_image():
    rng = np.random.default_rng(0)
    teacher, student = rng.standard_normal((2, 3, 4, 6, 5)).astype("float32")
    values = to_numpy(DistillationLoss(reduction=None)(teacher, student))
    assert values.shape == (3,)
    np.testing.assert_allclose(values, divergence(teacher, student), rtol=1e-5)
    same = to_numpy(DistillationLoss(reduction=None)(teacher, teacher))
    np.testing.assert_allclose(same, 0, atol=1e-6)
    with pytest.raises(ValueError, match="of one shape"):
        DistillationLoss()(teacher[:, :2], student)
    config = keras.losses.serialize(DistillationLoss(reduction="sum"))
    assert keras.losses.deserialize(config).reduction == "sum"


def test_a_predicted_loss_is_its_value():
    values = np.array([1.0, 4.0], "float32")
    assert float(PredictedLoss()(np.zeros(2), values)) == pytest.approx(2.5)
    weights = np.array([1.0, 0.0], "float32")
    weighted = PredictedLoss()(np.zeros(2), values, sample_weight=weights)
    assert float(weighted) == pytest.approx(0.5)


# === The teacher ===


@pytest.mark.parametrize("groups", [2, 4])
def test_a_teacher_is_a_pspnet_in_groups(groups):
    teacher, pspnet = small_teacher(groups)
    frame = scenes(batch=2, length=1)[:, 0]
    full, parts = teacher(frame, training=True)
    expected, _ = pspnet.step(frame, {}, native_stride=True)
    assert_close(full, expected, 1e-5)
    assert tuple(parts.shape) == (2, groups, *full.shape[1:])
    assert not teacher.trainable_variables

    # A group alone is the whole, with no other channels.
    pyramid = to_numpy(pspnet.pyramid(pspnet.backbone(normalize_image(frame))))
    share = pyramid.shape[-1] // 2 // groups
    # Features, then the four averages with a quarter of their channels.
    for group in range(groups):
        only = np.zeros_like(pyramid)
        for start, size in ((0, share), *((n, share // 4) for n in range(4))):
            start = 0 if size == share else 16 + 4 * start
            chosen = slice(start + group * size, start + (group + 1) * size)
            only[..., chosen] = pyramid[..., chosen]
        gain = {2: 1, 4: 4}[groups]
        assert_close(parts[:, group], pspnet.head(gain * only), 1e-5)


def test_paths_and_groups_see_the_same_channels():
    segmenter = small_td4()
    teacher, _ = small_teacher(4)
    for path, group in zip(segmenter.paths, teacher.group_of_path, strict=True):
        half = teacher.pyramids[group].group // 2
        assert path.pyramid.group == half
    assert sorted(teacher.group_of_path) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="must be 2 or 4, not 3"):
        GroupedPSPNet(small_dilated_resnet(), 5, 3)


def test_the_teacher_of_an_official_file(tmp_path):
    teacher, _ = small_teacher(4)
    rng = np.random.default_rng(0)
    tensors = {
        entry.names[0]: rng.uniform(0.5, 1.5, entry.shape).astype("float32")
        for entry in teacher.checkpoint_entries()
    }
    assert len(tensors) == len(teacher.weights)
    assert tensors["group4.conv5.0.weight"].shape == (16, 8, 3, 3)
    tensors["pretrained.fc.weight"] = np.zeros((1000, 16), "float32")
    path = write_checkpoint(tmp_path / "teacher.pkl", tensors)
    report = accel_tf.load_checkpoint(teacher, path)
    assert report.ignored == ("pretrained.fc.weight",)
    np.testing.assert_array_equal(
        to_numpy(teacher.group_convolutions[3].kernel),
        tensors["group4.conv5.0.weight"].transpose(2, 3, 1, 0),
    )


# === Initial weights ===


def test_paths_start_from_a_pspnet():
    pspnet = small_pspnet()
    segmenter = small_tdnet(4, value_filters=16, head_filters=16)
    queries = to_numpy(segmenter.paths[0].query.weights[0])
    filled = start_from_pspnet(segmenter, pspnet)
    assert filled == ("backbone", "pyramid", "head")
    np.testing.assert_array_equal(
        to_numpy(segmenter.paths[0].query.weights[0]), queries
    )
    image = normalize_image(scenes(length=1)[:, 0])
    whole = pspnet.head.get_layer("conv")(
        pspnet.pyramid(pspnet.backbone(image))
    )
    parts = [
        path.head.get_layer("conv")(path.features(image))
        for path in segmenter.paths
    ]
    # Two halves, twice.
    assert_close(parts[0] + parts[1], whole, 1e-5)
    assert_close(parts[2], parts[0], 1e-6)
    assert_close(parts[3], parts[1], 1e-6)
    for path in segmenter.paths:
        for name in ("bn", "score"):
            for one, other in zip(
                path.head.get_layer(name).get_weights(),
                pspnet.head.get_layer(name).get_weights(),
                strict=True,
            ):
                np.testing.assert_array_equal(one, other)


def test_values_start_as_the_features():
    segmenter = small_tdnet(4, value_filters=16, head_filters=16)
    kernel, bias = segmenter.paths[2].attentions[1].projection.get_weights()
    start_from_pspnet(segmenter, small_pspnet(), values="features")
    image = normalize_image(scenes(length=1)[:, 0])
    path = segmenter.paths[2]
    features = path.features(image)
    assert_close(path.value(features), features, 1e-6)
    for weights, expected in zip(
        path.attentions[1].projection.get_weights(),
        [0.1 * kernel, bias],
        strict=True,
    ):
        np.testing.assert_array_equal(weights, expected)

    other = small_tdnet(4, value_filters=12, head_filters=16)
    before = other.get_weights()
    with pytest.raises(ValueError, match="12 channels of values and 16 of"):
        start_from_pspnet(other, small_pspnet(), values="features")
    with pytest.raises(ValueError, match="must be 'paper' or 'features'"):
        start_from_pspnet(other, small_pspnet(), values="identity")
    for one, same in zip(other.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, same)


def test_heads_that_do_not_fit_keep_their_values():
    segmenter = small_td4()
    before = segmenter.paths[1].head.get_weights()
    filled = start_from_pspnet(segmenter, small_pspnet())
    assert filled == ("backbone", "pyramid")
    for one, other in zip(
        segmenter.paths[1].head.get_weights(), before, strict=True
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "make, message",
    [
        (small_td2, "not like that of"),
        (small_td2_fanet, "no pyramid pooling"),
    ],
)
def test_other_networks_cannot_start_so(make, message):
    with pytest.raises(ValueError, match=message):
        start_from_pspnet(make(), small_pspnet())
