"""On a real Ray cluster of this machine: labels bit for bit, and faults."""

import os
import re
import subprocess
import sys
import threading

import fleet_archives as archives
import keras
import pytest
import small_models
import tensorflow_datasets as tfds

from accel_tf import commands
from accel_tf.data.label_maps import STREETS
from accel_tf.datasets import synthetic_streets

pytestmark = pytest.mark.slow
SYSTEMS = ("accel", "dff", "deeplab", "td4")


@pytest.fixture(scope="module")
def ray():
    return pytest.importorskip("ray")


@pytest.fixture(autouse=True)
def as_urgent_as_others(monkeypatch):
    """Else Ray's workers wait until nobody else has work for a processor."""
    monkeypatch.setenv("RAY_worker_niceness", "0")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archives.make_archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def made(archive, tmp_path_factory):
    """Function of a system: its model's file and the plain outputs."""
    folder, known = tmp_path_factory.mktemp("plain"), {}

    def make(system):
        if system not in known:
            model = archives.save_model(system, folder / f"{system}.keras")
            out = folder / system
            plain = archives.segment_plainly(archive, model, out)
            known[system] = model, plain
        return known[system]

    return make


@pytest.fixture
def cluster(ray):
    """Function of a number of nodes: a cluster of as many."""
    from ray.cluster_utils import Cluster

    clusters = []

    def start(nodes):
        clusters.append(Cluster())
        for _ in range(nodes):
            clusters[0].add_node(
                num_cpus=1, object_store_memory=80 * 2**20, num_gpus=0
            )
        return clusters[0]

    yield start
    ray.shutdown()
    for each in clusters:
        each.shutdown()


def argv(archive, model, out, address=None, part_frames=archives.PART):
    given = archives.arguments(archive, model, out, "--cluster")
    given += [] if address is None else [address]
    return [*given, "--part-frames", str(part_frames)]


@pytest.mark.parametrize("nodes", [2, 4])
@pytest.mark.parametrize("system", SYSTEMS)
def test_labels_are_those_of_one_process(
    archive, made, cluster, tmp_path, capfd, system, nodes
):
    model, plain = made(system)
    address = cluster(nodes).address
    assert commands.main(argv(archive, model, tmp_path, address)) == 1
    assert "4 of 5 videos" in (told := capfd.readouterr()).out
    assert "none.mp4 is not a video" in told.err
    assert archives.read_outputs(tmp_path) == plain
    archives.assert_nothing_is_twice(tmp_path)
    parts = [x for x in archives.lines_of(tmp_path) if "part" in x]
    assert len(parts) == 4 and {x["name"] for x in parts} == {"long"}
    # All is done but what failed, which is tried again.
    assert commands.main(argv(archive, model, tmp_path, address)) == 1
    assert archives.read_outputs(tmp_path) == plain
    archives.assert_nothing_is_twice(tmp_path)


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A long video, a model's file and the plain outputs."""
    folder = tmp_path_factory.mktemp("slow")
    model = archives.save_model("accel", folder / "accel.keras")
    (folder / "archive").mkdir()
    archive = archives.make_long(folder / "archive", 480)
    plain = archives.segment_plainly(archive, model, folder / "plain")
    return archive, model, plain


def parts_done(out):
    return sum("part" in line for line in archives.lines_of(out))


def test_a_killed_worker_and_a_lost_node_cost_nothing(
    slow, cluster, tmp_path, capfd
):
    archive, model, plain = slow
    nodes, done = cluster(3), []

    def disturb():
        archives.wait_for(lambda: archives.a_part_is_under_way(tmp_path))
        archives.kill(archives.workers()[0])
        done.append("killed")
        before = parts_done(tmp_path)
        archives.wait_for(lambda: parts_done(tmp_path) > before)
        archives.wait_for(lambda: archives.a_part_is_under_way(tmp_path))
        nodes.remove_node(nodes.list_all_nodes()[-1])
        done.append(parts_done(tmp_path))

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        given = argv(archive, model, tmp_path, nodes.address, 20)
        assert commands.main(given) == 1
    finally:
        thread.join()
    assert done[0] == "killed" and done[1] < parts_done(tmp_path)
    assert archives.read_outputs(tmp_path) == plain
    archives.assert_nothing_is_twice(tmp_path)
    assert not list(tmp_path.rglob(".*"))


