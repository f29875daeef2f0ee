import itertools
import socket
import threading
import time

import numpy as np
import pytest
from video_making import flat, make, shown
from video_server import VideoServer

from accel_tf import optional
from accel_tf.video import SourceLostError, live_reader, open_video, reader
from accel_tf.video.decoder import NoVideoError


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(live_reader, "_FIRST_WAIT", 0.05)
    monkeypatch.setattr(live_reader, "_SECONDS_TO_MEASURE", 0.2)


@pytest.fixture
def server():
    server = VideoServer()
    yield server
    server.stop()


# --- streams -------------------------------------------------------------


def stop_and_come_back(server, seconds):
    """Reads a stream whose server is away; gives what was read and noted."""
    notes, frames = [], []
    with open_video(f"{server.url}/live", on_note=notes.append) as video:
        for count, frame in enumerate(video.frames()):
            frames.append(frame)
            if count == 20:
                server.stop()
                threading.Timer(seconds, server.start).start()
            if video.reconnects and len(frames) > count_at_return(frames) + 9:
                break
        return video, frames, notes


def count_at_return(frames):
    return next((i for i, f in enumerate(frames) if f.starts_anew), len(frames))


def test_a_stream_that_stops_and_comes_back_goes_on(quick, server):
    video, frames, notes = stop_and_come_back(server, 0.5)
    assert video.reconnects == 1
    (anew,) = [i for i, frame in enumerate(frames) if frame.starts_anew]
    assert anew > 20 and shown(frames[anew].image) == 0
    times = np.array([frame.time for frame in frames])
    assert times[0] == 0 and (np.diff(times) > 0).all()
    # The gap is kept, and the rate is the server's, not what JPEGs state.
    assert 0.4 < times[anew] - times[anew - 1] < 5
    assert 5 < video.frame_rate < 60 and video.frame_count is None
    assert "reconnecting in" in notes[0]


@pytest.mark.slow
def test_a_stream_that_is_away_for_twenty_seconds(server):
    video, frames, _ = stop_and_come_back(server, 20)
    assert video.reconnects == 1
    gaps = np.diff([frame.time for frame in frames])
    assert 19 < gaps.max() < 40


def test_a_stream_that_is_lost_ends_after_its_frames(quick, server):
    notes, frames = [], []
    with open_video(
        f"{server.url}/live", on_note=notes.append, reconnect_seconds=0.3
    ) as video:
        with pytest.raises(SourceLostError, match="did not come back") as lost:
            for frame in video.frames():
                frames.append(frame)
                if len(frames) == 10:
                    server.stop()
    server.start()
    assert len(frames) >= 10 and len(notes) >= 2
    # The address is said once.
    assert "\n" not in str(lost.value) and "cannot open" not in str(lost.value)


def test_the_wait_for_a_stream_can_be_stopped(quick, server, monkeypatch):
    monkeypatch.setattr(live_reader, "_FIRST_WAIT", 60.0)
    notes = []

    def note(line):
        notes.append(line)
        video.stop()

    with open_video(f"{server.url}/live", on_note=note) as video:
        for count, _ in enumerate(video.frames()):
            if count == 3:
                server.stop()
    server.start()
    assert len(notes) == 1 and "reconnecting" in notes[0]


def test_the_newest_frame_only(quick, server):
    server.frame_rate = 100
    with open_video(f"{server.url}/live", live=True) as video:
        times = []
        for frame in itertools.islice(video.frames(), 9):
            times.append(frame.time)
            time.sleep(0.05)
    assert video.dropped > 8
    assert times[-1] > 0.2


def test_a_given_rate_wins_over_the_measured(quick, server):
    with open_video(f"{server.url}/live", frame_rate=4) as video:
        frames = list(itertools.islice(video.frames(), 3))
    assert video.frame_rate == 4
    assert [frame.time for frame in frames] == [0, 0.25, 0.5]


@pytest.mark.parametrize("limit", [None, 9000])
def test_a_file_on_a_server_is_read_to_its_end(quick, server, tmp_path, limit):
    """Also if the connection breaks: then it goes on where it was."""
    path = make(tmp_path / "a.ts", map(flat, range(28)), "mpeg2video")
    server.data = path.read_bytes()
    server.limit = limit
    notes = []
    with open_video(f"{server.url}/file", on_note=notes.append) as video:
        frames = list(video.frames())
    assert video.reconnects == (limit is not None)
    assert [shown(frame.image) for frame in frames] == list(range(28))
    times = [frame.time for frame in frames]
    np.testing.assert_allclose(times, np.arange(28) / 10, atol=2e-3)


