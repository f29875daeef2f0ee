"""Requests to exported models that must fail, and change nothing."""

import numpy as np
import pytest
import tensorflow as tf
from exported_models import (
    STATE_BYTES,
    Session,
    SumsFrames,
    decode,
    moving_frames,
    only_signatures,
    png,
    send,
    stats,
    stream_inputs,
    summed_labels,
)

from accel_tf.serving.export import export_saved_model
from accel_tf.serving.export.stored_states import STREAM_OVERHEAD

SIZE = (16, 24)
# Room for three streams of that size.
MEMORY_LIMIT = 7167
MAX_PIXELS = 40 * 50


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """For tests that leave no streams behind."""
    path = export_saved_model(
        SumsFrames(),
        tmp_path_factory.mktemp("sums"),
        memory_limit=MEMORY_LIMIT,
        max_pixels=MAX_PIXELS,
        warm_up_size=SIZE,
    )
    return Session(path)


BROKEN = png(moving_frames(1, *SIZE)[0])


@pytest.mark.parametrize(
    ("message", "change"),
    [
        (
            "image_bytes\\[1\\] is neither a JPEG nor a PNG",
            b"GIF89a" + b"0" * 99,
        ),
        ("image_bytes\\[1\\] is neither a JPEG nor a PNG", b""),
        ("image_bytes\\[1\\] is neither a JPEG nor a PNG", BROKEN[:20]),
        ("PNG", BROKEN[:40]),
        ("PNG", BROKEN[: len(BROKEN) * 2 // 3]),
        ("JPEG", b"\xff\xd8\xff\xe0" + b"0" * 200),
        (
            f"image_bytes\\[1\\] is 41x50; a frame has 1 to {MAX_PIXELS}",
            png(np.zeros((41, 50, 3), np.uint8)),
        ),
        (
            "image_bytes\\[1\\] is 4294967295x2",
            BROKEN[:16] + b"\0\0\0\2" + b"\xff" * 4 + BROKEN[24:],
        ),
        (
            "image_bytes\\[1\\] is 2147483648x4294967295",
            BROKEN[:16] + b"\xff" * 4 + b"\x80\0\0\0" + BROKEN[24:],
        ),
        (
            "image_bytes\\[1\\] is 5x81; a frame has sides of at most 16384",
            png(np.zeros((5, 81, 3), np.uint8)),
        ),
        ("image_bytes\\[1\\] is 16x0", BROKEN[:16] + b"\0" * 4 + BROKEN[20:]),
        ("stream_id must be 0 or more; -1 is not", {"stream_id": [1, -1, 3]}),
        ("has 3 rows and stream_id 2", {"stream_id": [1, 2]}),
        ("has 3 rows and force_key 4", {"force_key": [False] * 4}),
        ("image_bytes is empty", {"image_bytes": np.array([], object)}),
    ],
)
def test_a_request_that_fails_changes_nothing(session, message, change):
    run = session
    frames = moving_frames(2, *SIZE)
    send(run, [(1, frames[0]), (2, frames[0])])
    before = stats(run)
    inputs = stream_inputs([png(frames[1])] * 3, [1, 2, 3])
    if isinstance(change, bytes):
        inputs["image_bytes"][1] = change
    else:
        inputs |= change
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run("stream", **inputs)
    assert stats(run) == before
    # The streams go on as if nothing had been sent.
    answer = send(run, [(1, frames[1]), (2, frames[1])])
    expected = summed_labels(frames, [True, False])[1]
    for labels in decode(answer["label_png_bytes"]):
        np.testing.assert_array_equal(labels, expected)
    run("close", stream_id=[1, 2])


def test_streams_of_one_request_must_fit_the_limit(session):
    large = moving_frames(1, 40, 45)[0]
    message = "a stream of 40x45 frames takes 7456 bytes; .* limit of 7167"
    assert STATE_BYTES * 40 * 45 + STREAM_OVERHEAD == 7456
    small = moving_frames(1, *SIZE)[0]
    before = stats(session)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        send(session, [(1, small), (2, large)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="limit of 7167"):
        send(session, [(n, small) for n in range(4)])
    assert stats(session) == before
    # A clip leaves nothing that would have to be kept.
    session("serving_default", image_bytes=[png(large)])


def test_frames_of_a_clip_must_be_of_one_size(session):
    one, other = (moving_frames(1, *size)[0] for size in (SIZE, (8, 8)))
    images = [png(one), png(one), png(other)]
    message = (
        "image_bytes\\[2\\] is 8x8 after 16x24: the frames of one clip must"
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session("serving_default", image_bytes=images)
    with pytest.raises(tf.errors.InvalidArgumentError, match="is empty"):
        session("serving_default", image_bytes=np.array([], object))


def test_state_bytes_that_do_not_fit(session, tmp_path):
    frame, other = (moving_frames(1, *size)[0] for size in (SIZE, (8, 8)))
    image = png(frame)
    (state,) = session("key", image_bytes=[image])["state_bytes"]

    def fails(message, *states, image=image):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            session(
                "nonkey",
                image_bytes=[image] * len(states),
                state_bytes=np.array(states, object),
            )

    fails(
        "is 8x8 after 16x24: state_bytes must be of a frame",
        state,
        image=png(other),
    )
    fails("state_bytes\\[1\\] is damaged", state, state[:-1])
    fails("is damaged", state[:100] + b"?" + state[101:])
    fails("is damaged", state[:20])
    fails("is damaged", state + b"?")
    for text in (b"", b"text", image, b"?" + state):
        fails("state_bytes\\[0\\] is not a state of this model", text)
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 rows"):
        session("nonkey", image_bytes=[image], state_bytes=[state, state])
    changed = SumsFrames()
    changed.key_branch_runs.assign(1)
    with only_signatures("key"):
        path = export_saved_model(changed, tmp_path, warm_up_size=SIZE)
    (foreign,) = Session(path)("key", image_bytes=[image])["state_bytes"]
    fails("is not a state of this model", foreign)
    session("nonkey", image_bytes=[image] * 2, state_bytes=[state, state])
