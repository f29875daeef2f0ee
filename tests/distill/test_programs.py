"""The server's and the edge's program over a real socket, in one process."""

import asyncio
import contextlib
import json
import threading

import numpy as np
import pytest
from distill_pairs import another_classroom, tiny_student
from video_making import make

from accel_tf.distill import edge as edge_program
from accel_tf.distill import edge_worker, link
from accel_tf.distill.access import check_address
from accel_tf.distill.edge import run_edge
from accel_tf.distill.server import DistillServer

FRAMES = 12


def classroom():
    return another_classroom(update_period=2.0)


class Running:
    """A server in a thread."""

    def __init__(self, room, port=0, **options):
        self.lines = []
        self.server = DistillServer(room, log=self.lines.append, **options)
        self._ready = threading.Event()
        self._port, self.url = port, None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self.server.serve(
            "127.0.0.1", self._port, stop=self._stop, on_ready=self._on_ready
        )

    def _on_ready(self, url):
        self.url = url
        self._ready.set()

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *error):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Six seconds of 48x96 pixels, two frames each."""
    ramp = np.linspace(0, 255, 96)[None, :, None] * np.ones((48, 1, 3))
    pictures = [np.uint8((ramp + 9 * n) % 256) for n in range(FRAMES)]
    path = tmp_path_factory.mktemp("video") / "drive.mp4"
    return make(path, pictures, rate=2)


@pytest.fixture
def patient(monkeypatch):
    """The edge waits before some frames: how fast it is does not matter."""
    before = edge_program._Run.before

    def set_waits(waits):
        def wait_before(run, wanted):
            if wanted.index in waits:
                session = run._worker.session
                wait_for(lambda: waits[wanted.index](session))
            before(run, wanted)

        monkeypatch.setattr(edge_program._Run, "before", wait_before)

    set_waits({6: has_update(1), 10: has_update(2)})
    return set_waits


def has_update(number):
    return lambda session: session.sequence >= number


def run(video, url, model=None, **options):
    options = {"speed": None, "edge_id": "car-7", "progress": False} | options
    notes = []
    model = model or tiny_student()
    report = run_edge(model, str(video), url, on_note=notes.append, **options)
    return report, notes


def test_edge_is_taught_over_a_socket(video, tmp_path, patient):
    states = tmp_path / "states"
    outputs = {
        "output": str(tmp_path / "out.mp4"),
        "labels": str(tmp_path / "labels"),
        "json_path": str(tmp_path / "report.json"),
    }
    with Running(classroom(), state_dir=states) as running:
        report, notes = run(video, running.url, **outputs)
        session = running.server.sessions["car-7"]
        assert report["frames"] == FRAMES
        assert report["updates"] == report["sequence"] == 2
        assert report["weights_digest"] == session.digest
        assert notes == ["connected to the server"]
    assert json.loads((tmp_path / "report.json").read_text()) == report
    assert len(list((tmp_path / "labels").glob("*.png"))) == FRAMES
    assert (tmp_path / "out.mp4").stat().st_size > 0
    sizes = sum(each["size"] for each in report["per_update"])
    assert sizes < report["bytes_down"] < sizes + 2000
    assert report["bytes_up"] > 500
    assert report["kbps_down"] == pytest.approx(
        8e-3 * report["bytes_down"] / report["video_seconds"], abs=1e-3
    )
    assert report["seconds"]["connected"] > 0
    for each in report["per_update"]:
        assert each["age"] >= 0 and each["delay"] > 0
    record = json.loads((states / "car-7" / "session.json").read_text())
    assert record["session"]["weights_digest"] == report["weights_digest"]
    left = f"car-7: left, with weights {report['weights_digest'][:12]}"
    assert left in running.lines


def test_two_edges_at_once_and_a_third_in_their_place(video, patient):
    results = {}

    # Keras seeds the whole process: one after the other.
    models = {name: tiny_student() for name in ("car-1", "car-2")}

    def drive(name, url):
        results[name] = run(video, url, models[name], edge_id=name)

    with Running(classroom(), most_edges=2) as running:
        threads = [
            threading.Thread(target=drive, args=(name, running.url))
            for name in models
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in models:
            report, _ = results[name]
            session = running.server.sessions[name]
            assert report["frames"] == FRAMES and report["updates"] == 2
            assert report["weights_digest"] == session.digest
        patient({})
        # Those that left make room.
        report, _ = run(video, running.url, edge_id="car-3")
        assert report["seconds"]["connected"] > 0
        assert len(running.server.sessions) == 2
        assert "car-3" in running.server.sessions


def test_edge_goes_on_without_a_server(video, monkeypatch):
    monkeypatch.setattr(link, "_FIRST_WAIT", 0.05)
    report, notes = run(video, "ws://127.0.0.1:9")
    assert report["frames"] == FRAMES and report["updates"] == 0
    assert report["kbps_down"] == 0
    assert notes[0].startswith("no connection to the server: ")
    assert "frames of 256x512 (height x width) to the end" in notes[1]
    assert len(notes) == 2  # Not for each attempt.


def test_server_that_comes_late_and_goes_and_comes(
    video, tmp_path, monkeypatch, patient
):
    monkeypatch.setattr(link, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(link, "_LONGEST_WAIT", 0.1)
    patient(
        {
            2: lambda session: session.is_connected,
            6: has_update(1),
            7: lambda session: not session.is_connected,
            10: has_update(2),
        }
    )
    room, states, results = classroom(), tmp_path / "states", []
    with Running(room) as first:
        port = first.server.port
    thread = threading.Thread(
        target=lambda: results.append(run(video, f"ws://127.0.0.1:{port}"))
    )
    thread.start()
    with Running(room, port, state_dir=states) as running:
        wait_for(lambda: any("gets update" in x for x in running.lines))
        server = running.server
        wait_for(
            lambda: server.sessions["car-7"].delivery.confirmed.sequence == 1
        )
    with Running(room, port, state_dir=states) as running:
        thread.join(60)
        session = running.server.sessions["car-7"]
    ((report, notes),) = results
    assert report["frames"] == FRAMES and report["sequence"] == 2
    assert session.digest == report["weights_digest"]
    assert session.counts["snapshots"] == 0
    assert notes.count("connected to the server") == 2
    assert report["seconds"]["offline"] > 0


def wait_for(condition, seconds=60.0):
    event = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        event.wait(0.02)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "the server refuses the token"),
        ("another-token", "the server refuses the token"),
    ],
)
def test_wrong_token_is_refused(video, tmp_path, given, message):
    options = {}
    if given is not None:
        (tmp_path / "token").write_text(given)
        options["token_file"] = tmp_path / "token"
    with Running(classroom(), token="the-right-token") as running:
        with pytest.raises(ValueError, match=message):
            run(
                video,
                running.url,
                output=str(tmp_path / "out.mp4"),
                json_path=str(tmp_path / "report.json"),
                **options,
            )
    assert not list(tmp_path.glob("*out*")) + list(tmp_path.glob("*.json"))
    assert running.lines == ["127.0.0.1: refused, wrong or no token"]


def test_only_edges_may_ask_and_call_it_by_its_name():
    import aiohttp

    def refused(running, **headers):
        with talking(running, headers=headers) as say:
            with pytest.raises(aiohttp.WSServerHandshakeError) as info:
                say()
        return info.value.status, running.lines.pop()

    with Running(classroom(), allowed_hosts=["teacher.example"]) as running:
        status, line = refused(running, Origin="http://evil.example")
        assert status == 403 and line.endswith("origins may not ask")
        status, line = refused(running, Host="evil.example")
        assert status == 403 and "--allowed-host evil.example" in line
        with talking(running, headers={"Host": "teacher.example:1"}) as say:
            say(b"nonsense")
        assert "no MessagePack" in running.lines[-1]


def test_right_token_is_taken(video, tmp_path):
    (tmp_path / "token").write_text("the-right-token\n")
    with Running(classroom(), token="the-right-token") as running:
        report, _ = run(video, running.url, token_file=tmp_path / "token")
    assert report["seconds"]["connected"] > 0


def test_model_with_other_classes_is_refused(video, tmp_path):
    with Running(classroom()) as running:
        with pytest.raises(ValueError, match="has 4 classes, the server's 5"):
            run_edge(
                tiny_student(4),
                str(video),
                running.url,
                output=str(tmp_path / "out.mp4"),
                progress=False,
            )
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def talking(running, **options):
    """A client that says what it wants."""
    import aiohttp

    async def converse(sayings):
        heard = []
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(running.url, **options) as socket:
                for data in sayings:
                    await socket.send_bytes(data)
                async for message in socket:
                    heard.append(message.data)
        return heard

    yield lambda *sayings: asyncio.run(converse(sayings))


def test_nonsense_ends_the_connection_with_a_reason():
    from accel_tf.distill import messages

    with Running(classroom()) as running, talking(running) as say:
        for data, reason in (
            (b"nonsense", "no MessagePack"),
            (messages.pack({"type": "bye"}), "first message must be hello"),
        ):
            (answer,) = say(data)
            message = messages.unpack(answer, 10**6)
            assert message["type"] == "error" and reason in message["reason"]
            assert reason in running.lines[-1]


def test_options_are_checked_before_any_work(tmp_path):
    with pytest.raises(ValueError, match="give --token-file FILE"):
        check_address("0.0.0.0", None, None, None)
    with pytest.raises(ValueError, match="go together"):
        check_address("127.0.0.1", None, "cert.pem", None)
    short = tmp_path / "short"
    short.write_text("abc")
    with pytest.raises(ValueError, match="must hold one line of 8 or more"):
        check_address("0.0.0.0", short, None, None)
    with pytest.raises(OSError, match="cannot read the token file"):
        check_address("0.0.0.0", tmp_path / "none", None, None)
    assert check_address("::1", None, None, None) == (None, None)


@pytest.mark.parametrize("url", ["http://a:1", "ws://", "ws://a:99999", "a"])
def test_addresses_are_checked(url):
    with pytest.raises(ValueError, match="is no address of a server"):
        link.Link(url, print, 100)


def test_edge_checks_its_video_and_outputs_first(tmp_path):
    model = tiny_student()
    with pytest.raises(FileNotFoundError, match="no such file or folder"):
        run_edge(model, str(tmp_path / "none.mp4"), "ws://127.0.0.1:9")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        run_edge(
            model, "x.mp4", "ws://a:1", json_path=str(tmp_path / "a" / "b.json")
        )
    with pytest.raises(ValueError, match="opened twice"):
        run_edge(model, "-", "ws://a:1")


def test_a_fault_of_the_worker_is_told(video, monkeypatch):
    def fail(self, *arguments):
        raise RuntimeError("no encoder")

    monkeypatch.setattr(edge_worker.EdgeWorker, "_handle", fail)
    with pytest.raises(RuntimeError, match="no encoder"):
        run(video, "ws://127.0.0.1:9")
    assert edge_program.DEFAULT_SIZE == (256, 512)