def test_sources_that_cannot_be_opened(server):
    with pytest.raises(OSError, match="cannot open http.*404"):
        open_video(f"{server.url}/nothing")
    server.data = b"no video" * 200
    with pytest.raises(ValueError, match="not a video"):
        open_video(f"{server.url}/file")
    with pytest.raises(OSError, match="cannot open rtsp://127.0.0.1:1/a"):
        open_video("rtsp://user:secret@127.0.0.1:1/a")


def test_a_stream_that_comes_back_without_a_picture_is_tried_again(quick):
    class Connection:
        height, width, frame_rate, frame_count = 4, 4, 10.0, None
        is_timed, is_finite, has_sound, fault = True, False, False, "it ended"

        def __iter__(self):
            return iter([(np.zeros((4, 4, 3), np.uint8), 0.0, False)])

        def close(self):
            pass

    answers = [Connection(), NoVideoError("x holds no video"), Connection()]

    def connect():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    notes = []
    video = live_reader.LiveReader(
        connect, "x", None, False, False, notes.append, 60.0
    )
    frames = list(itertools.islice(video.frames(), 2))
    assert [frame.starts_anew for frame in frames] == [False, True]
    assert "(x holds no video)" in notes[1]


def test_a_server_that_does_not_answer_in_time(monkeypatch):
    monkeypatch.setattr(reader, "_SECONDS_TO_WAIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/live"
        with pytest.raises(OSError, match="cannot open http.*no answer"):
            open_video(url)


# --- cameras -------------------------------------------------------------


class Capture:
    """An OpenCV camera of 20 frames a second, which states 5."""

    frames_until_it_stops = 12
    opened = 0

    def __init__(self, index):
        type(self).opened += 1
        # Away for a while after it stopped.
        self._is_there = self.opened != 2
        self._count = 0

    def read(self):
        time.sleep(0.02)
        self._count += 1
        if not self._is_there or self._count > self.frames_until_it_stops:
            return False, None
        return True, flat(self._count)

    def get(self, key):
        return 5.0

    def set(self, key, value):
        return False

    def release(self):
        pass


@pytest.fixture
def camera(monkeypatch):
    class Camera(Capture):
        pass

    monkeypatch.setattr(optional.cv2(), "VideoCapture", Camera)
    return Camera


def test_a_cameras_rate_is_measured_and_it_comes_back(quick, camera):
    notes = []
    with open_video(0, on_note=notes.append) as video:
        frames = list(itertools.islice(video.frames(), 20))
    assert 10 < video.frame_rate < 50
    assert [i for i, f in enumerate(frames) if f.starts_anew] == [12]
    assert video.reconnects == 1 and len(notes) == 2
    assert "camera 0 stopped after 12 frames" in notes[0]
    assert (np.diff([frame.time for frame in frames]) > 0).all()


def test_a_given_rate_wins_over_the_cameras(quick, camera):
    with open_video("0", frame_rate=10) as video:
        frames = list(itertools.islice(video.frames(), 3))
    assert video.frame_rate == 10
    assert [frame.time for frame in frames] == pytest.approx([0, 0.1, 0.2])


def test_a_dropped_first_frame_passes_on_that_the_camera_restarted(
    quick, camera
):
    camera.frames_until_it_stops = 3
    with open_video(0, live=True, on_note=lambda line: None) as video:
        anew = []
        for frame in itertools.islice(video.frames(), 8):
            anew.append(frame.starts_anew)
            time.sleep(0.2)
    assert any(anew) and video.dropped


@pytest.mark.parametrize("source", [99, "99", -1])
def test_camera_that_cannot_be_opened(source, capfd):
    with pytest.raises(OSError, match=f"camera {source} cannot be opened"):
        open_video(source)
    assert capfd.readouterr().err == ""


def test_digits_that_name_a_file_are_no_camera(tmp_path, monkeypatch):
    make(tmp_path / "a.mkv", map(flat, range(3))).rename(tmp_path / "99")
    monkeypatch.chdir(tmp_path)
    assert open_video("99").frame_count == 3


def test_a_file_is_no_live_source(tmp_path):
    path = make(tmp_path / "a.mkv", map(flat, range(3)))
    notes = []
    with open_video(path, live=True, on_note=notes.append) as video:
        assert len(list(video)) == 3
    assert "no live source" in notes[0]
