"""Streams whose states are kept inside an exported model."""

import concurrent.futures
import itertools

import numpy as np
import pytest
from exported_models import (
    STATE_BYTES,
    Loaded,
    ReadsFrames,
    Session,
    SumsAllFrames,
    SumsFrames,
    decode,
    moving_frames,
    png,
    send,
    stats,
    summed_labels,
)

from accel_tf.serving.export import export_saved_model
from accel_tf.serving.export.stored_states import STREAM_OVERHEAD

INTERVAL = 4
SIZE = (16, 24)
STREAM_BYTES = STATE_BYTES * 16 * 24 + STREAM_OVERHEAD
# Room for three streams of that size.
MEMORY_LIMIT = 4 * STREAM_BYTES - 1


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return export_saved_model(
        SumsFrames(),
        tmp_path_factory.mktemp("sums"),
        interval=INTERVAL,
        memory_limit=MEMORY_LIMIT,
        warm_up_size=None,
    )


BOTH = pytest.mark.parametrize("run", [Loaded, Session], indirect=True)


@pytest.fixture(params=[pytest.param(Loaded, marks=pytest.mark.slow), Session])
def run(request, path):
    """A loaded model without streams, in TensorFlow 2 and 1."""
    return request.param(path)


class Check:
    """Sends frames and compares with what every stream by itself gives."""

    def __init__(self, run, interval=INTERVAL):
        self.run, self.interval = run, interval
        self.frames, self.keys = {}, {}

    def __call__(self, *rows, forced=(), lost=()):
        """`lost` are streams that must start anew."""
        answer = send(self.run, rows, forced)
        lost = set(lost)
        for index, ((stream, frame), labels) in enumerate(
            zip(rows, decode(answer["label_png_bytes"]), strict=True)
        ):
            frames = self.frames.setdefault(stream, [])
            keys = self.keys.setdefault(stream, [])
            is_key = (
                index in forced
                or stream in lost
                or not frames
                or frames[-1].shape != frame.shape
                or not any(keys[1 - self.interval :])
            )
            lost.discard(stream)
            frames.append(frame)
            keys.append(is_key)
            since = next(n for n in itertools.count() if keys[-1 - n])
            assert answer["is_key"][index] == is_key
            assert answer["frames_since_key"][index] == since
            expected = summed_labels(frames[-1 - since :], keys[-1 - since :])
            np.testing.assert_array_equal(labels, expected[-1])


@BOTH
def test_streams_side_by_side(run):
    """Of different sizes, in one request and across requests."""
    check = Check(run)
    big, small, odd = (
        moving_frames(12, *size, seed=seed)
        for seed, size in enumerate([SIZE, (8, 8), (9, 13)])
    )
    for n in range(0, 12, 4):
        check((1, big[n]))
        check((2, small[n]), (1, big[n + 1]), (2, small[n + 1]))
        check((2**40, odd[n]), (1, big[n + 2]))
        check((1, big[n + 3]))
    now = stats(run)
    assert (now["streams"], now["frames"]) == (3, 21)
    assert now["key_frames"] == sum(map(sum, check.keys.values()))


def test_a_key_frame_on_request_and_after_a_change_of_size(run):
    check = Check(run)
    frames, others = moving_frames(9, *SIZE), moving_frames(3, 24, 16)
    check((5, frames[0]))
    check((5, frames[1]), (5, frames[2]), (5, frames[3]), forced=[1])
    check((5, frames[4]), forced=[0])
    check((5, frames[5]))
    for other in others:
        check((5, other))
    check((5, frames[6]), (5, others[0]), (5, frames[7]), (5, frames[8]))
    assert stats(run)["streams"] == 1


def test_close(run):
    check = Check(run)
    frames = moving_frames(6, *SIZE)
    for frame in frames[:2]:
        check((1, frame), (2, frame))
    assert run("close", stream_id=[2, 9])["closed"].tolist() == [True, False]
    assert stats(run)["streams"] == 1
    assert stats(run)["bytes"] == STREAM_BYTES
    known = run("stats", stream_id=[1, 2])["stream_bytes"]
    assert known.tolist() == [STREAM_BYTES, 0]
    check((1, frames[2]), (2, frames[2]), lost=[2])
    assert run("close", stream_id=[1, 1, 2])["closed"].all()
    assert stats(run)["streams"] == stats(run)["bytes"] == 0


@BOTH
def test_the_least_recently_used_stream_makes_room(run):
    check = Check(run, interval=INTERVAL)
    frames = moving_frames(8, *SIZE)
    check((1, frames[0]), (2, frames[0]), (3, frames[0]))
    check((1, frames[1]))
    check((4, frames[0]))  # instead of 2
    assert stats(run)["evictions"] == 1
    check((1, frames[2]), (3, frames[1]), (4, frames[1]))
    check((2, frames[1]), lost=[2])  # instead of 1
    known = run("stats", stream_id=[1, 2, 3, 4])["stream_bytes"]
    assert known.tolist() == [0, *[STREAM_BYTES] * 3]
    # One of another size takes the room of several.
    large = moving_frames(2, 40, 40)
    needed = STATE_BYTES * 40 * 40 + STREAM_OVERHEAD
    assert MEMORY_LIMIT - STREAM_BYTES < needed <= MEMORY_LIMIT
    check((5, large[0]))
    now = stats(run)
    assert (now["streams"], now["bytes"]) == (1, needed)
    assert (now["evictions"], now["memory_limit"]) == (5, MEMORY_LIMIT)
    check((5, large[1]))
    check((3, frames[2]), lost=[3])


