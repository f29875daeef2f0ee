"""`VideoStream` and the key-frame policies, with a model that counts."""

import keras
import numpy as np
import pytest
from keras import ops
from small_models import small_deeplab, small_dff

import accel_tf
from accel_tf.models.fuse import FusedSegmenter

HEIGHT, WIDTH = 4, 6


class Counter(accel_tf.VideoSegmenter):
    """Labels every pixel with the number of frames since the key frame.

    The one weight is added to the label. Frames of the dtype int16 make it
    fail.
    """

    uses_key_frames = True
    output_stride = 1

    def __init__(self, num_classes=9):
        super().__init__(num_classes)
        self.offset = self.add_weight(shape=(), initializer="zeros")
        self.built = True

    def initial_state(self, batch_size, height, width):
        return {"count": ops.zeros((batch_size,), "int32")}

    def advance(self, frame, state, is_key, training=None):
        if keras.backend.standardize_dtype(frame.dtype) == "int16":
            raise RuntimeError("no int16")
        zeros = ops.zeros_like(state["count"])
        return {"count": zeros if is_key else state["count"] + 1}

    def score(self, frame, state, is_key, training=None):
        label = state["count"] + ops.cast(self.offset, "int32")
        scores = ops.one_hot(label, self.num_classes)[:, None, None]
        shape = (*ops.shape(frame)[:3], self.num_classes)
        return ops.broadcast_to(scores, shape), None


class ScriptedPolicy(accel_tf.KeyframePolicy):
    """Takes its decisions from a list and notes what it is asked."""

    def __init__(self, *decisions):
        self.decisions = list(decisions)
        self.asked = []
        self.resets = 0

    def is_key(self, frame, frames_since_key):
        self.asked.append((frame.shape, frames_since_key))
        return self.decisions.pop(0)

    def reset(self):
        self.resets += 1


def frame(batch=1, height=HEIGHT, width=WIDTH, dtype="uint8"):
    return np.zeros((batch, height, width, 3), dtype)


def label(stream, *args, **kwargs):
    """The one label that a new frame gets."""
    labels = stream(frame(*args, **kwargs))
    assert (labels == labels.flat[0]).all()
    return int(labels.flat[0])


def test_every_fifth_frame_by_default():
    stream = accel_tf.VideoStream(Counter())
    assert stream.is_key is None and stream.frames_since_key is None
    for index in range(12):
        assert label(stream) == index % 5
        assert stream.is_key is (index % 5 == 0)
        assert stream.frames_since_key == index % 5


def test_labels_are_uint8_pixels():
    labels = accel_tf.VideoStream(Counter())(frame(2, 3, 7))
    assert isinstance(labels, np.ndarray)
    assert labels.dtype == np.uint8 and labels.shape == (2, 3, 7)


def test_interval_one_makes_every_frame_a_key_frame():
    stream = accel_tf.VideoStream(Counter(), accel_tf.FixedInterval(1))
    for _ in range(3):
        assert label(stream) == 0
        assert stream.is_key


def test_reset_state():
    stream = accel_tf.VideoStream(Counter())
    assert [label(stream), label(stream), label(stream)] == [0, 1, 2]
    stream.reset_state()
    assert stream.is_key is None and stream.frames_since_key is None
    assert [label(stream), label(stream)] == [0, 1]


def test_another_size_or_batch_starts_with_a_key_frame():
    stream = accel_tf.VideoStream(Counter())
    for change in ({}, {"height": 5}, {"width": 3}, {"batch": 2}, {}):
        assert label(stream, **change) == 0
        assert stream.is_key
        assert label(stream, **change) == 1


def test_another_dtype_goes_on():
    stream = accel_tf.VideoStream(Counter())
    assert label(stream) == 0
    assert label(stream, dtype="float32") == 1
    assert label(stream) == 2


@pytest.mark.parametrize(
    "shape", [(4, 6, 3), (1, 4, 6, 4), (1, 4, 6), (1, 0, 6, 3), (0, 4, 6, 3)]
)
def test_a_frame_of_wrong_form_leaves_the_stream_as_it_was(shape):
    stream = accel_tf.VideoStream(Counter())
    assert [label(stream), label(stream)] == [0, 1]
    with pytest.raises(ValueError, match=r"\[B, H, W, 3\]") as error:
        stream(np.zeros(shape, "uint8"))
    assert str(shape) in str(error.value)
    assert not stream.is_key and stream.frames_since_key == 1
    assert label(stream) == 2


