"""The frames of the last minutes."""

import numpy as np
import pytest

from accel_tf.distill import ReplayBuffer

SIZE = (6, 8)
BYTES = 6 * 8 * 4  # Of a frame with its labels.


def picture(value):
    return (
        np.full((*SIZE, 3), value, np.uint8),
        np.full(SIZE, value % 19, np.uint8),
    )


def filled(times, **options):
    buffer = ReplayBuffer(**options)
    for time in times:
        buffer.add(time, *picture(int(time)))
    return buffer


def test_frames_leave_after_the_horizon():
    buffer = filled(range(10), horizon=4.0)
    assert buffer.times == [6.0, 7.0, 8.0, 9.0]
    buffer.add(12.5, *picture(12))
    assert buffer.times == [9.0, 12.5]
    buffer.add(500.0, *picture(5))
    assert len(buffer) == 1


def test_frames_leave_when_the_memory_is_full():
    buffer = filled(range(10), most_bytes=3 * BYTES + 1)
    assert buffer.times == [7.0, 8.0, 9.0]
    assert buffer.bytes_kept == 3 * BYTES
    with pytest.raises(ValueError, match="takes 192 bytes; 100 are all"):
        filled([0], most_bytes=100)


def test_drawn_with_replacement_and_by_a_seed():
    buffer = filled(range(5))
    frames, labels = buffer.sample(400, np.random.default_rng(1))
    assert frames.shape == (400, *SIZE, 3) and frames.dtype == "uint8"
    np.testing.assert_array_equal(frames[:, 0, 0, 0], labels[:, 0, 0])
    counts = np.bincount(labels[:, 0, 0], minlength=5)
    assert counts.min() > 50
    again, _ = buffer.sample(400, np.random.default_rng(1))
    np.testing.assert_array_equal(frames, again)
    # Whoever changes a minibatch does not change what is kept.
    frames[:] = 200
    assert buffer.sample(9, np.random.default_rng(2))[0].max() < 5


def test_what_comes_in_is_copied():
    buffer, (frame, labels) = ReplayBuffer(), picture(3)
    buffer.add(0, frame, labels)
    frame[:], labels[:] = 9, 9
    frames, kept = buffer.sample(1, np.random.default_rng(0))
    assert (frames == 3).all() and (kept == 3).all()


def smooth_picture():
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    frame = np.stack(np.broadcast_arrays(ramp[:, None], ramp, 90), -1)
    labels = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    return frame.astype(np.uint8), labels


def test_jpeg_loses_little_of_frames_and_nothing_of_labels():
    pytest.importorskip("cv2")
    buffer, (frame, labels) = ReplayBuffer(keep="jpeg"), smooth_picture()
    buffer.add(0.0, frame, labels)
    (kept,), (of_kept,) = buffer.sample(1, np.random.default_rng(0))
    assert 0 < np.abs(kept.astype(int) - frame).mean() < 3
    np.testing.assert_array_equal(of_kept, labels)
    assert buffer.bytes_kept < frame.size


# === A restart ===


@pytest.mark.parametrize("keep", ["raw", "jpeg"])
def test_it_survives_a_restart(tmp_path, keep):
    if keep == "jpeg":
        pytest.importorskip("cv2")
    buffer = ReplayBuffer(keep=keep)
    for time in range(3):
        buffer.add(time, *smooth_picture())
    buffer.save(tmp_path / "buffer.npz")
    again = ReplayBuffer.load(tmp_path / "buffer.npz")
    assert (again.times, again.size) == (buffer.times, buffer.size)
    for one, other in zip(
        buffer.sample(5, np.random.default_rng(0)),
        again.sample(5, np.random.default_rng(0)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    again.add(3.0, *smooth_picture())
    assert len(again) == 4


def test_a_smaller_buffer_takes_the_newest(tmp_path):
    filled(range(10)).save(tmp_path / "buffer.npz")
    again = ReplayBuffer.load(tmp_path / "buffer.npz", horizon=2.0)
    assert again.times == [8.0, 9.0]


def test_an_empty_buffer_is_saved_too(tmp_path):
    ReplayBuffer().save(tmp_path / "buffer.npz")
    again = ReplayBuffer.load(tmp_path / "buffer.npz")
    assert len(again) == 0 and again.size is None
    again.add(0, *picture(1))


def test_files_that_are_none(tmp_path):
    path = tmp_path / "buffer.npz"
    with pytest.raises(FileNotFoundError):
        ReplayBuffer.load(path)
    filled(range(3)).save(path)
    data = path.read_bytes()
    for damaged in (
        b"",
        b"no archive",
        data[:200],
        data[: len(data) // 2],
        data.replace(picture(2)[0].tobytes(), picture(1)[0].tobytes()),
    ):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="is damaged, or holds"):
            ReplayBuffer.load(path)
    np.savez(path, keep="raw")
    with pytest.raises(ValueError, match="is damaged, or holds"):
        ReplayBuffer.load(path)


def test_arrays_that_do_not_fit_each_other(tmp_path):
    path = tmp_path / "buffer.npz"
    filled(range(3)).save(path)
    arrays = dict(np.load(path))
    for name, value, fault in (
        ("times", arrays["times"][::-1], "do not fit each other"),
        ("times", arrays["times"] * np.nan, "do not fit each other"),
        ("data", arrays["data"][1:], "do not fit each other"),
        ("lengths", -arrays["lengths"], "do not fit each other"),
        ("size", np.array([4, 9]), "a frame in .* is damaged"),
        ("times", arrays["times"].astype("float32"), "times in .* is float32"),
    ):
        np.savez(path, **{**arrays, name: value})
        with pytest.raises(ValueError, match=fault):
            ReplayBuffer.load(path)


def test_pickled_files_are_refused(tmp_path):
    path = tmp_path / "buffer.npz"
    filled(range(3)).save(path)
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "times": np.array([None, 1.0])})
    with pytest.raises(ValueError, match="is damaged, or holds"):
        ReplayBuffer.load(path)


# === Bad input ===


def test_bad_frames():
    buffer = filled([3.0])
    frame, labels = picture(1)
    for arguments, fault in (
        ((2.9, frame, labels), "of 2.9 s comes after one of 3.0 s; clear"),
        ((float("nan"), frame, labels), "the time of a frame is nan"),
        ((4, frame / 255, labels), "a uint8 frame .* not float64"),
        ((4, frame, labels.astype(int)), "uint8 labels .* int64"),
        ((4, frame[..., 0], labels), r"not uint8 \[6, 8\]"),
        ((4, frame, labels[1:]), r"uint8 \[5, 8\]"),
        ((4, frame[1:], labels[1:]), "5x8 pixels, those before 6x8; clear"),
    ):
        with pytest.raises(ValueError, match=fault):
            buffer.add(*arguments)
    assert buffer.times == [3.0]
    buffer.clear()
    buffer.add(0.0, frame[1:], labels[1:])
    assert buffer.size == (5, 8)


def test_bad_arguments():
    for options, fault in (
        ({"horizon": 0}, "horizon is 0; seconds above 0"),
        ({"horizon": float("nan")}, "horizon is nan"),
        ({"most_bytes": 0}, "most_bytes is 0; 1 is the least"),
        ({"keep": "png"}, 'keep is "png"; it is raw or jpeg'),
    ):
        with pytest.raises(ValueError, match=fault):
            ReplayBuffer(**options)
    with pytest.raises(ValueError, match="the buffer is empty"):
        ReplayBuffer().sample(1, np.random.default_rng(0))
