"""`SceneCuts`: what is a cut, and what it does to a stream."""

import keras
import numpy as np
import pytest
from keras import ops
from small_models import small_deeplab, small_dff, small_td2

import accel_tf
from accel_tf.streaming.cut_rule import CutRule, thumbnail

HEIGHT, WIDTH = 48, 64


def scene(seed, count=8, step=1):
    """A pan over a picture of its own, uint8 `[count, HEIGHT, WIDTH, 3]`."""
    rng = np.random.default_rng(seed)
    grid = rng.uniform(60, 190, (9, 18, 3))
    tall = np.linspace(0, 7.99, HEIGHT)
    wide = np.linspace(0, 16.99, WIDTH + step * count)
    picture = _between(_between(grid, tall, 0), wide, 1)
    return np.stack(
        [
            picture[:, step * index :][:, :WIDTH].astype("uint8")
            for index in range(count)
        ]
    )


def _between(grid, places, axis):
    low = places.astype(int)
    part = np.expand_dims(places - low, [i for i in range(3) if i != axis])
    return (1 - part) * grid.take(low, axis) + part * grid.take(low + 1, axis)


def cuts(frames):
    """Indices of the frames that are taken for the first of a scene."""
    policy = accel_tf.SceneCuts(accel_tf.FixedInterval(5))
    found = []
    for index, frame in enumerate(frames):
        if policy.is_cut(frame[None]):
            found.append(index)
        policy.observe(False, {})
    return found


class Still(accel_tf.VideoSegmenter):
    """Sees no change; frames of floats make it fail."""

    uses_key_frames = True
    output_stride = 1
    signals = ("residual",)

    def __init__(self):
        super().__init__(2)
        self.built = True

    def score(self, frame, state, is_key, training=None):
        if "float" in keras.backend.standardize_dtype(frame.dtype):
            raise RuntimeError("no floats")
        return ops.cast(frame[..., :2], "float32"), None

    def segment_between(self, frame, state, names):
        scores, bias = self.score(frame, state, False)
        return scores, bias, state, {"residual": scores[:, 0, 0, 0] * 0}


def lit(frames, gain, offset=0):
    return np.clip(frames * gain + offset, 0, 255).astype("uint8")


def test_cuts_are_found_where_they_are():
    for seed in range(0, 10, 2):
        frames = [scene(seed), scene(seed + 1), scene(seed)]
        assert cuts(np.concatenate(frames)) == [8, 16]


def test_a_change_of_light_or_a_pan_is_none():
    frames = scene(3, 12)
    flash = frames.copy()
    flash[5:7] = lit(flash[5:7], 1.4, 60)
    white = frames.copy()
    white[5] = 255
    darker = np.concatenate([frames[:6], lit(frames[6:], 0.5)])
    flicker = np.stack(
        [lit(f, 1 - 0.3 * (i % 2)) for i, f in enumerate(frames)]
    )
    for changed in (flash, white, darker, flicker, scene(3, 12, step=6)):
        assert cuts(changed) == []


def test_what_comes_out_of_black_is_compared_with_what_went_in():
    frames, black = scene(4), np.zeros((3, HEIGHT, WIDTH, 3), "uint8")
    assert cuts(np.concatenate([frames, black, frames[-2:]])) == []
    assert cuts(np.concatenate([frames, black, scene(5)])) == [11]
    assert cuts(np.concatenate([black, frames])) == [3]


def test_thumbnails_of_any_size_are_means():
    frame = np.full((1, 7, 5, 3), 51, "uint8")
    np.testing.assert_array_equal(thumbnail(frame), np.float32(0.2))
    rows = np.repeat(np.arange(96, dtype="uint8"), 128 * 3)
    picture = thumbnail(rows.reshape(1, 96, 128, 3))[0]
    means = np.arange(96).reshape(24, 4).mean(1) / 255
    np.testing.assert_allclose(picture, means[:, None].repeat(32, 1), 1e-6)


def test_streams_side_by_side_are_compared_each_with_itself():
    rule = CutRule()
    first = thumbnail(np.stack([scene(1)[0], scene(2)[0]]))
    second = thumbnail(np.stack([scene(1)[1], scene(5)[0]]))
    _, state = rule.compare(rule.start(2), first)
    is_cut, _ = rule.compare(state, second)
    assert is_cut.tolist() == [False, True]


def _smoothed():
    return accel_tf.smooth(small_deeplab(), small_dff().flow_network)


@pytest.mark.parametrize(
    "make",
    [
        small_dff,
        pytest.param(small_td2, marks=pytest.mark.slow),
        pytest.param(_smoothed, marks=pytest.mark.slow),
    ],
)
def test_frames_after_a_cut_are_those_of_a_new_stream(make):
    model = make()
    policy = accel_tf.SceneCuts(accel_tf.FixedInterval(3))
    stream = accel_tf.VideoStream(model, policy, keep_scores=True)
    for frame in scene(6, 2):
        stream(frame[None])
        assert stream.is_cut is False
    new = accel_tf.VideoStream(
        model, accel_tf.FixedInterval(3), keep_scores=True
    )
    for index, frame in enumerate(scene(7, 5)):
        np.testing.assert_array_equal(stream(frame[None]), new(frame[None]))
        np.testing.assert_array_equal(stream.scores, new.scores)
        assert stream.is_cut is (index == 0)
        assert stream.is_key == new.is_key
        assert stream.frames_since_key == new.frames_since_key


def test_a_frame_that_fails_is_as_if_it_had_not_come():
    policy = accel_tf.SceneCuts(accel_tf.FixedInterval(5))
    stream = accel_tf.VideoStream(Still(), policy)
    for frame in scene(8, 2):
        stream(frame[None])
    other = scene(9, 1)[0]
    with pytest.raises(RuntimeError, match="no floats"):
        stream(other[None].astype("float32"))
    stream(other[None])
    assert stream.is_cut and stream.is_key
    stream.reset_state()
    assert stream.is_cut is None
    stream(scene(8, 1))
    assert stream.is_cut is False


def test_a_share_goes_on_over_cuts():
    policy = accel_tf.SceneCuts(accel_tf.AdaptiveKeyframes(0.25))
    assert policy.signals == ("residual",)
    stream = accel_tf.VideoStream(Still(), policy)
    frames = [scene(index % 7, 2) for index in range(20)]
    keys = []
    for frame in np.concatenate(frames):
        stream(frame[None])
        keys.append(stream.is_key)
    # Every other frame is the first of a scene: more than was wanted.
    assert sum(keys) == 20


def test_it_wraps_a_policy():
    with pytest.raises(TypeError, match="must be a KeyframePolicy.* got 5"):
        accel_tf.SceneCuts(5)
