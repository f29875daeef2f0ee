"""Videos and streams through the embedded server, with an exported model."""

import concurrent.futures
import contextlib

import numpy as np
import pytest
from exported_models import SumsFrames, moving_frames

import accel_tf
from accel_tf.commands import main
from accel_tf.data.label_maps import default_label_map
from accel_tf.segment import segment_video
from accel_tf.serving import page_files
from accel_tf.serving.client import Client
from accel_tf.serving.descriptions import read_description
from accel_tf.serving.export import export_saved_model
from accel_tf.serving.http_server import HttpServer
from accel_tf.serving.model_config import ModelConfig
from accel_tf.serving.model_manager import ModelManager
from accel_tf.serving.rest import RestHandler
from accel_tf.serving.saved_model_servable import SavedModelServable
from accel_tf.video import VideoWriter

INTERVAL = 3
CLASSES = 250


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """An exported model and the folder of its versions."""
    model = SumsFrames(CLASSES)
    folder = tmp_path_factory.mktemp("sums")
    export_saved_model(model, folder, interval=INTERVAL, warm_up_size=None)
    return model, folder


def load(name, version, path):
    servable = SavedModelServable(name, version, path, threads=1)
    servable.description = read_description(path)
    return servable


@contextlib.contextmanager
def managing(folder):
    manager = ModelManager(load, [ModelConfig("sums", folder)], poll_seconds=0)
    manager.start()
    try:
        yield manager
    finally:
        manager.close(1)


@contextlib.contextmanager
def serving(manager, port=0, pages=None):
    server = HttpServer(RestHandler(manager, pages=pages), port=port)
    server.start()
    try:
        yield server
    finally:
        server.stop(0.1)


@pytest.fixture(scope="module")
def manager(exported):
    with managing(exported[1]) as running:
        yield running


@pytest.fixture(scope="module")
def server(manager):
    with serving(manager, pages=page_files.pages(manager)) as running:
        yield running


@pytest.fixture
def client_of():
    """Makes clients of a server, which the end of the test closes."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(
            Client(server.url, "sums", image_format="png")
        )


def frames(seed, count=8):
    return moving_frames(count, 32, 48, seed)


def local(model, clip):
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(INTERVAL))
    return [(stream(frame[None])[0], stream.is_key) for frame in clip]


def test_labels_are_those_of_a_video_stream(exported, server, client_of):
    client = client_of(server)
    clips = [frames(seed) for seed in range(4)]
    wanted = [local(exported[0], clip) for clip in clips]
    before = client.stats()

    def remote(clip):
        with client.stream() as stream:
            return [(stream(frame), stream.is_key) for frame in clip]

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for got, expected in zip(pool.map(remote, clips), wanted, strict=True):
            labels, is_key = zip(*got, strict=True)
            expected_labels, expected_is_key = zip(*expected, strict=True)
            np.testing.assert_array_equal(labels, expected_labels)
            assert is_key == expected_is_key
    labels, is_key = client.clip(clips[0])
    np.testing.assert_array_equal(labels, [one for one, _ in wanted[0]])
    assert is_key.tolist() == [one for _, one in wanted[0]]
    after = client.stats()
    assert after["streams"] == 0 and after["frames"] - before["frames"] == 32


def test_a_stream_outlives_its_server(exported, manager, client_of):
    clip = frames(0)
    model, folder = exported
    with managing(folder) as first, serving(first) as server:
        port = server.server_address[1]
        client = client_of(server)
        stream = client.stream()
        got = [stream(frame) for frame in clip[:5]]
    # Another load of the model, which has never heard of the stream.
    with serving(manager, port), stream:
        got += [stream(frame) for frame in clip[5:]]
        assert stream.frames_since_key == 2
    wanted = local(model, clip[:5]) + local(model, clip[5:])
    np.testing.assert_array_equal(got, [labels for labels, _ in wanted])


def test_segment_is_the_same_as_without_a_server(
    exported, server, client_of, tmp_path, capsys
):
    video = tmp_path / "in.avi"
    with VideoWriter(video, 32, 48, 10.0) as writer:
        for frame in frames(5):
            writer.write(frame)
    here, there = tmp_path / "here", tmp_path / "there"
    segment_video(
        exported[0],
        video,
        tmp_path / "here.mp4",
        interval=INTERVAL,
        labels=here,
        progress=False,
    )
    options = ["--server", server.url, "--model", "sums", "--lossless"]
    options += ["--timeout", "99"]
    options += ["--output", str(tmp_path / "there.mp4")]
    argv = ["segment", str(video), *options, "--labels", str(there)]
    assert main(argv) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"sums at {server.url}: {CLASSES} classes."
    assert printed[1].startswith("11 requests, 0 of them repeated, ")
    assert "8 frames, 3 key frames" in printed[2]
    names = [path.name for path in sorted(here.iterdir())]
    assert len(names) == 9
    for name in names:
        assert (here / name).read_bytes() == (there / name).read_bytes()
    videos = [tmp_path / name for name in ("here.mp4", "there.mp4")]
    assert videos[0].read_bytes() == videos[1].read_bytes()
    assert client_of(server).stats()["streams"] == 0


def test_classes_of_a_server_that_does_not_tell_them(manager, client_of):
    with serving(manager) as server:
        label_map, is_known = client_of(server).label_map()
    assert label_map == default_label_map(CLASSES) and not is_known


def test_mistakes_of_segment_are_one_line(server, tmp_path, capsys):
    video = tmp_path / "in.avi"
    with VideoWriter(video, 32, 48, 10.0) as writer:
        writer.write(frames(5)[0])
    classes = tmp_path / "classes.json"
    classes.write_text("{}")
    output = tmp_path / "out.mp4"

    def fails_with(message, *options):
        argv = ["segment", str(video), "--output", str(output), *options]
        assert main(argv) == 2
        error = capsys.readouterr().err
        lines = [line for line in error.splitlines() if "accel-tf:" in line]
        assert len(lines) == 1 and message in lines[0]
        assert not output.exists()

    remote = "--server", server.url, "--model"
    fails_with("answered 404: Servable not found", *remote, "other")
    fails_with(
        "--interval does not go with --server", *remote, "sums", "--interval=5"
    )
    fails_with("--lossless goes with --server", "--model=x", "--lossless")
    fails_with("--timeout goes with --server", "--model=x", "--timeout=5")
    fails_with("--token-file goes with --server", "--model=x", "--token-file=x")
    fails_with(
        "cannot read the token file none", *remote, "sums", "--token-file=none"
    )
    fails_with(
        "--tls-ca) goes with https:// only", *remote, "sums", "--tls-ca=none"
    )
    fails_with("timeout must be", *remote, "sums", "--timeout=0")
    scores = f"--save-scores={tmp_path / 'scores'}"
    fails_with("--save-scores does not go", *remote, "sums", scores)
    fails_with(
        "does not name classes", *remote, "sums", "--classes", str(classes)
    )
    fails_with("a server's URL is like", "--server=localhost", "--model=x")
    fails_with("cannot be reached", "--server=http://127.0.0.1:1", "--model=x")
