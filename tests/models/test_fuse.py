"""`fuse_for_inference`: same outputs, fewer operations."""

import functools

import keras
import model_checks
import numpy as np
import pytest
from backend import to_numpy
from model_tools import (
    assert_all_close,
    assert_close,
    policy_scope,
    run,
    scenes,
    sublayers,
)
from small_models import (
    SMALL_MODELS,
    SMALL_PYRAMID_MODELS,
    built,
    small_td4,
)

import accel_tf
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.deeplab.fused_deeplab import FusedDeepLab
from accel_tf.models.segmenter import fused_form

MODELS = SMALL_MODELS | SMALL_PYRAMID_MODELS
SLOW = pytest.mark.slow
# The first frame and a later one; a recursion between them.
KEYS = [index in (0, 3) for index in range(6)]
# A turn of all paths and one more.
LENGTHS = {"td4": 5, "td2": 3, "td2_fanet": 3}


@functools.cache
def pair(name):
    model = MODELS[name]()
    if model.uses_key_frames:
        # Slow enough for the warps to leave something within the frame.
        flow = model.flow_network.get_layer("Convolution5")
        flow.set_weights([0.2 * weight for weight in flow.get_weights()])
    return model, accel_tf.fuse_for_inference(model)


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


@pytest.fixture
def make(name):
    return lambda: pair(name)[1]


def quick(*names):
    """All models, of which all but these are slow."""
    return pytest.mark.parametrize(
        "name",
        [
            name if name in names else pytest.param(name, marks=SLOW)
            for name in MODELS
        ],
    )


def assert_equal_runs(model, fused, clip):
    keys = KEYS[: clip.shape[1]]
    expected = run(model, clip, keys)[0]
    assert_all_close(run(fused, clip, keys)[0], expected, 2e-5)
    # No frame is like the one before it.
    for one, other in zip(expected, expected[1:], strict=False):
        assert np.abs(one - other).max() > 1e-3


# === Same outputs ===


@quick(*[name for name in MODELS if name not in ("pidnet", "td2")])
def test_equal_over_a_recursion(name):
    model, fused = pair(name)
    # A model without a state has nothing to remember.
    length = LENGTHS.get(name, 4 if model.uses_key_frames else 2)
    assert_equal_runs(model, fused, scenes(length=length))


@SLOW
def test_equal_at_another_size_side_by_side(name):
    clip = scenes(batch=2, length=5, height=49, width=66)
    assert_equal_runs(*pair(name), clip)


@quick("deeplab", "accel", "feature_fusion_accel", "td2")
def test_equal_clips(name):
    model, fused = pair(name)
    clip = scenes(batch=2, length=3)
    assert_close(fused(clip), model(clip), 2e-5)


@quick("accel", "pspnet")
def test_equal_native_logits(name):
    model, fused = pair(name)
    frame = scenes(length=1)[:, 0]
    states = [each.initial_state(1, 48, 64) for each in (model, fused)]
    for is_key in (True, False):
        (expected, one), (actual, other) = (
            each.step(frame, state, is_key=is_key, native_stride=True)
            for each, state in zip((model, fused), states, strict=True)
        )
        assert_close(actual, expected, 2e-5)
        states = [one, other]


@pytest.mark.parametrize(
    "name",
    [pytest.param("dff", marks=SLOW), "accel", "feature_fusion_accel"],
)
def test_scores_after_advance_are_those_of_segment(name):
    """Also where both share work on key frames."""
    fused, frames = pair(name)[1], scenes(length=2)
    _, before = fused.step(frames[:, 0], fused.initial_state(1, 48, 64))
    for is_key in (True, False):
        scores, _, after = fused.segment(frames[:, 1], before, is_key)
        state = fused.advance(frames[:, 1], before, is_key)
        score, _ = fused.score(frames[:, 1], state, is_key)
        assert_close(score, scores, 1e-5)
        for key, value in after.items():
            assert_close(state[key], value, 1e-5)


def test_key_frames_that_are_fused():
    """They are scored as all others; what is carried stays the same."""
    plain, frames = built("accel"), scenes(length=2)
    model = plain.fusing_key_frames()
    copy = type(model).from_config(model.get_config())
    assert copy.fuse_key_frames and not plain.fuse_key_frames
    expected, after = [], plain.initial_state(1, 48, 64)
    for index, is_key in enumerate((True, False)):
        after = plain.advance(frames[:, index], after, is_key)
        scores = plain.score(frames[:, index], after, False)
        expected.append(plain.logits(*scores, (48, 64)))
    published = plain.step(frames[:, 0], plain.initial_state(1, 48, 64))[0]
    assert np.abs(to_numpy(published - expected[0])).max() > 0.1
    fused = accel_tf.fuse_for_inference(model)
    for form in (model, fused):
        actual, _ = run(form, frames)
        for logits, right in zip(actual, expected, strict=True):
            assert_close(logits, right, 2e-5)
        costs, without = (
            each.multiply_adds(48, 64)
            for each in (form, accel_tf.fuse_for_inference(plain))
        )
        assert costs["key"] > without["key"]
    assert fused.multiply_adds(48, 64)["non_key"] == without["non_key"]