@pytest.mark.parametrize("change", [{}, {"height": 5}, {"batch": 2}])
def test_a_step_that_fails_leaves_the_stream_as_it_was(change):
    stream = accel_tf.VideoStream(Counter())
    assert [label(stream), label(stream)] == [0, 1]
    with pytest.raises(RuntimeError, match="no int16"):
        label(stream, dtype="int16", **change)
    assert stream.is_key is False and stream.frames_since_key == 1
    assert label(stream) == 2


def test_a_first_step_that_fails_leaves_no_trace():
    stream = accel_tf.VideoStream(Counter())
    with pytest.raises(RuntimeError, match="no int16"):
        label(stream, dtype="int16")
    assert stream.is_key is None and stream.frames_since_key is None
    assert label(stream) == 0


def test_a_policy_of_ones_own():
    policy = ScriptedPolicy(False, True, False, np.bool_(True))
    stream = accel_tf.VideoStream(Counter(), policy)
    assert [label(stream) for _ in range(5)] == [0, 1, 0, 1, 0]
    assert stream.is_key is True
    # The first frame is a key frame whatever the policy may say.
    shape = (1, HEIGHT, WIDTH, 3)
    assert policy.asked == [(shape, 1), (shape, 2), (shape, 1), (shape, 2)]


def test_the_policy_is_reset_with_the_stream():
    policy = ScriptedPolicy(False, False)
    stream = accel_tf.VideoStream(Counter(), policy)
    label(stream)
    label(stream)
    started = policy.resets
    label(stream, height=5)
    assert policy.resets == started + 1
    stream.reset_state()
    assert policy.resets == started + 2


def test_a_policy_that_fails_leaves_the_stream_as_it_was():
    policy = ScriptedPolicy(False)
    stream = accel_tf.VideoStream(Counter(), policy)
    assert [label(stream), label(stream)] == [0, 1]
    with pytest.raises(IndexError):
        label(stream)
    policy.decisions = [False]
    assert label(stream) == 2


def test_streams_of_one_model_do_not_mix():
    model = Counter()
    first, second = accel_tf.VideoStream(model), accel_tf.VideoStream(model)
    assert [label(first), label(first)] == [0, 1]
    assert label(second) == 0
    assert label(first) == 2
    assert label(second) == 1


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="nothing is compiled there"
)
def test_a_second_stream_of_a_model_compiles_nothing(tmp_path):
    model = Counter()
    traced = []
    score = model.score
    model.score = lambda *args, **kwargs: (
        traced.append(1) or score(*args, **kwargs)
    )
    label(accel_tf.VideoStream(model))
    count = len(traced)
    assert count
    assert label(accel_tf.VideoStream(model)) == 0
    assert len(traced) == count
    # What was compiled is no part of the model's file.
    model.save_weights(tmp_path / "model.weights.h5")
    Counter().load_weights(tmp_path / "model.weights.h5")


def test_changed_weights_count_from_the_next_frame():
    model = Counter()
    stream = accel_tf.VideoStream(model)
    assert [label(stream), label(stream)] == [0, 1]
    model.offset.assign(3.0)
    assert label(stream) == 3 + 2
    model.set_weights([np.array(1.0, "float32")])
    assert label(stream) == 1 + 3


def test_per_frame_models_have_key_frames_only():
    class PerFrame(Counter):
        uses_key_frames = False

    policy = ScriptedPolicy()
    stream = accel_tf.VideoStream(PerFrame(), policy)
    for _ in range(3):
        assert label(stream) == 0
        assert stream.is_key is True and stream.frames_since_key == 0
    assert policy.asked == []


def test_labels_and_the_mark_of_no_class_fit_in_uint8():
    assert label(accel_tf.VideoStream(Counter(255))) == 0
    with pytest.raises(ValueError, match="must be 1 to 255, not 256"):
        Counter(256)


@pytest.mark.parametrize("interval", [1, 3, np.int64(3)])
def test_fixed_interval(interval):
    policy = accel_tf.FixedInterval(interval)
    for frames_since_key in range(1, 5):
        decision = policy.is_key(frame(), frames_since_key)
        assert decision == (frames_since_key >= interval)


