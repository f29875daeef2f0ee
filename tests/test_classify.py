"""Classes of a whole video."""

import json
import sys
import types

import numpy as np
import pytest
from shown_classifier import ShownClassifier, write_flat
from video_making import flat

from accel_tf.classification.clips import SlidingWindow
from accel_tf.classification.names import read_class_names
from accel_tf.classification.options import ClassifyOptions
from accel_tf.classify import ClassesOfVideo, classify_video
from accel_tf.video import open_video

NEIGHBOURS = {"step": 3, "progress": False}  # At 10 frames per second.


@pytest.fixture(scope="module")
def model():
    return ShownClassifier()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return write_flat(tmp_path_factory.mktemp("video") / "v.mp4", 12)


def test_windows_slide_to_the_end(video, tmp_path):
    model = ShownClassifier()
    told, record = [], tmp_path / "o.json"
    options = {"every": 0.2, "top": 2, "json": record, **NEIGHBOURS}
    found = classify_video(model, video, on_window=told.append, **options)
    assert told == found.windows and found.frames == 12
    times = [(x.start, x.end) for x in found.windows]
    starts = np.array([0, 2, 4, 6, 8, 9]) / 10
    np.testing.assert_allclose(times, np.stack([starts, starts + 0.2], 1))
    tops = [found.top_of(x)[0]["index"] for x in found.windows]
    assert tops == [1, 3, 5, 7, 9, 10]
    np.testing.assert_allclose(
        found.probabilities,
        np.mean([x.probabilities for x in found.windows], 0),
    )
    assert model.seen[-1] == (1, 3, 8, 8, 3)

    document = json.loads(record.read_text())
    assert document["header"]["step"] == 3
    assert document["header"]["classes"][3] == "class 3"
    (first, *_), summary = document["windows"], document["summary"]
    assert first["start"] == 0 and first["end"] == pytest.approx(0.2)
    assert len(first["top"]) == 2
    assert (first["top"][0]["class"], first["top"][0]["index"]) == (
        "class 1",
        1,
    )
    assert first["top"][0]["probability"] == pytest.approx(
        found.windows[0].probabilities[1], abs=1e-5
    )
    assert summary["top"] == found.top() and summary["windows"] == 6
    assert summary["ended_by"] == "end"


def test_half_a_clip_lies_between_windows(model, video):
    found = classify_video(model, video, frames=4, **NEIGHBOURS)
    starts = [round(10 * x.start) for x in found.windows]
    assert starts == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("frame_step", [3, None, "unknown"])
def test_the_model_knows_its_step(frame_step, video):
    """At 10 frames per second a step of 3 takes neighbours."""
    model = ShownClassifier(frame_step=frame_step)
    notes = []
    options = {"on_note": notes.append, "progress": False}
    found = classify_video(model, video, **options)
    ends = [(round(10 * x.start), round(10 * x.end)) for x in found.windows]
    assert ends[0] == {3: (0, 2), None: (2, 9), "unknown": (0, 4)}[frame_step]
    assert bool(notes) == (frame_step == "unknown")
    assert all("3x5 is taken" in x and "--frames 3xSTEP" in x for x in notes)
    # What is asked for wins.
    found = classify_video(model, video, **options, step=6)
    assert round(10 * found.windows[0].end) == 5 and len(notes) <= 1
    if frame_step is None:
        with pytest.raises(ValueError, match="leave that out"):
            classify_video(model, video, **options, every=1.0)


def test_a_part_of_a_video(model, video):
    found = classify_video(
        model, video, start=0.2, end=0.7, every=1.0, **NEIGHBOURS
    )
    tops = [found.top_of(x)[0]["index"] for x in found.windows]
    assert tops == [3, 5] and found.frames == 5


def test_the_views_of_a_test(video):
    model = ShownClassifier()
    found = classify_video(model, video, views=(3, 3), **NEIGHBOURS)
    tops = [found.top_of(x)[0]["index"] for x in found.windows]
    assert tops == [1, 4, 7]  # From frames 0, 3 and 6 on.
    assert model.seen[-1] == (3, 3, 8, 8, 3)


def test_one_clip_of_the_whole_video(model, video):
    options = {**NEIGHBOURS, "step": None}
    found = classify_video(model, video, frames=4, **options)
    (window,) = found.windows
    # Frames 1, 4, 6 and 9 are in the middle of their quarters.
    assert found.top()[0]["index"] == 5
    assert (window.start, window.end) == (0.1, 0.9)
    found = classify_video(model, video, views=(2, 1), frames=4, **options)
    again = classify_video(model, video, views=(2, 1), frames=4, **options)
    one, other = found.windows
    assert np.abs(one.probabilities - other.probabilities).max() > 0
    np.testing.assert_array_equal(found.probabilities, again.probabilities)


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"frames": 16},
            "12 frames at 10 per second, and a clip of 16x5 needs",
        ),
        ({"frames": 5, "step": 8}, "of 5x8 needs 14; .*--frames 5x7.2"),
        ({"frames": 13, "step": None}, "a clip of 13 needs 13; give a longer"),
        ({"frames": 5, "step": 8, "views": (2, 1)}, "of 5x8 needs 14"),
        ({"start": 3.0}, "no frame from 3 s on"),
    ],
)
def test_a_video_shorter_than_a_clip(options, message, model, video, tmp_path):
    output = tmp_path / "o.mp4"
    with pytest.raises(ValueError, match=message):
        classify_video(model, video, output, progress=False, **options)
    assert not list(tmp_path.iterdir())


