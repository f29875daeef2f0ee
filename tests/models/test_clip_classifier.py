"""What every clip classifier keeps."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from clip_models import tiny_classifier

import accel_tf


def clips(batch=2, frames=6, height=32, width=48, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (batch, frames, height, width, 3), "uint8")


def test_any_number_of_frames_and_size():
    model = tiny_classifier()
    for clip in (clips(frames=1), clips(frames=7), clips(1, 3, 64, 96)):
        logits = to_numpy(model(clip))
        assert logits.shape == (len(clip), 3) and logits.dtype == np.float32
        probabilities = to_numpy(model.probabilities(clip))
        np.testing.assert_allclose(probabilities.sum(-1), 1, atol=1e-6)


def test_larger_frames_are_decided_at_several_positions():
    model = tiny_classifier()
    clip = clips(1, 3, 64, 96)
    logits = to_numpy(model.logits_by_position(clip))
    assert logits.shape == (1, 2, 3, 3)
    exponentials = np.exp(logits)
    softmax = exponentials / exponentials.sum(-1, keepdims=True)
    np.testing.assert_allclose(
        to_numpy(model.probabilities(clip)), softmax.mean((1, 2)), atol=1e-6
    )
    np.testing.assert_allclose(
        to_numpy(model(clip)), logits.mean((1, 2)), atol=1e-6
    )


def test_the_order_of_channels_is_an_argument():
    rgb, bgr = tiny_classifier(), tiny_classifier(channel_order="bgr")
    bgr.set_weights(rgb.get_weights())
    clip = clips()
    np.testing.assert_allclose(
        to_numpy(bgr(clip)), to_numpy(rgb(clip[..., ::-1])), atol=1e-6
    )
    assert np.abs(to_numpy(bgr(clip)) - to_numpy(rgb(clip))).max() > 1e-4


def test_the_order_of_frames_matters():
    model = tiny_classifier()
    clip = clips()
    difference = to_numpy(model(clip)) - to_numpy(model(clip[:, ::-1]))
    assert np.abs(difference).max() > 1e-4


def test_clips_of_a_batch_do_not_see_each_other():
    model = tiny_classifier()
    clip = clips()
    alone = np.concatenate([to_numpy(model(clip[i : i + 1])) for i in (0, 1)])
    np.testing.assert_allclose(to_numpy(model(clip)), alone, atol=1e-5)


def test_a_file_holds_everything(tmp_path):
    names = ("wave", "jump", "sit")
    model = tiny_classifier(
        class_names=names, channel_order="bgr", causal=True, frame_step=4
    )
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert loaded.class_names == names
    assert (loaded.channel_order, loaded.causal) == ("bgr", True)
    assert (loaded.frame_step, loaded.fused().frame_step) == (4, 4)
    assert type(accel_tf.load_model(path)) is type(model)
    old = model.get_config()
    del old["frame_step"]  # as of a file of an earlier version
    assert type(model).from_config(old).frame_step == "unknown"
    np.testing.assert_allclose(
        to_numpy(loaded(clips())), to_numpy(model(clips())), atol=1e-6
    )


def test_fused_form():
    model = tiny_classifier()
    fused = accel_tf.fuse_for_inference(model)
    assert len(fused.weights) < len(model.weights)
    np.testing.assert_allclose(
        to_numpy(fused(clips())), to_numpy(model(clips())), atol=1e-4
    )
    assert fused.multiply_adds(64, 64) == model.multiply_adds(64, 64)
    assert fused.fused() is fused
    with pytest.raises(ValueError, match="train the model it was made of"):
        fused(clips(), training=True)


@pytest.mark.slow  # The recipe's test trains one, too.
def test_learns():
    model = tiny_classifier()
    clip, classes = clips(12), np.arange(12) % 3
    clip[classes == 1] //= 4
    clip[classes == 2] = 255 - clip[classes == 2] // 4
    model.compile(
        keras.optimizers.Adam(1e-2),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,  # compiling takes longer than learning
    )
    losses = model.fit(clip, classes, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


# === Live video ===


def test_a_stream_gives_what_the_clip_gives():
    model = tiny_classifier(causal=True)
    for form in (model, accel_tf.fuse_for_inference(model)):
        clip = clips(frames=6)
        state = form.initial_state(2, 32, 48)
        for index in range(6):
            logits, state = form.step(clip[:, index], state)
            if index in (0, 2, 5):  # before and after the window is full
                whole = to_numpy(model(clip[:, : index + 1]))
                np.testing.assert_allclose(to_numpy(logits), whole, atol=2e-5)


def test_no_frame_sees_a_later_one():
    model = tiny_classifier(causal=True)
    clip = clips(1, 8)
    early = to_numpy(model.stage_outputs(clip)[-1])
    clip[:, 5:] = 0
    late = to_numpy(model.stage_outputs(clip)[-1])
    np.testing.assert_allclose(early[:, :5], late[:, :5], atol=1e-6)
    assert np.abs(early[:, 5:] - late[:, 5:]).max() > 1e-3


# === Mistakes ===


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"channel_order": "gbr"}, "channel_order must be one of rgb, bgr"),
        ({"class_names": ["a"]}, "class_names has 1 names, the model 3"),
        ({"frames": 0}, "frames must be 1 or more, not 0"),
        ({"frame_step": 0}, "frame_step must be a number above 0, None"),
        ({"crop_size": "big"}, "crop_size must be 1 or more, not 'big'"),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny_classifier(**arguments)


def test_clips_are_checked():
    model = tiny_classifier(crop_size=64)
    with pytest.raises(ValueError, match=r"clip must be \[B, T, H, W, 3\]"):
        model.probabilities(clips()[0])
    with pytest.raises(ValueError, match="64x64 pixels and takes no 32x48"):
        model.probabilities(clips())
    with pytest.raises(ValueError, match="make it with causal=True"):
        model.step(clips()[:, 0], {})
    with pytest.raises(ValueError, match="make it with causal=True"):
        model.initial_state(1, 64, 64)


def test_outside_of_a_clip_networks_say_what_they_need():
    with pytest.raises(RuntimeError, match="called without their length"):
        tiny_classifier().backbone(np.zeros((2, 32, 32, 3), "float32"))
