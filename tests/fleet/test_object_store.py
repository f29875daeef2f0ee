"""Archives and outputs in an object store that fails now and then."""

import contextlib
import functools
import json

import fleet_archives as archives
import numpy as np
import pytest
from fake_segmenters import RepeatsKeyFrame
from flaky_store import flaky_store
from local_pool import LocalPool

from accel_tf import commands
from accel_tf.fleet import jobs, remote
from accel_tf.fleet.manifest import Manifest
from accel_tf.fleet.run import segment_fleet
from accel_tf.segment import segment_stream
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.streaming import FixedInterval, VideoStream

pytestmark = pytest.mark.slow
BUCKET = "s3://archive"


@pytest.fixture
def store(tmp_path):
    with flaky_store() as failed:
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        # The store keeps in this process what a test before has written.
        with contextlib.suppress(FileNotFoundError):
            s3fs.S3FileSystem().rm("archive", recursive=True)
        s3fs.S3FileSystem().mkdir("archive")
        yield failed
        s3fs.S3FileSystem.clear_instance_cache()


def upload(folder, url):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    remote.upload(
        paths, [f"{url}/{path.relative_to(folder)}" for path in paths]
    )


def download(url, folder):
    for each in remote.find(f"{url}/**"):
        path = folder / each.removeprefix(url).lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        remote.download(each, path)
    return folder


def test_files_are_what_was_written(store, tmp_path):
    for number in range(30):
        remote.write(f"{BUCKET}/a/{number}.txt", b"%d" % number)
    assert [
        remote.read(f"{BUCKET}/a/{number}.txt") for number in range(30)
    ] == [b"%d" % number for number in range(30)]
    assert len(remote.find(f"{BUCKET}/a/1*.txt")) == 11
    remote.copy(f"{BUCKET}/a/3.txt", f"{BUCKET}/b/3.txt")
    remote.remove(f"{BUCKET}/a")
    assert remote.names(f"{BUCKET}/a") == []
    assert remote.names(f"{BUCKET}/b") == ["3.txt"]
    assert len(store) > 5
    with pytest.raises(FileNotFoundError):
        remote.read(f"{BUCKET}/a/3.txt")


def test_a_manifest_is_there_again(store):
    place = f"{BUCKET}/fleet.jsonl"
    with Manifest(place, {}) as manifest:
        manifest.plan(f"{BUCKET}/a.mp4", "a")
    with Manifest(place, {}) as manifest:
        assert manifest.names == {f"{BUCKET}/a.mp4": "a"}


def open_model():
    model = RepeatsKeyFrame(12)
    return VideoStream(model, FixedInterval(5)), model.label_map


def test_outputs_are_those_of_this_machine(store, tmp_path):
    archive = archives.make_archive(tmp_path / "archive")
    upload(archive, f"{BUCKET}/in")
    sources = jobs.expand([f"{BUCKET}/in/**/*.mp4"])
    assert len(sources) == 5
    folders = jobs.OutputFolders(
        labels=f"{BUCKET}/out/labels", json=f"{BUCKET}/out/json"
    )
    options = SegmentOptions(label_ids="index")
    status = segment_fleet(
        sources,
        folders,
        open_model,
        options,
        {},
        functools.partial(LocalPool, count=2),
        archives.PART,
        2,
    )
    assert status == 1
    got = archives.read_outputs(download(f"{BUCKET}/out", tmp_path / "out"))
    plain = tmp_path / "plain"
    for kind in ("labels", "json"):
        (plain / kind).mkdir(parents=True)
    stream, label_map = open_model()
    for job in jobs.make_jobs(sources, folders, {}):
        if job.name == "none":
            continue
        stream.reset_state()
        segment_stream(
            stream,
            label_map,
            archive / job.source.removeprefix(f"{BUCKET}/in/"),
            labels=plain / "labels" / job.name,
            json=plain / "json" / f"{job.name}.json",
            progress=False,
            label_ids="index",
        )
    assert got == archives.read_outputs(plain)
    assert len(store) > 20
    record = json.loads(remote.read(f"{BUCKET}/out/json/long.json"))
    assert record["header"]["input"] == f"{BUCKET}/in/long.mp4"
    assert np.mean([x["is_key"] for x in record["frames"]]) == 0.2


def test_workers_of_ray_reach_it(store, tmp_path, capfd):
    pytest.importorskip("ray")
    archive = archives.make_archive(tmp_path / "archive")
    model = archives.save_model("deeplab", tmp_path / "model.keras")
    plain = archives.segment_plainly(archive, model, tmp_path / "plain")
    upload(archive, f"{BUCKET}/in")
    argv = archives.arguments(archive, model, f"{BUCKET}/out", "--cluster")
    argv[1] = f"{BUCKET}/in/**/*.mp4"
    assert commands.main([*argv, "--part-frames", str(archives.PART)]) == 1
    assert "4 of 5 videos" in capfd.readouterr().out
    got = archives.read_outputs(download(f"{BUCKET}/out", tmp_path / "out"))
    assert got == plain
