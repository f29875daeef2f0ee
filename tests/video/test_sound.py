import itertools

import av
import numpy as np
import pytest
from video_making import HEIGHT, WIDTH, flat, make

from accel_tf.video import VideoWriter, open_video


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two seconds of pictures and three of sound (AAC)."""
    path = tmp_path_factory.mktemp("sound") / "source.mp4"
    return make(path, map(flat, range(20)), sound=3)


def write(path, count=20, start=0.0, **options):
    options = {"on_note": pytest.fail} | options
    with VideoWriter(path, HEIGHT, WIDTH, 10, **options) as writer:
        for index in range(count):
            writer.write(flat(index), start + index / 10)
    return path


def heard(path):
    """Codec of the sound, and the seconds in which it begins and ends."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        packets = [p for p in container.demux(stream) if p.size]
        first, last = packets[0], packets[-1]
        end = last.pts + (last.duration or 0)
        return (
            stream.codec_context.codec.canonical_name,
            float(first.pts * stream.time_base),
            float(end * stream.time_base),
        )


@pytest.mark.parametrize(
    "name, codec",
    [
        ("a.mp4", "aac"),
        ("a.mov", "aac"),
        ("a.mkv", "aac"),
        ("a.webm", "opus"),
        ("a.avi", "mp3"),
    ],
)
def test_sound_is_copied_or_encoded_and_ends_with_the_pictures(
    tmp_path, source, name, codec
):
    path = write(tmp_path / name, sound_from=source)
    found, begin, end = heard(path)
    assert found == codec
    # AAC of 8 kHz comes in pieces of 128 ms.
    assert abs(begin) < 0.15 and end == pytest.approx(2.0, abs=0.2)
    with open_video(path) as video:
        frames = list(video.frames())
    assert video.has_sound
    times = [frame.time for frame in frames]
    np.testing.assert_allclose(times, np.arange(20) / 10, atol=2e-3)


def test_sound_begins_where_the_pictures_do(tmp_path):
    """A tone begins at one second of the source."""
    tone = tmp_path / "tone.mkv"
    with av.open(str(tone), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.height, pictures.width = HEIGHT, WIDTH
        values = np.zeros((1, 16000), np.int16)
        values[:, 8000:] = 20000
        for index in range(20):
            frame = av.VideoFrame.from_ndarray(flat(index), format="rgb24")
            container.mux(pictures.encode(frame))
        for place in range(0, 16000, 800):
            piece = np.ascontiguousarray(values[:, place : place + 800])
            frame = av.AudioFrame.from_ndarray(
                piece, format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = 8000, place
            container.mux(stream.encode(frame))
        container.mux(pictures.encode(None))
    for options in ({"start": 0.5}, {"sound_range": (0.5, 1.3)}):
        path = write(tmp_path / "a.mp4", 10, sound_from=tone, **options)
        with av.open(str(path)) as container:
            (stream,) = container.streams.audio
            sound = [
                (frame.time + i / stream.rate, abs(value))
                for frame in container.decode(stream)
                for i, value in enumerate(frame.to_ndarray()[0])
            ]
        begin = next(t for t, value in sound if value > 0.3)
        assert begin == pytest.approx(0.5, abs=0.03)
        end = 0.8 if "sound_range" in options else 1.0
        assert sound[-1][0] == pytest.approx(end, abs=0.15)


def test_an_interrupt_keeps_the_sound_so_far(tmp_path, source):
    path = tmp_path / "a.mp4"
    with pytest.raises(KeyboardInterrupt):
        with VideoWriter(path, HEIGHT, WIDTH, 10, sound_from=source) as writer:
            for index in itertools.count():
                writer.write(flat(index))
                if index == 9:
                    raise KeyboardInterrupt
    assert heard(path)[2] == pytest.approx(1.0, abs=0.2)


def test_what_has_no_sound_writes_none(tmp_path, source):
    silent = make(tmp_path / "silent.mp4", map(flat, range(3)))
    path = write(tmp_path / "a.mp4", sound_from=silent)
    assert not open_video(path).has_sound
    for name, sound, words in (
        ("a.gif", source, "no sound"),
        ("b.mp4", tmp_path / "absent.mp4", "absent.mp4 cannot be read"),
    ):
        notes = []
        write(tmp_path / name, sound_from=sound, on_note=notes.append)
        assert len(notes) == 1 and words in notes[0]
        assert not open_video(tmp_path / name).has_sound
