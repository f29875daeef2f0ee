"""Key frames whose result comes in over several frames."""

import functools

import model_checks
import numpy as np
import pytest
from backend import to_numpy
from fake_segmenters import PaintedLabels
from keras import ops
from model_tools import assert_all_close, assert_close, run, scenes
from small_models import built, lively, small_flow_network, small_light_deeplab

import accel_tf
from accel_tf.models.blending import first_shown, next_shown, nothing_shown

KEYS = [True, False, False, True, False, False]
FRAMES = 3


def _propagated():
    return lively(
        accel_tf.propagate(
            small_light_deeplab(), small_flow_network(), blend=FRAMES
        )
    )


@functools.cache
def blended(name):
    if name == "propagated":
        model = _propagated()
    else:
        model = accel_tf.with_blend(built(name), FRAMES)
    # Slow enough for the warps to leave something within the frame.
    flow = model.flow_network.get_layer("Convolution5")
    flow.set_weights([0.2 * weight for weight in flow.get_weights()])
    return model


def shown(given, keys, frames, trust=1.0, state=None):
    """What is on show of scores that stand still, `[1, 1, 1, 1]` each."""
    still = np.zeros((1, 1, 1, 2), "float32")
    trust = np.full((1, 1, 1, 1), trust, "float32")
    values = []
    for number, is_key in zip(given, keys, strict=True):
        scores = ops.full((1, 1, 1, 1), number, "float32")
        if state is None:
            state = first_shown(scores)
        else:
            state = next_shown(scores, state, still, trust, is_key, frames)
        values.append(float(to_numpy(state["shown"])[0, 0, 0, 0]))
    return values


def test_a_key_frame_comes_in_by_equal_steps():
    keys = [True, True, False, False, False, False]
    values = shown([0, 8, 8, 8, 8, 8], keys, 4)
    np.testing.assert_allclose(values, [0, 2, 4, 6, 8, 8], atol=1e-5)


def test_the_next_key_frame_goes_on_from_what_is_shown():
    values = shown([0, 8, 8, 0], [True, True, False, True], 4)
    np.testing.assert_allclose(values, [0, 2, 4, 3], atol=1e-5)


def test_what_the_flow_does_not_explain_is_seen_at_once():
    assert shown([0, 8, 8], [True, True, False], 4, trust=0.0) == [0, 8, 8]


def test_nothing_is_kept_of_the_zeros_before_the_first_frame():
    state = nothing_shown((1, 1, 1, 1))
    assert shown([8, 8], [True, False], 4, state=state) == [8, 8]


@pytest.mark.parametrize(
    "name",
    [
        # Accel inherits what it does.
        pytest.param("dff", marks=pytest.mark.slow),
        "accel",
        "feature_fusion_accel",
        "propagated",
    ],
)
def test_both_forms_blend(name, untraced):
    model, clip = blended(name), scenes(length=len(KEYS), height=49, width=66)
    plain = accel_tf.with_blend(model, 0)
    before = run(plain, clip, KEYS)[0]
    after = run(model, clip, KEYS)[0]
    apart = [np.abs(x - y).max() for x, y in zip(after, before, strict=True)]
    # All of the first interval is as it was, and the last of the second.
    assert max(*apart[:3], apart[5]) < 1e-5 < 1e-2 < min(apart[3:5])
    fused = accel_tf.fuse_for_inference(model)
    assert_all_close(run(fused, clip, KEYS)[0], after, 5e-5)


@pytest.mark.parametrize("name", ["accel", "propagated"])
def test_scores_after_advance_are_those_of_segment(name, untraced):
    model, clip = blended(name), scenes(length=2)
    _, before = model.step(clip[:, 0], model.initial_state(1, 48, 64))
    for is_key in (True, False):
        scores, _, _ = model.segment(clip[:, 1], before, is_key)
        state = model.advance(clip[:, 1], before, is_key)
        assert_close(model.score(clip[:, 1], state, is_key)[0], scores, 1e-5)


@pytest.mark.parametrize("name", ["accel", "propagated"])
def test_the_state_and_the_config(name, untraced):
    def make():
        return blended(name)

    model_checks.check_state(make)
    model_checks.check_config(make)


def test_a_key_frame_costs_the_flow():
    plain, model = built("accel"), blended("accel")
    for each, other in (
        (plain, model),
        (plain.fused(), model.fused()),
    ):
        cost, blending = (m.multiply_adds(48, 64) for m in (each, other))
        more = blending["non_key"] - cost["non_key"]
        # A warp of the scores of 5 classes, 4 taps each.
        assert 0 < more <= 4 * 5 * 3 * 4
        flow = model.flow_network.multiply_adds(48, 64)
        assert blending["key"] - cost["key"] == flow + more


def test_who_cannot_blend_says_so():
    for frames in (-1, 2.5, True, "5"):
        with pytest.raises(ValueError, match="blend must be a number of fra"):
            accel_tf.with_blend(built("dff"), frames)
    smooth = accel_tf.smooth(PaintedLabels(3), small_flow_network())
    for model in (PaintedLabels(3), smooth):
        with pytest.raises(ValueError, match="carries no key frames along"):
            accel_tf.with_blend(model, 5)
