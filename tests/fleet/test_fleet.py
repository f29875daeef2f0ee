"""A fleet in one process: what is cut, joined, lost and begun again."""

import functools
import json

import fleet_archives as archives
import pytest
from fake_segmenters import CountsFrames, RepeatsKeyFrame
from local_pool import LocalPool
from video_making import make

from accel_tf.fleet import jobs
from accel_tf.fleet.parts import Part
from accel_tf.fleet.run import segment_fleet
from accel_tf.segment import segment_stream
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.streaming import FixedInterval, VideoStream

CLASSES = 12


def open_model(kind=RepeatsKeyFrame):
    model = kind(CLASSES)
    return VideoStream(model, FixedInterval(5)), model.label_map


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    dark = [image // 20 for image in archives.pictures(40)]
    make(folder / "long.mp4", dark, options=archives.codec(bf="2"), sound=4)
    make(folder / "short.mp4", dark[:7])
    (folder / "none.mp4").write_bytes(b"this is no video")
    return folder


def folders_in(out, kinds):
    out.mkdir(exist_ok=True)
    return jobs.OutputFolders(**{kind: str(out / kind) for kind in kinds})


def run(archive, out, kinds=("labels", "json"), disturb=None, **changes):
    """Gives the exit status and the calls of the workers."""
    pools, open_it = [], changes.pop("open_model", open_model)

    def make_pool(make_worker):
        pools.append(LocalPool(make_worker, 2, disturb))
        return pools[0]

    status = segment_fleet(
        jobs.expand([str(archive / "*.mp4")]),
        folders_in(out, kinds),
        open_it,
        SegmentOptions(**changes),
        {"interval": 5},
        make_pool,
        part_frames=10,
        retries=1,
    )
    calls = [call for pool in pools for call in pool.log]
    return status, [(method, each[0].name) for _, method, each in calls]


def plainly(archive, out, kinds=("labels", "json"), **changes):
    folders = folders_in(out, kinds)
    for folder in folders.given():
        (out / folder).mkdir()
    stream, label_map = open_model()
    for source in jobs.expand([str(archive / "[ls]*.mp4")]):
        (job,) = jobs.make_jobs([source], folders, {})
        outputs = job.outputs
        stream.reset_state()
        segment_stream(
            stream, label_map, source, outputs.video, outputs.labels,
            json=outputs.json, progress=False, **changes,
        )  # fmt: skip
    return archives.read_outputs(out)


@pytest.fixture(scope="module")
def plain(archive, tmp_path_factory):
    return plainly(archive, tmp_path_factory.mktemp("plain"))


def test_all_is_as_of_one_process(archive, plain, tmp_path, capsys):
    status, calls = run(archive, tmp_path)
    assert status == 1
    out, errors = capsys.readouterr()
    assert "2 of 3 videos: 47 frames, 10 key frames" in out, errors
    assert "none.mp4 is not a video" in errors
    assert archives.read_outputs(tmp_path) == plain
    assert calls.count(("part", "long")) == 3
    assert calls.count(("begin", "none")) == 2
    assert not list(tmp_path.rglob(".*"))
    record = json.loads((tmp_path / "json" / "long.json").read_text())
    assert record["header"]["input"] == str(archive / "long.mp4")


def test_drawings_are_as_of_one_process(archive, tmp_path):
    kinds = ("videos",)
    status, calls = run(archive, tmp_path / "fleet", kinds, stride=2)
    assert status == 1 and ("part", "long") in calls
    plain = plainly(archive, tmp_path / "plain", kinds, stride=2)
    assert archives.read_outputs(tmp_path / "fleet") == plain


def test_models_that_remember_are_not_cut(archive, tmp_path):
    opened = functools.partial(open_model, CountsFrames)
    status, calls = run(archive, tmp_path, open_model=opened)
    assert status == 1 and ("part", "long") not in calls
    assert len(list((tmp_path / "labels" / "long").glob("*.png"))) == 40


def test_a_part_that_is_lost_is_done_again(archive, plain, tmp_path):
    lost = []

    def disturb(worker, method, arguments):
        if method == "part" and arguments[1].number == 2 and not lost:
            lost.append(worker)
            return "after"
        if method == "join" and len(lost) == 1:
            lost.append(worker)
            return "after"

    status, _ = run(archive, tmp_path, disturb=disturb)
    assert status == 1 and len(lost) == 2
    assert archives.read_outputs(tmp_path) == plain
    archives.assert_nothing_is_twice(tmp_path)


def test_the_bar_counts_what_is_under_way():
    from accel_tf.fleet.driver import Task
    from accel_tf.fleet.segmentation import SegmentationFollower

    job = jobs.OutputFolders(labels="/out").of("/a.mp4", "a")
    added, lines = [], []

    class Record:
        states, parts, whole = {}, {}, {}
        add = lines.append

    def sums():
        return tuple(map(sum, zip(*added, strict=True)))

    follower = SegmentationFollower(
        Record, lambda *more: added.append(more), print
    )
    begin = Task(job, "begin", ())
    follower.progress(begin, 0.25, 10)
    follower.progress(begin, 0.5, 20)
    assert sums() == (0.5, 20)
    follower.progress(begin, 0.0, 0)
    assert sums() == (0.0, 0)
    parts = [
        Part(number, 10 * number, 10 * number + 10, 0, None)
        for number in range(3)
    ]
    first, *_ = follower.done(begin, {"parts": parts, "notes": []})
    follower.progress(first, 0.5, 5)
    assert sums() == (0.125, 5)
    follower.progress(first, 0.0, 0)
    report = {"report": {"frames": 10}, "digests": [1, 1]}
    follower.done(first, report)
    assert sums() == (0.25, 10)
    follower.done(Task(job, "part", (job, parts[1])), report)
    (join,) = follower.done(Task(job, "part", (job, parts[2])), report)
    # Its frames have been counted.
    follower.progress(join, 0.5, 15)
    assert sums() == (0.875, 30)
    follower.progress(join, 0.0, 0)
    follower.done(join, {"report": {"frames": 30}, "notes": []})
    assert sums() == (1.0, 30)


class Killed(BaseException):
    """The driver is killed."""


@pytest.mark.parametrize(
    "method",
    [
        "part",
        pytest.param("join", marks=pytest.mark.slow),
        pytest.param("clean", marks=pytest.mark.slow),
    ],
)
def test_a_command_that_was_killed_goes_on(archive, plain, tmp_path, method):
    count = []

    def disturb(worker, called, arguments):
        count.extend([called] * (called == method))
        if called == method and len(count) == (3 if method == "part" else 1):
            raise Killed

    with pytest.raises(Killed):
        run(archive, tmp_path, disturb=disturb)
    before = archives.lines_of(tmp_path)
    status, calls = run(archive, tmp_path)
    assert status == 1
    assert calls.count(("part", "long")) == (method == "part")
    assert archives.lines_of(tmp_path)[: len(before)] == before
    assert archives.read_outputs(tmp_path) == plain
    archives.assert_nothing_is_twice(tmp_path)


def test_a_full_disk_leaves_no_half_file(archive, plain, tmp_path, monkeypatch):
    import errno

    from accel_tf.video import LabelWriter

    write, count = LabelWriter.write, []

    def full(writer, *arguments):
        count.append(1)
        if len(count) == 25:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(writer, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(LabelWriter, "write", full)
        with pytest.raises(OSError, match="the rest was not begun"):
            run(archive, tmp_path)
    for folder in (tmp_path / "labels").glob("[a-z]*/"):
        assert (folder / "classes.json").exists()
    assert run(archive, tmp_path)[0] == 1
    assert archives.read_outputs(tmp_path) == plain


def test_labels_of_others_are_not_replaced(archive, tmp_path):
    (tmp_path / "labels" / "long").mkdir(parents=True)
    (tmp_path / "labels" / "long" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="long exists; give another"):
        run(archive, tmp_path)
    assert (tmp_path / "labels" / "long" / "mine.txt").exists()


def test_names_stay_when_the_archive_grows():
    folders = jobs.OutputFolders(labels="/out")
    before = jobs.make_jobs(["/b/clip.mp4"], folders, {})
    known = {job.source: job.name for job in before}
    after = jobs.make_jobs(["/a/clip.mp4", "/b/clip.mp4"], folders, known)
    assert [job.name for job in after] == ["clip-2", "clip"]