def test_bytes_stay_within_the_limit(run):
    random = np.random.default_rng(0)
    frames = {side: moving_frames(1, side, side)[0] for side in (8, 16, 24)}
    for _ in range(60):
        rows = [
            (int(random.integers(6)), frames[int(random.choice([8, 16, 24]))])
            for _ in range(random.integers(1, 3))
        ]
        send(run, rows)
        if random.random() < 0.2:
            run("close", stream_id=random.integers(0, 6, 2))
        now = run("stats", stream_id=list(range(6)))
        assert now["bytes"][0] == now["stream_bytes"].sum() <= MEMORY_LIMIT
        assert now["streams"][0] == np.count_nonzero(now["stream_bytes"])


@pytest.mark.parametrize("load", [Loaded, Session])
def test_models_that_are_loaded_twice_share_nothing(load, path):
    first, second = load(path), load(path)
    frames = moving_frames(3, *SIZE)
    one, other = Check(first), Check(second)
    for frame in frames:
        one((1, frame))
    assert stats(second)["streams"] == stats(second)["frames"] == 0
    for frame in frames:
        other((1, frame))
        one((1, frame))


def test_streams_in_threads_of_their_own(run):
    """Three streams have room; a fourth one keeps closing and opening."""

    def stream(number):
        check = Check(run)
        for frame in moving_frames(40, *SIZE, seed=number):
            check((number, frame))

    def others():
        frame = moving_frames(1, 4, 4)[0]
        for number in range(100, 140):
            send(run, [(number, frame)])
            run("close", stream_id=[number])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(stream, number) for number in (1, 2, 3)]
        tasks.append(pool.submit(others))
    for task in tasks:
        task.result()
    now = stats(run)
    assert (now["streams"], now["bytes"]) == (3, 3 * STREAM_BYTES)
    assert (now["frames"], now["evictions"]) == (160, 0)


def test_counts_hold_while_streams_push_each_other_out(run):
    """Eight streams, each in a thread, with room for three."""
    frames = moving_frames(20, *SIZE)

    def stream(number):
        return [
            send(run, [(number, frame)])["is_key"].item() for frame in frames
        ]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(stream, range(8)))
    now = run("stats", stream_id=list(range(8)))
    assert now["frames"][0] == 160
    assert now["key_frames"][0] == np.sum(keys)
    assert now["bytes"][0] == now["stream_bytes"].sum() == 3 * STREAM_BYTES
    # What was stored is there, or was evicted and stored again.
    assert now["streams"][0] == 3


def test_a_state_without_key_frames(tmp_path):
    """Every frame is a key frame, yet the stream remembers."""
    path = export_saved_model(SumsAllFrames(), tmp_path, 2, warm_up_size=SIZE)
    run = Session(path)
    frames, other = moving_frames(5, *SIZE), moving_frames(1, 8, 8)[0]
    expected = summed_labels(frames, [True] + [False] * 4)
    images = [png(frame) for frame in frames]
    answer = run("serving_default", image_bytes=images)
    assert answer["is_key"].all()
    np.testing.assert_array_equal(decode(answer["label_png_bytes"]), expected)

    state = run("key", image_bytes=images[:1])["state_bytes"]
    answer = run("nonkey", image_bytes=images[1:2], state_bytes=state)
    (labels,) = decode(answer["label_png_bytes"])
    np.testing.assert_array_equal(labels, expected[1])

    answer = send(run, [(1, frame) for frame in frames[:3]], forced=[1])
    assert answer["is_key"].all() and not answer["frames_since_key"].any()
    np.testing.assert_array_equal(
        decode(answer["label_png_bytes"]), expected[:3]
    )
    answer = send(run, [(1, frames[3]), (1, other), (1, other)])
    fourth, anew, added = decode(answer["label_png_bytes"])
    np.testing.assert_array_equal(fourth, expected[3])
    np.testing.assert_array_equal(
        [anew, added], summed_labels([other] * 2, [True, False])
    )


def test_a_model_without_a_state_takes_streams_too(tmp_path):
    path = export_saved_model(ReadsFrames(), tmp_path, warm_up_size=None)
    assert not (path / "assets.extra").exists()
    run = Session(path)
    frame = moving_frames(1, 16, 16)[0]
    for _ in range(2):
        answer = send(run, [(1, frame), (2, frame)])
        assert answer["is_key"].tolist() == [True, True]
        assert answer["frames_since_key"].tolist() == [0, 0]
    now = stats(run)
    assert (now["streams"], now["bytes"], now["frames"]) == (0, 0, 4)
    assert not run("close", stream_id=[1])["closed"].any()