def test_published_warm_up():
    model = small_td4(warm_up="skip")
    fused = accel_tf.fuse_for_inference(model)
    assert_equal_runs(model, fused, scenes(length=4))


@SLOW
def test_equal_in_half_precision():
    """To the noise of half precision, which folding does not increase."""
    precise, _ = pair("td4")
    with policy_scope("mixed_float16"):
        model = MODELS["td4"]()
    model.set_weights(precise.get_weights())
    fused = accel_tf.fuse_for_inference(model)
    policies = {layer.dtype_policy.name for layer in sublayers(fused)}
    assert policies == {"mixed_float16"}
    clip = scenes(length=5)
    expected, half, actual = (
        np.concatenate(run(each, clip)[0]) for each in (precise, model, fused)
    )
    noise = np.sqrt(np.mean((half - expected) ** 2))
    assert np.sqrt(np.mean((actual - expected) ** 2)) < 1.5 * noise


# === The contract ===


@pytest.mark.parametrize(
    "name",
    [
        "pspnet",
        "dff",
        pytest.param("accel", marks=SLOW),
        pytest.param("td2", marks=SLOW),
        pytest.param("feature_fusion_accel", marks=SLOW),
    ],
)
def test_contract(name, make):
    model_checks.check_clip_and_stream(make)
    model_checks.check_sizes_and_tensor_key(make, [(33, 47)])
    model_checks.check_state(make)
    model_checks.check_bad_shapes(make)


def test_description(name):
    model, fused = pair(name)
    for attribute in (
        "name",
        "num_classes",
        "label_map",
        "uses_key_frames",
        "output_stride",
        "dtype_policy",
    ):
        assert getattr(fused, attribute) == getattr(model, attribute)
    paths = [variable.path for variable in fused.weights]
    assert len(set(paths)) == len(paths)


def test_fewer_operations(name):
    model, fused = pair(name)
    assert len(fused.weights) < len(model.weights)
    own, others = ({id(v) for v in x.weights} for x in (fused, model))
    assert not own & others
    before, after = (each.multiply_adds(64, 96) for each in (model, fused))
    assert after["non_key"] <= before["non_key"]
    if name == "feature_fusion_accel":
        # The half of the fusion that the frames after it share.
        assert after["key"] == before["key"] + 4 * 6 * 32 * 16
        assert sum(after.values()) < sum(before.values())
    else:
        assert after["key"] <= before["key"]


@quick("accel", "pspnet")
def test_the_model_is_left_as_it_is(name):
    model, _ = pair(name)
    weights = [weight.copy() for weight in model.get_weights()]
    clip = scenes()
    before = run(model, clip)[0]
    fused = accel_tf.fuse_for_inference(model)
    for variable in fused.weights:
        variable.assign(np.zeros(variable.shape))
    for one, other in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert_all_close(run(model, clip)[0], before, 1e-7)


# === What it cannot do ===


def test_fusing_twice(make):
    fused = make()
    assert accel_tf.fuse_for_inference(fused) is fused


def test_the_class_decides_on_the_form():
    class Other(DeepLab):
        """A kind of DeepLab."""

    backbone = pair("deeplab")[0].backbone
    other = Other(backbone, num_classes=3, head_filters=4)
    assert type(accel_tf.fuse_for_inference(other)) is FusedDeepLab

    @fused_form.register(Other)
    class FusedOther(FusedDeepLab):
        """Its own form."""

    assert type(accel_tf.fuse_for_inference(other)) is FusedOther
    assert type(pair("deeplab")[1]) is FusedDeepLab


def test_a_system_without_savings_is_returned_as_it_is():
    model = accel_tf.VideoSegmenter(5)
    assert accel_tf.fuse_for_inference(model) is model


def test_no_training_and_no_saving(make, tmp_path):
    fused, clip = make(), scenes()
    refused = {
        "train": [
            lambda: fused.fit(clip, epochs=1),
            lambda: fused.train_on_batch(clip),
            lambda: fused(clip, training=True),
        ],
        "save": [
            lambda: fused.save(tmp_path / "model.keras"),
            lambda: fused.save_weights(tmp_path / "model.weights.h5"),
            lambda: fused.get_config(),
        ],
        "load weights into": [
            lambda: fused.load_weights(tmp_path / "model.weights.h5"),
            lambda: fused.set_weights([]),
            lambda: fused.checkpoint_entries(),
        ],
    }
    for verb, calls in refused.items():
        message = f"is fused for inference; {verb} the model it was made of."
        for call in calls:
            with pytest.raises(ValueError, match=message) as error:
                call()
            assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_only_segmenters():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="not a Sequential"):
        accel_tf.fuse_for_inference(network)