def test_no_number_is_no_class(video, tmp_path):
    class Broken(ShownClassifier):
        def probabilities(self, clip):
            return super().probabilities(clip) * float("nan")

    with pytest.raises(ValueError, match="gives NaN rather than"):
        classify_video(Broken(), video, json=tmp_path / "o.json", **NEIGHBOURS)
    assert not list(tmp_path.iterdir())


def test_classes_are_drawn(model, video, tmp_path):
    output = tmp_path / "o.mp4"
    classify_video(model, video, output, every=0.2, **NEIGHBOURS)
    with open_video(output) as drawn:
        frames = list(drawn)
        assert drawn.frame_rate == 10
    # Enlarged, or nobody could read the names.
    assert len(frames) == 12 and frames[0].shape == (240, 320, 3)
    plain = np.stack([flat(index)[0, 0] for index in range(12)])
    below = np.stack([frame[200:, 200:].mean((0, 1)) for frame in frames])
    np.testing.assert_allclose(below, plain, atol=4)
    corners = np.stack([frame[:60, :80] for frame in frames]).astype(float)
    assert np.abs(corners[0] - plain[0]).max() > 60


def test_of_what_is_read_once_the_newest_window_is_drawn(
    model, video, tmp_path, monkeypatch
):
    drawn = []
    monkeypatch.setattr(
        "accel_tf.classification.drawing.draw_classes",
        lambda image, names, probabilities: drawn.append(names[0]) or image,
    )
    with open(video, "rb") as file:
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=file))
        output = tmp_path / "o.mp4"
        classify_video(model, "-", output, every=0.2, top=1, **NEIGHBOURS)
    # Before the third frame nothing is known.
    assert [int(name.split()[1]) for name in drawn] == [
        1, 1, 3, 3, 5, 5, 7, 7, 9, 9,
    ]  # fmt: skip
    assert output.exists()
    with pytest.raises(ValueError, match="read only once"):
        classify_video(model, "-", views=(1, 1), **NEIGHBOURS)


def test_after_an_interrupt_there_is_a_record(model, video, tmp_path):
    found, record = ClassesOfVideo(()), tmp_path / "o.json"

    def interrupt(window):
        if len(found.windows) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classify_video(
            model, video, json=record, found=found, on_window=interrupt,
            **NEIGHBOURS,
        )  # fmt: skip
    document = json.loads(record.read_text())
    assert len(document["windows"]) == 2
    assert document["summary"]["ended_by"] == "interrupt"


def test_a_window_holds_no_gap():
    options = ClassifyOptions(frames=2, step=3, size=8).of(ShownClassifier())
    window = SlidingWindow(options, 10.0)
    crops = np.zeros((5, 8, 8, 3), np.uint8)
    clips = [window.add(float(i), crops[i]) for i in range(3)]
    assert [x and x.start for x in clips] == [None, 0.0, 1.0]
    window.start_anew()
    assert window.add(3.0, crops[3]) is None and window.finish() is None
    assert window.add(4.0, crops[4]).start == 3.0
    assert window.finish() is None


@pytest.mark.parametrize(
    "options, message",
    [
        ({"frames": 0}, "frames must be 1 or more"),
        ({"step": 0}, "step must be above 0"),
        ({"step": "as usual"}, "step must be above 0, not as usual"),
        ({"every": 0.0}, "every must be above 0"),
        ({"views": (1, 2)}, "1 or 3 crops"),
        ({"views": (1, 1), "every": 1.0}, "leave that out with views"),
        ({"start": 2.0, "end": 1.0}, "end must be after start"),
    ],
)
def test_wrong_options(options, message, model, video):
    with pytest.raises(ValueError, match=message):
        classify_video(model, video, **options)


def test_a_clip_lasts_as_long_at_any_rate():
    options = ClassifyOptions(frames=16, step=5)
    assert [options.span_at(rate) for rate in (30, 25, 60)] == [80, 67, 160]


# === Names ===


@pytest.mark.parametrize(
    "name, text",
    [
        ("names.txt", "wave\n jump up\r\n\n"),
        ("names.json", '["wave", "jump up"]'),
        ("labels.json", '{"jump up": "1", "wave": "0"}'),
    ],
)
def test_files_of_names(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    assert read_class_names(path) == ("wave", "jump up")


@pytest.mark.parametrize(
    "name, data, message",
    [
        ("names.txt", b"", "holds no class name"),
        ("names.txt", b"a\n\nb", "name 2 is empty"),
        ("names.txt", b"\xff\xfe", "no text in UTF-8"),
        ("names.json", b'{"a": 0, "b": 2}', "are not 0, 1, 2"),
        ("names.json", b"[1]", "no list of names"),
        ("names.json", b"{", "no JSON list"),
    ],
)
def test_files_without_names(name, data, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as raised:
        read_class_names(path)
    assert "\n" not in str(raised.value)