def test_the_bar_moves_within_a_video(slow, tmp_path, cluster):
    (tmp_path / "archive").mkdir()
    archive = archives.make_long(tmp_path / "archive", 2500)
    given = [sys.executable, "-m", "accel_tf"]
    given += argv(archive, slow[1], tmp_path, cluster(1).address, 10**6)
    told = subprocess.run(given, capture_output=True, text=True).stderr
    percents = set(re.findall(r"videos: +(\d+)%", told))
    # `none.mp4` has failed, which counts as half of it.
    assert len(percents - {"0", "50", "100"}) > 1, told


def test_a_killed_command_goes_on_where_it_was(slow, tmp_path):
    archive, model, plain = slow
    given = argv(archive, model, tmp_path, None, 20)
    given = [sys.executable, "-m", "accel_tf", *given]
    with subprocess.Popen([*given, "--workers", "1"]) as process:
        archives.wait_for(
            lambda: (
                (tmp_path / "labels" / "fleet.jsonl").exists()
                and parts_done(tmp_path) > 1
            )
        )
        process.kill()
    before = archives.lines_of(tmp_path)
    assert subprocess.run(given).returncode == 1
    assert archives.lines_of(tmp_path)[: len(before)] == before
    assert archives.read_outputs(tmp_path) == plain
    archives.assert_nothing_is_twice(tmp_path)
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
def test_a_full_disk_ends_it_and_the_same_command_goes_on(
    slow, tmp_path, capfd
):
    archive, model, plain = slow
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        given = argv(archive, model, tmp_path, None, 20)
        assert commands.main(given) == 2
        assert "No space left on device" in capfd.readouterr().err
        done = parts_done(tmp_path)
        assert not (tmp_path / "labels" / "long").exists()
        more = ["mount", "-o", "remount,size=64m", str(tmp_path)]
        subprocess.run(more, check=True)
        assert commands.main(given) == 1
        assert archives.read_outputs(tmp_path) == plain
        archives.assert_nothing_is_twice(tmp_path)
        assert 0 < done < 8
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    """A folder with a data set of drives, and a model of it."""
    folder = tmp_path_factory.mktemp("drives")
    config = synthetic_streets.SyntheticStreetsConfig(
        name="drives",
        height=64,
        width=96,
        train_sequences=1,
        train_length=2,
        validation_sequences=8,
        validation_length=8,
    )
    builder = tfds.builder("synthetic_streets", config=config, data_dir=folder)
    builder.download_and_prepare()
    keras.utils.set_random_seed(3)
    model = small_models.small_accel(len(STREETS), label_map=STREETS)
    model.save(folder / "accel.keras")
    return folder


@pytest.mark.parametrize(
    "mode",
    [
        ["average"],
        ["stream", "--temporal", "--keyframes", "both", "--key-share", "0.3"],
    ],
    ids=lambda mode: mode[0],
)
def test_scores_are_those_of_one_process(drives, cluster, tmp_path, mode):
    def argv(name, *more):
        given = ["evaluate", "--data", "synthetic_streets/drives"]
        given += ["--data-dir", str(drives), "--rounds", "0", "--intervals"]
        given += ["1,3", "--weights", str(drives / "accel.keras")]
        given += ["--json", str(tmp_path / name), "--mode", *mode, *more]
        return [sys.executable, "-m", "accel_tf", *given]

    def scored():
        record = tmp_path / "fleet.json.fleet.jsonl"
        return record.read_text().count("\n") if record.exists() else 0

    subprocess.run(argv("plain.json"), check=True)
    given = argv("fleet.json", "--cluster", cluster(2).address)
    with subprocess.Popen([*given, "--workers", "1"]) as process:
        archives.wait_for(lambda: scored() > 2)
        process.kill()
    assert scored() < 9
    subprocess.run(given, check=True)
    plain, fleet = (
        (tmp_path / name).read_bytes() for name in ("plain.json", "fleet.json")
    )
    assert plain == fleet
    assert len(list(tmp_path.iterdir())) == 2