@pytest.mark.parametrize("interval", [0, -1, 2.5, "x", None])
def test_fixed_interval_wants_a_whole_number(interval):
    with pytest.raises(ValueError, match="whole number, 1 or more, got") as e:
        accel_tf.FixedInterval(interval)
    assert str(interval) in str(e.value) and "\n" not in str(e.value)


def test_a_number_is_no_policy():
    with pytest.raises(TypeError, match=r"such as FixedInterval\(5\), got 5"):
        accel_tf.VideoStream(Counter(), 5)


def test_a_model_that_compiles_itself():
    class Compiled(Counter):
        def compile_step(self):
            def step(frame, state, is_key):
                return np.full(frame.shape[:3], 7, "uint8"), state

            return step

    stream = accel_tf.VideoStream(Compiled())
    assert [label(stream), label(stream)] == [7, 7]


class Ramp(accel_tf.VideoSegmenter):
    """Class 1 right of column 10.3 of the frame, by scores of stride 4."""

    output_stride = 4

    def score(self, frame, state, is_key, training=None):
        batch, height, width = ops.shape(frame)[:3]
        column = ops.arange(width // 4, dtype="float32") * 4 + 1.5
        right = ops.broadcast_to(
            column - 10.3, (batch, height // 4, width // 4)
        )
        return ops.stack([0 * right, right], axis=-1), ops.array([1.0, 1.0])

    def fused(self):
        return FusedRamp(self)


class FusedRamp(FusedSegmenter, Ramp):
    """The same, compiled in the other way."""


@pytest.mark.parametrize("keep_scores", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_scores_are_enlarged_rather_than_labels(fused, keep_scores):
    model = Ramp(2).fused() if fused else Ramp(2)
    stream = accel_tf.VideoStream(model, keep_scores=keep_scores)
    labels = stream(frame(height=8, width=24), size=(24, 72))
    assert labels.shape == (1, 24, 72) and labels.dtype == np.uint8
    # Between two pixels of the frame, where enlarged labels have none.
    places = (np.arange(72) + 0.5) / 3 - 0.5
    expected = np.broadcast_to(places > 10.3, (24, 72))
    np.testing.assert_array_equal(labels[0, 6:-6, :66], expected[6:-6, :66])
    assert (expected[0].argmax()) % 3, "nothing is between the pixels"
    # The size of the frame is the same as none.
    small = stream(frame(height=8, width=24), size=(8, 24))
    np.testing.assert_array_equal(small, stream(frame(height=8, width=24)))
    if not keep_scores:
        assert stream.scores is None
        return
    assert stream.scores.dtype == np.float32
    expected = [0 * np.arange(6) + 1, np.arange(6) * 4 + 1.5 - 9.3]
    np.testing.assert_allclose(
        stream.scores,
        np.broadcast_to(np.stack(expected, -1), (1, 2, 6, 2)),
        atol=1e-6,
    )
    stream.reset_state()
    assert stream.scores is None


def test_labels_of_a_model_without_scores_are_enlarged_smoothly():
    class Compiled(Counter):
        def compile_step(self):
            def step(frame, state, is_key):
                return frame[..., 0], state

            return step

    rows, columns = np.mgrid[:16, :16]
    image = frame(height=16, width=16)
    image[..., 0] = 9 * (rows + columns < 15)
    labels = accel_tf.VideoStream(Compiled())(image, size=(64, 64))[0]
    assert set(np.unique(labels)) == {0, 9}
    # A straight edge: steps of a pixel instead of four.
    lengths = (labels == 9).sum(axis=1)[8:-8]
    assert np.abs(np.diff(lengths)).max() <= 2
    with pytest.raises(ValueError, match="labels alone, no scores"):
        accel_tf.VideoStream(Compiled(), keep_scores=True)


@pytest.mark.parametrize("make", [small_deeplab, small_dff])
def test_frames_that_are_too_small_are_named(make):
    model = make()
    for form in (model, accel_tf.fuse_for_inference(model)):
        stream = accel_tf.VideoStream(form)
        expected = "takes frames of 3x3 pixels or more, not of 2x40; enlarge"
        with pytest.raises(ValueError, match=expected):
            stream(np.zeros((1, 2, 40, 3), np.uint8))
    labels = stream(np.zeros((1, 3, 3, 3), np.uint8))
    assert labels.shape == (1, 3, 3)
