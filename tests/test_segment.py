"""A whole video: its stages run beside each other, and each may fail."""

import json
import threading
import time
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from fake_segmenters import PaintedLabels, RepeatsKeyFrame
from video_making import make

import accel_tf.segment
import accel_tf.segmentation.sinks
from accel_tf.data.label_maps import LabelMap
from accel_tf.segment import SegmentReport, segment_stream, segment_video
from accel_tf.segmentation.inputs import unique_names
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.video import (
    LabelWriter,
    SourceLostError,
    VideoFrame,
    VideoWriter,
    open_video,
)

COUNT = 12
COLORS = tuple((20 * index, 255 - 20 * index, 0) for index in range(COUNT))
LABELS = LabelMap(tuple(map(str, range(COUNT))), COLORS)
HEIGHT, WIDTH = 32, 48


@pytest.fixture
def source(tmp_path):
    """A folder of frames; the red of each is its index."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(COUNT):
        frame = np.full((HEIGHT, WIDTH, 3), (100, 50, index), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), frame)
    return folder


class Stream:
    """Gives the red of the frame; a key frame every third."""

    def __init__(self, delay=0.0, faulty=None, error=None):
        self.delay, self.faulty, self.error = delay, faulty, error
        self.shapes = []

    def __call__(self, frame):
        if len(self.shapes) == self.faulty:
            raise self.error
        self.is_key = len(self.shapes) % 3 == 0
        self.shapes.append(frame.shape)
        time.sleep(self.delay)
        return frame[..., 0].copy()


def run(source, folder, stream, **options):
    output, labels = folder / "out.avi", folder / "labels"
    options = {"labels": labels, "progress": False} | options
    return segment_stream(stream, LABELS, source, output, **options)


def read_labels(folder):
    paths = sorted(
        (folder / "labels").glob("*.png"), key=lambda path: int(path.stem)
    )
    # The palette's colours, which are all different.
    images = [cv2.imread(str(path))[..., ::-1] for path in paths]
    return [LABELS.colors.index(tuple(map(int, i[0, 0]))) for i in images]


def assert_nothing_is_left(folder):
    assert [path.name for path in folder.iterdir()] == ["frames"]
    assert_no_thread_is_left()


def assert_no_thread_is_left():
    names = {thread.name for thread in threading.enumerate()}
    assert not names & {"read_ahead", "write_behind"}


@pytest.mark.parametrize("slow", ["stream", "video", "labels", None])
def test_frames_keep_their_order(source, tmp_path, monkeypatch, slow):
    for kind, name in ((VideoWriter, "video"), (LabelWriter, "labels")):
        delay_writing(monkeypatch, kind, 0.01 if slow == name else 0)
    stream = Stream(delay=0.01 if slow == "stream" else 0)
    report = run(source, tmp_path, stream)
    assert (report.frames, report.key_frames) == (COUNT, COUNT // 3)
    assert report.seconds > 0
    assert read_labels(tmp_path) == list(range(COUNT))
    with open_video(tmp_path / "out.avi") as video:
        greens = [frame[..., 1].mean() for frame in video]
    assert len(greens) == COUNT
    # Half the 50 of the frame and half of the class's colour.
    expected = [25 + color[1] / 2 for color in COLORS]
    np.testing.assert_allclose(greens, expected, atol=6)
    assert_no_thread_is_left()


def delay_writing(monkeypatch, kind, seconds):
    write = kind.write

    def delayed(writer, *arguments):
        time.sleep(seconds)
        write(writer, *arguments)

    monkeypatch.setattr(kind, "write", delayed)


def test_stages_overlap(source, tmp_path, monkeypatch):
    """Each waits in its first frame until the one before is at the next."""
    second_segmented, second_drawn = threading.Event(), threading.Event()

    def stream(frame):
        stream.is_key = True
        if frame[0, 0, 0, 0] == 1:
            second_segmented.set()
        return frame[..., 0]

    def draw(frame, labels, label_map, **options):
        if labels[0, 0] == 0:
            assert second_segmented.wait(10)
        if labels[0, 0] == 1:
            second_drawn.set()
        return frame

    write = LabelWriter.write

    def write_label(writer, labels, name):
        if labels[0, 0] == 0:
            assert second_drawn.wait(10)
        write(writer, labels, name)

    monkeypatch.setattr(accel_tf.segmentation.sinks, "overlay", draw)
    monkeypatch.setattr(LabelWriter, "write", write_label)
    assert run(source, tmp_path, stream).frames == COUNT


def test_few_frames_are_held(source, tmp_path, monkeypatch):
    stream, begun = Stream(), threading.Event()
    gate = threading.Event()
    write = VideoWriter.write

    def held(writer, *arguments):
        begun.set()
        assert gate.wait(10)
        write(writer, *arguments)

    monkeypatch.setattr(VideoWriter, "write", held)
    runner = threading.Thread(target=run, args=(source, tmp_path, stream))
    runner.start()
    assert begun.wait(10)
    time.sleep(0.2)  # Time in which all frames would be segmented.
    segmented = len(stream.shapes)
    gate.set()
    runner.join()
    # Four that are written or wait, and the next.
    assert segmented == 5 and len(stream.shapes) == COUNT


def fail(*arguments, **options):
    raise OSError("the disk is full")


@pytest.mark.parametrize(
    "owner, name",
    [
        (VideoWriter, "write"),
        (LabelWriter, "write"),
        (accel_tf.segmentation.sinks, "overlay"),
    ],
)
def test_an_error_while_writing_stops_all(
    source, tmp_path, monkeypatch, owner, name
):
    monkeypatch.setattr(owner, name, fail)
    stream = Stream(delay=0.02)
    with pytest.raises(OSError, match="^the disk is full$"):
        run(source, tmp_path, stream)
    assert len(stream.shapes) < COUNT / 2, "the error came late"
    assert_nothing_is_left(tmp_path)


def test_an_error_of_the_stream_stops_all(source, tmp_path):
    stream = Stream(faulty=5, error=ValueError("no such class"))
    with pytest.raises(ValueError, match="no such class"):
        run(source, tmp_path, stream)
    assert_nothing_is_left(tmp_path)


def test_an_error_of_the_reader_stops_all(source, tmp_path):
    (source / "7.png").write_bytes(b"not an image")
    stream = Stream()
    with pytest.raises(ValueError, match="frame 7"):
        run(source, tmp_path, stream, strict=True)
    assert len(stream.shapes) == 7
    assert_nothing_is_left(tmp_path)


def test_a_damaged_frame_repeats_the_labels(source, tmp_path):
    for index in (4, 7):
        (source / f"{index}.png").write_bytes(b"not an image")
    stream = Stream()
    report = run(source, tmp_path, stream)
    assert len(stream.shapes) == COUNT - 2
    assert read_labels(tmp_path) == [0, 1, 2, 3, 3, 5, 6, 6, 8, 9, 10, 11]
    assert report.damaged == [4, 7] and report.frames == COUNT
    assert str(report).endswith(
        "2 of 12 frames did not decode: 4, 7; they repeat the labels before"
    )
    with open_video(tmp_path / "out.avi") as video:
        assert len(list(video)) == COUNT


def test_a_wrong_label_is_one_line(source, tmp_path):
    def stream(frame):
        stream.is_key = True
        return frame[..., 0] + np.uint8(9)

    with pytest.raises(ValueError, match="label 12 is no class") as caught:
        run(source, tmp_path, stream)
    assert "\n" not in str(caught.value)
    assert_nothing_is_left(tmp_path)


def test_an_interrupt_keeps_the_frames_so_far(source, tmp_path, monkeypatch):
    for kind in (VideoWriter, LabelWriter):
        delay_writing(monkeypatch, kind, 0.02)
    report = SegmentReport()
    with pytest.raises(KeyboardInterrupt):
        stream = Stream(faulty=8, error=KeyboardInterrupt())
        run(source, tmp_path, stream, report=report)
    assert (report.frames, report.key_frames) == (8, 3)
    assert read_labels(tmp_path) == list(range(8))
    with open_video(tmp_path / "out.avi") as video:
        assert len(list(video)) == 8
    assert_no_thread_is_left()


# === Size ===


def paint(source, height, width):
    """Frames whose red is a class in blocks of 8 pixels."""
    blocks = np.random.default_rng(0).integers(0, COUNT, (4, 6), np.uint8)
    red = blocks.repeat(height // 4, 0).repeat(width // 6, 1)
    for path in source.iterdir():
        image = np.stack([red, red, red], axis=-1)
        cv2.imwrite(str(path), image)
    return red


@pytest.mark.parametrize("size", [(16, 24), (64, 96), [16, 24]])
def test_the_stream_sees_the_size_and_the_outputs_keep_theirs(
    source, tmp_path, size
):
    red = paint(source, HEIGHT, WIDTH)
    stream = Stream()
    run(source, tmp_path, stream, size=size)
    assert set(stream.shapes) == {(1, *size, 3)}
    label = cv2.imread(str(tmp_path / "labels" / "3.png"))[..., ::-1]
    assert label.shape == (HEIGHT, WIDTH, 3)
    expected = np.array(COLORS)[red]
    if size[0] < HEIGHT:
        # Blocks are whole pixels at both sizes, and their corners rounded.
        assert (label == expected).all(-1).mean() > 0.99
    with open_video(tmp_path / "out.avi") as video:
        assert (video.height, video.width) == (HEIGHT, WIDTH)


def test_the_size_of_the_source_changes_nothing(source, tmp_path):
    paint(source, HEIGHT, WIDTH)
    files = []
    for size in (None, (HEIGHT, WIDTH)):
        folder = tmp_path / str(size)
        folder.mkdir()
        run(source, folder, Stream(), size=size)
        files.append((folder / "labels" / "0.png").read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("size", [0, (16,), (0, 16), (16.0, 16), "16x16"])
def test_sizes_that_are_none(source, tmp_path, size):
    with pytest.raises(ValueError, match=r"size must be \(height, width\)"):
        run(source, tmp_path, Stream(), size=size)
    assert_nothing_is_left(tmp_path)


def test_frames_have_the_scale_of_the_training(source, tmp_path):
    paint(source, HEIGHT, WIDTH)
    stream = Stream()
    stream.trained_size = (40, 16)
    report = run(source, tmp_path, stream)
    # The shorter side is that of the training, the aspect that of the source.
    assert stream.shapes[0] == (1, 16, 24, 3)
    assert report.model_size == (16, 24) and report.frame_size == (32, 48)
    assert "the model saw 16x24 of 32x48" in str(report)


@pytest.mark.parametrize(
    "trained, options, size",
    [
        ((100, 100), {}, (32, 48)),  # Never enlarged,
        ((16, 16), {"size": "full"}, (32, 48)),
        ((8, 8), {"size": (64, 200)}, (64, 96)),  # but on demand.
        ((8, 8), {"size": (64, 200), "stretch": True}, (64, 200)),
        (None, {"size": (30, 24)}, (16, 24)),  # Not squashed.
    ],
)
def test_sizes_of_the_stream(trained, options, size):
    stream = Stream()
    stream.trained_size = trained
    options = SegmentOptions(**options)
    assert options.model_size((HEIGHT, WIDTH), stream) == size


def test_programs_take_the_size_that_they_are_for():
    stream = Stream()
    stream.trained_size = (360, 640)
    stream.model = SimpleNamespace(known_sizes=((270, 480), (512, 1024)))
    options = SegmentOptions()
    assert options.model_size((540, 960), stream) == (270, 480)
    assert options.model_size((512, 1024), stream) == (512, 1024)
    options = SegmentOptions(size=(512, 1024))
    with pytest.raises(ValueError, match="as 512x910, which the programs"):
        options.model_size((540, 960), stream)
    options = SegmentOptions(size=(512, 1024), stretch=True)
    assert options.model_size((540, 960), stream) == (512, 1024)
    options = SegmentOptions()
    stream.model.known_sizes += ((360, 640),)
    assert options.model_size((540, 960), stream) == (360, 640)


# === Range, names and further outputs ===


def test_a_range_and_a_stride(source, tmp_path):
    report = run(
        source,
        tmp_path,
        Stream(),
        json=tmp_path / "out.json",
        frame_rate=10.0,
        start=0.2,
        end=0.9,
        stride=3,
    )
    assert read_labels(tmp_path) == [2, 5, 8]
    assert report.frames == 3
    document = json.loads((tmp_path / "out.json").read_text())
    frames = document["frames"]
    assert [frame["index"] for frame in frames] == [2, 5, 8]
    assert [frame["time"] for frame in frames] == [0.2, 0.5, 0.8]
    assert [frame["name"] for frame in frames] == ["2", "5", "8"]
    with open_video(tmp_path / "out.avi") as video:
        assert len(list(video)) == 3
        assert video.frame_rate == pytest.approx(10 / 3, rel=1e-2)
    with pytest.raises(ValueError, match="no frame from 99 s on"):
        run(source, tmp_path, Stream(), labels=None, start=99)


@pytest.mark.parametrize("span", [{"start": 0.5}, {"start": 0.5, "end": 0.8}])
def test_a_range_keeps_its_sound(tmp_path, span):
    path = make(
        tmp_path / "in.mp4", [np.zeros((48, 64, 3), np.uint8)] * 10, sound=2
    )
    output = tmp_path / "out.mp4"
    segment_stream(Stream(), LABELS, path, output, progress=False, **span)
    with av.open(str(output)) as container:
        sound = [
            float(p.pts * p.time_base)
            for p in container.demux(audio=0)
            if p.size
        ]
    assert 0 <= sound[0] < 0.2
    assert sound[-1] == pytest.approx(span.get("end", 1.0) - 0.5, abs=0.2)


def test_a_frame_rate_against_the_time_stamps_is_told(tmp_path):
    path = make(tmp_path / "in.mp4", [np.zeros((48, 64, 3), np.uint8)] * 3)
    notes = []
    segment_stream(
        Stream(), LABELS, path, json=tmp_path / "a.json", progress=False,
        frame_rate=5, on_note=notes.append,
    )  # fmt: skip
    assert len(notes) == 1
    assert "its frame rate, 10, which wins over the given 5" in notes[0]


def test_an_empty_range_is_told(tmp_path):
    path = make(tmp_path / "in.mp4", [np.zeros((48, 64, 3), np.uint8)] * 3)
    for span, words in (
        ({"start": 9}, "from 9 s on; give an earlier start"),
        ({"start": 0.05, "end": 0.09}, "from 0.05 to 0.09 s; give an earlier"),
    ):
        with pytest.raises(ValueError, match=words):
            segment_stream(
                Stream(), LABELS, path, json=tmp_path / "a.json",
                progress=False, **span,
            )  # fmt: skip


def test_a_bar_ends_full(tmp_path, capsys):
    # By the mean rate, eight frames are expected in the range; there are two.
    times = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 3.0]
    path = make(
        tmp_path / "in.mp4", [np.zeros((48, 64, 3), np.uint8)] * 11, times=times
    )
    json = tmp_path / "a.json"
    segment_stream(Stream(), LABELS, path, json=json, start=0.85, end=3.5)
    assert "100%" in capsys.readouterr().err


def test_names_of_outputs_fit_into_a_file_system():
    inputs = ["a" * 251 + ".mp4", "b/" + "a" * 251 + ".mp4", "ü" * 126 + ".ts"]
    names = unique_names(inputs)
    assert len(set(names)) == 3
    assert max(len(f"{name}.json".encode()) for name in names) <= 255


def test_cuts_are_counted(source, tmp_path):
    class Cutting(Stream):
        """Takes every fourth frame for the first of a scene."""

        @property
        def is_cut(self):
            return len(self.shapes) % 4 == 0

    record = tmp_path / "out.json"
    stream = Cutting()
    report = segment_stream(stream, LABELS, source, json=record, progress=False)
    document = json.loads(record.read_text())
    cuts = [frame["is_cut"] for frame in document["frames"]]
    assert cuts == [(index + 1) % 4 == 0 for index in range(COUNT)]
    assert document["summary"]["cuts"] == report.cuts == sum(cuts)
    assert f", {report.cuts} cuts" in str(report)
    assert document["header"]["finds_cuts"] is False


def test_a_record_without_a_video(source, tmp_path):
    (source / "4.png").write_bytes(b"not an image")
    stream = Stream()
    record = tmp_path / "out.json"
    segment_stream(stream, LABELS, source, json=record, progress=False)
    document = json.loads(record.read_text())
    assert document["header"]["classes"] == list(LABELS.names)
    assert document["header"]["frame_size"] == [HEIGHT, WIDTH]
    frames = document["frames"]
    assert len(frames) == COUNT
    assert frames[3]["classes"] == {"3": 1.0} and frames[3]["is_key"]
    assert frames[4]["classes"] == {"3": 1.0} and frames[4]["is_damaged"]
    assert not frames[4]["is_key"] and frames[4]["trust"] is None
    assert document["summary"]["damaged"] == [4]
    assert document["summary"]["ended_by"] == "end"
    # A frame on a line, for tools that read lines.
    assert json.loads(record.read_text().splitlines()[4].rstrip(","))


@pytest.mark.parametrize(
    "error, end", [(KeyboardInterrupt, "interrupt"), (SourceLostError, "lost")]
)
def test_what_was_written_is_kept(source, tmp_path, error, end):
    stream = Stream(faulty=8, error=error())
    with pytest.raises(error):
        run(source, tmp_path, stream, json=tmp_path / "out.json")
    assert read_labels(tmp_path) == list(range(8))
    document = json.loads((tmp_path / "out.json").read_text())
    assert len(document["frames"]) == document["summary"]["frames"] == 8
    assert document["summary"]["ended_by"] == end
    with open_video(tmp_path / "out.avi") as video:
        assert len(list(video)) == 8


def test_scores_and_trust_are_kept(source, tmp_path):
    class Trusted(Stream):
        def __call__(self, frame):
            labels = super().__call__(frame)
            self.scores = np.full((1, 4, 6, COUNT), 1e6, "float32")
            self.trust = np.full((1, 2, 3), 0.25, "float32")
            return labels

    folder, record = tmp_path / "scores", tmp_path / "out.json"
    segment_stream(
        Trusted(), LABELS, source, scores=folder, json=record, progress=False
    )
    assert len(list(folder.glob("*.npz"))) == COUNT
    with np.load(folder / "7.npz") as arrays:
        assert arrays["scores"].shape == (4, 6, COUNT)
        assert arrays["scores"].dtype == arrays["trust"].dtype == np.float16
        assert np.isfinite(arrays["scores"]).all()
        assert (arrays["trust"] == 0.25).all()
    about = json.loads((folder / "scores.json").read_text())
    assert about["classes"] == list(LABELS.names) and about["how_to_read"]
    assert json.loads(record.read_text())["frames"][5]["trust"] == 0.25
    with pytest.raises(ValueError, match="keep_scores=True"):
        segment_stream(
            Stream(), LABELS, source, scores=tmp_path / "none", progress=False
        )


def test_an_image_gives_an_image_with_a_legend(source, tmp_path):
    image, output = source / "3.png", tmp_path / "out.png"
    segment_stream(Stream(), LABELS, image, output, progress=False, alpha=1.0)
    drawn = cv2.imread(str(output))[..., ::-1]
    assert drawn.shape == (HEIGHT, WIDTH, 3)
    assert (drawn == COLORS[3]).all()
    segment_stream(Stream(), LABELS, image, output, progress=False, legend=True)
    drawn = cv2.imread(str(output))[..., ::-1]
    strip = drawn[HEIGHT:].reshape(-1, 3).tolist()
    assert all(list(color) in strip for color in COLORS)
    with pytest.raises(ValueError, match="would be one image"):
        segment_stream(Stream(), LABELS, source, output, progress=False)


class FakeVideo:
    """A source that stops and comes back between its frames."""

    height, width, frame_rate, frame_count = HEIGHT, WIDTH, 10.0, None
    has_sound, dropped, reconnects, first_index = False, 2, 1, 0

    def frames(self):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        for index in range(6):
            yield VideoFrame(image, index / 10, starts_anew=index == 3)

    def stop(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


@pytest.mark.parametrize("stride", [1, 2])
def test_a_stream_that_came_back_starts_anew(tmp_path, stride):
    stream = Stream()
    calls = []
    stream.reset_state = lambda: calls.append(len(stream.shapes))
    output = tmp_path / "out.mp4"
    report = segment_stream(
        stream,
        LABELS,
        "x",
        output,
        progress=False,
        open_source=lambda *_, **__: FakeVideo(),
        stride=stride,
    )
    # Also if its first frame is one that is left out.
    assert calls == [3 if stride == 1 else 2]
    assert (report.dropped, report.reconnects) == (2, 1)
    assert "2 frames came too late" in str(report)
    assert "connected again once" in str(report)


def test_the_rate_leaves_out_the_compilation():
    report = SegmentReport(seconds=12.0)
    report.add(True, 6.0, True)
    report.add(False, 4.0, True)
    assert "per second" not in str(report)
    for _ in range(8):
        report.add(False, 0.25, False)
    assert report.rate == 4.0
    assert str(report) == "10 frames, 1 key frames, 4.0 frames per second"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"alpha": 1.5}, "alpha must be"),
        ({"start": 3.0, "end": 2.0}, "end must be after start"),
        ({"stride": 0}, "stride must be"),
        ({"label_ids": "pascal"}, "label_ids must be"),
        ({"stretch": True}, "stretch needs a size"),
        ({"json": "here"}, "is a folder"),
        ({"labels": None, "output": None}, "nothing would be written"),
        ({"scores": "same", "labels": "same"}, "two outputs"),
    ],
)
def test_options_that_are_none(source, tmp_path, options, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (source.parent / "here").mkdir()
    arguments = {"output": "out.mp4", "labels": "labels", **options}
    with pytest.raises(ValueError, match=message) as caught:
        segment_stream(Stream(), LABELS, source, progress=False, **arguments)
    assert "\n" not in str(caught.value)
    (source.parent / "here").rmdir()
    assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize("kind", [PaintedLabels, RepeatsKeyFrame])
def test_a_model_is_asked_in_order(source, tmp_path, kind):
    model = kind(num_classes=COUNT, label_map=LABELS)
    report = segment_video(
        model,
        source,
        tmp_path / "out.mp4",
        interval=5,
        labels=tmp_path / "labels",
        progress=False,
    )
    frames = list(range(COUNT))
    if kind is RepeatsKeyFrame:
        frames = [index // 5 * 5 for index in frames]
        assert report.key_frames == 3
    assert read_labels(tmp_path) == frames
