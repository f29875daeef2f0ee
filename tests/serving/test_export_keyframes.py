"""Exports whose key frames are chosen where they pay."""

import json

import numpy as np
import pytest
from exported_models import (
    Loaded,
    SumsFrames,
    decode,
    only_signatures,
    png,
    stream_inputs,
)
from keras import ops

import accel_tf
from accel_tf import commands
from accel_tf.serving.export.saved_model import export_saved_model

SHARE = 0.4


class Brighter(SumsFrames):
    """A frame differs from the one before by as much as it is bright."""

    signals = ("residual",)

    def segment_between(self, frame, state, names):
        scores, bias, state = self.segment(frame, state, False)
        grey = ops.mean(ops.cast(frame, "float32"), axis=(1, 2, 3))
        return scores, bias, state, {"residual": grey / 255}


def video(count=24, size=(4, 6)):
    """Dark, then bright, then dark."""
    level = 1 + 60 * (np.arange(count) // 8 % 2)
    noise = np.random.default_rng(1).integers(0, 5, (count, *size, 3))
    return (level[:, None, None, None] + noise).astype("uint8")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The model and its export, loaded."""
    model = Brighter()
    with only_signatures("stream"):
        path = export_saved_model(
            model,
            tmp_path_factory.mktemp("export"),
            key_share=SHARE,
            warm_up_size=None,
        )
    return model, path, Loaded(path)


def local(model, frames):
    """Labels, key frames and frames since these of a `VideoStream`."""
    stream = accel_tf.VideoStream(model, accel_tf.AdaptiveKeyframes(SHARE))
    rows = [
        (stream(frame[None])[0], stream.is_key, stream.frames_since_key)
        for frame in frames
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def test_a_served_stream_is_the_local_one(served):
    model, path, loaded = served
    facts = json.loads((path / "assets" / "accel_tf.json").read_text())
    assert facts["key_share"] == SHARE
    other = video(size=(5, 7))[::-1]
    for frames in (video(), other):
        labels, is_key, since_key = local(model, frames)
        assert len(set(np.diff(np.flatnonzero(is_key)))) > 1
        # Two requests of one stream, with another stream between them.
        answers = []
        for part in (frames[:9], frames[9:]):
            images = [png(frame) for frame in part]
            answers.append(
                loaded("stream", **stream_inputs(images, [7] * len(part)))
            )
            loaded("stream", **stream_inputs(images[:2], [8, 8]))
        served_labels = [
            each for row in answers for each in decode(row["label_png_bytes"])
        ]
        for name, expected in (
            ("is_key", is_key),
            ("frames_since_key", since_key),
        ):
            got = np.concatenate([row[name] for row in answers])
            assert got.tolist() == expected
        np.testing.assert_array_equal(served_labels, labels)


class Remembers(SumsFrames):
    """Key frames add what was there before, halved."""

    key_frames_ask_state = True

    def advance(self, frame, state, is_key, training=None):
        before = state["sum"] if state else 0
        after = super().advance(frame, state, is_key)["sum"]
        return {"sum": after + before // 2 if is_key else after}


def test_key_frames_that_ask_the_state_go_on_from_it(tmp_path):
    model, frames = Remembers(), video(count=9)
    with only_signatures("stream"):
        path = export_saved_model(
            model, tmp_path, interval=3, warm_up_size=None
        )
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(3))
    labels = [stream(frame[None])[0] for frame in frames]
    assert (labels[3] != frames[3][..., 0]).all()
    images = [png(frame) for frame in frames]
    loaded = Loaded(path)
    answer = loaded("stream", **stream_inputs(images, [7] * 9))
    np.testing.assert_array_equal(decode(answer["label_png_bytes"]), labels)
    # One that the client forces begins anew.
    answer = loaded("stream", **stream_inputs(images[:1], [7], [0]))
    (first,) = decode(answer["label_png_bytes"])
    np.testing.assert_array_equal(first, frames[0][..., 0])


def test_who_has_no_signals_is_refused(tmp_path):
    with pytest.raises(ValueError, match="adaptive export cannot choose key"):
        export_saved_model(SumsFrames(), tmp_path, key_share=SHARE)
    with pytest.raises(ValueError, match="target_share must be above 0"):
        export_saved_model(Brighter(), tmp_path, key_share=2)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options, message",
    [
        (["--key-share", "0.2"], "--key-share goes with --keyframes adaptive"),
        (
            ["--keyframes", "adaptive", "--format", "onnx"],
            "--keyframes goes with --format savedmodel only",
        ),
    ],
)
def test_options_that_do_not_go_together_are_told(options, message, capsys):
    assert commands.main(["export", "DIR", *options]) == 2
    assert message in capsys.readouterr().err
