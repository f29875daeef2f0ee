"""`ClipStream`: what each mode gives beside the whole clip."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from clip_models import tiny_classifier
from keras import layers

import accel_tf
from accel_tf.layers.clip_pooling import ClipPooling
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.layers.squeeze_excitation import SqueezeExcitation
from accel_tf.layers.window_time import WindowEnds

pytestmark = pytest.mark.usefixtures("untraced")


class Small(accel_tf.ClipClassifier):
    """A few layers, with all that looks at other frames; random weights."""

    def __init__(self, **arguments):
        super().__init__(3, **{"frames": 3, "crop_size": 32, **arguments})
        frames = keras.Input((None, None, 3))
        x = layers.AveragePooling2D(8)(frames)
        x = shortcut = layers.ReLU()(DepthwiseConv3D((5, 1, 1))(x))
        x = layers.ReLU()(DepthwiseConv3D((3, 3, 3))(x))
        x = layers.Add()([SqueezeExcitation(2)(x), shortcut])
        x = SqueezeExcitation(2)(DepthwiseConv3D((3, 1, 1))(x))
        x = layers.AveragePooling2D(4)(x)
        self.backbone = keras.Model(frames, x)
        self.backbone.output_stride = 32
        features = keras.Input((None, None, 3))
        x = ClipPooling(self.positions_side)(features)
        self.head = keras.Model(features, layers.Conv2D(3, 1)(x))
        self.built = True
        rng = np.random.default_rng(0)
        for weight in self.weights:
            weight.assign(rng.normal(0, 0.7, weight.shape))


class Segmenter(accel_tf.VideoSegmenter):
    """It is only there to be refused."""


def video(frames, batch=1, height=32, width=32, seed=0):
    rng = np.random.default_rng(seed)
    shape = (frames, batch, height // 8, width // 8, 3)
    # Large squares: of noise little is left in the means.
    blocks = rng.integers(0, 256, shape, "uint8")
    return blocks.repeat(8, axis=2).repeat(8, axis=3)


def whole(model, frames):
    return to_numpy(model.probabilities(np.stack(frames, axis=1)))


# === The window ===


@pytest.mark.parametrize("window", [1, 3, 7, 9])
def test_the_window_is_the_clip_of_the_last_frames(window):
    model = Small(frames=window)
    stream = accel_tf.ClipStream(model)
    frames = video(window + 2, batch=2, width=64)  # two positions
    given = []
    for index, frame in enumerate(frames):
        probabilities = stream(frame)
        if index < window - 1:
            assert probabilities is None and not stream.is_full
        else:
            clip = frames[index + 1 - window : index + 1]
            assert probabilities.dtype == np.float32 and stream.is_full
            np.testing.assert_allclose(
                probabilities, whole(model, clip), atol=2e-6
            )
            given.append(probabilities)
    assert np.std(given, axis=0).max() > 1e-3


def test_a_fused_network_has_the_same_window():
    model = accel_tf.fuse_for_inference(tiny_classifier(frames=9))
    stream = accel_tf.ClipStream(model)
    frames = video(10)
    for frame in frames:
        probabilities = stream(frame)
    np.testing.assert_allclose(
        probabilities, whole(model, frames[1:]), atol=2e-6
    )


def test_changed_weights_count_from_the_next_frame():
    model = Small(frames=1)
    stream = accel_tf.ClipStream(model)
    frame = video(1)[0]
    before = stream(frame)
    model.head.layers[-1].bias.assign([0.0, 1.0, 2.0])
    after = stream(frame)
    assert np.abs(after - before).max() > 0.1
    np.testing.assert_allclose(after, whole(model, [frame]), atol=2e-6)


def test_only_every_third_window_is_decided():
    model = Small(frames=2)
    stream = accel_tf.ClipStream(model, every=3)
    exact = accel_tf.ClipStream(model)
    expected = None
    for index, frame in enumerate(video(8)):
        probabilities, now = stream(frame), exact(frame)
        if index in (1, 4, 7):
            expected = now
        if index == 0:
            assert probabilities is None
        else:
            np.testing.assert_array_equal(probabilities, expected)


# === Causal ===


def test_a_causal_stream_is_the_clip_so_far():
    model = Small(causal=True)
    stream = accel_tf.ClipStream(model)
    frames = video(5, batch=2, width=64)  # decided at two positions
    for index, frame in enumerate(frames):
        probabilities = stream(frame)
        assert stream.is_full == (index >= 2)
        if index in (0, 4):
            expected = whole(model, frames[: index + 1])
            np.testing.assert_allclose(probabilities, expected, atol=2e-6)


# === Frames that count ===


@pytest.mark.parametrize(
    "step, counted",
    [(1, range(7)), (3, (0, 3, 6)), (2.5, (0, 3, 5))],
)
def test_frames_between_those_that_count(step, counted):
    model = Small(causal=True)
    stream = accel_tf.ClipStream(model, step=step)
    every = accel_tf.ClipStream(model)
    expected = None
    for index, frame in enumerate(video(7)):
        probabilities = stream(frame)
        assert stream.counted is (index in counted)
        if stream.counted:
            expected = every(frame)
        np.testing.assert_array_equal(probabilities, expected)
    assert stream.frames_seen == len(counted)


@pytest.mark.parametrize(
    "frame_step, step", [(4, 4), (2.5, 2.5), (0.5, 1), ("unknown", 1)]
)
def test_the_model_knows_its_step(frame_step, step):
    model = Small(causal=True, frame_step=frame_step)
    assert accel_tf.ClipStream(model).step == step
    assert accel_tf.ClipStream(model, step=3).step == 3


def test_clips_of_whole_videos_are_not_live():
    model = Small(causal=True, frame_step=None)
    with pytest.raises(ValueError, match="spread over whole videos") as error:
        accel_tf.ClipStream(model)
    assert "\n" not in str(error.value)
    assert accel_tf.ClipStream(model, step=1).step == 1


def test_a_new_stream_begins_with_another_shape_and_on_demand():
    model = Small(causal=True)
    stream = accel_tf.ClipStream(model, step=2)
    first, second = video(2)
    alone = stream(first)
    stream(second)
    stream.reset_state()
    assert stream.probabilities is None and stream.counted is None
    np.testing.assert_array_equal(stream(first), alone)
    assert stream(video(1, batch=2)[0]).shape == (2, 3)
    assert stream.frames_seen == 1 and stream.counted


def test_a_frame_of_wrong_form_leaves_the_stream_as_it_was():
    model = Small(causal=True, crop_size=33)
    stream, undisturbed = accel_tf.ClipStream(model), accel_tf.ClipStream(model)
    first, second = video(2, height=64, width=64)
    stream(first)
    undisturbed(first)
    for bad in (first[0], first[..., :2], first[:, :0]):
        with pytest.raises(ValueError, match=r"\[B, H, W, 3\]"):
            stream(bad)
    with pytest.raises(ValueError, match="33x33 pixels and takes no 32x64"):
        stream(first[:, :32])
    np.testing.assert_array_equal(stream(second), undisturbed(second))


# === Mistakes ===


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"mode": "fast"}, "mode must be one of window, .*, not 'fast'"),
        ({"mode": "causal"}, "make it with causal=True for the mode"),
        ({"step": 0}, "step must be a number, 1 or more, not 0"),
        ({"step": "5"}, "step must be a number, 1 or more, not '5'"),
        ({"every": 0}, "every must be a whole number, 1 or more, not 0"),
        ({"every": 1.5}, "every must be a whole number, 1 or more, not 1.5"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        accel_tf.ClipStream(Small(), **arguments)
    assert "\n" not in str(error.value)


def test_means_that_a_moving_window_has_not():
    with pytest.raises(ValueError, match="pool takes a mean .* causal=True"):
        WindowEnds({}, 3, 1).mean(None, "pool")


def test_streams_take_their_own_kind_of_model():
    with pytest.raises(ValueError, match="is causal and takes the mode") as e:
        accel_tf.ClipStream(Small(causal=True), "window")
    errors = [e]
    with pytest.raises(ValueError, match="take accel_tf.ClipStream") as error:
        accel_tf.VideoStream(Small())
    errors.append(error)
    for other in (Segmenter(2), 5):
        with pytest.raises(
            ValueError, match="is no ClipClassifier: accel"
        ) as error:
            accel_tf.ClipStream(other)
        errors.append(error)
    assert not any("\n" in str(error.value) for error in errors)
