"""Two copies of a student that swap between frames."""

import threading

import numpy as np
from distill_pairs import tiny_student

from accel_tf.distill.student_pair import StudentPair
from accel_tf.streaming import FixedInterval, VideoStream

FRAME = np.random.default_rng(0).integers(0, 256, (1, 16, 32, 3), np.uint8)


def test_weights_change_between_frames_alone():
    model = tiny_student()
    pair = StudentPair(model)
    before = VideoStream(model, FixedInterval(1))(FRAME)
    weights = pair.read()
    assert pair.swap() == []
    changed = weights.copy()
    changed[-17:-12] = [0, 9, 0, 0, 0]  # The bias of the scores.
    thread = threading.Thread(target=pair.load, args=(changed, "first"))
    thread.start()
    thread.join()
    # It is ready, and not yet in use.
    np.testing.assert_array_equal(pair(FRAME), before)
    np.testing.assert_array_equal(pair.read(), weights)
    assert pair.swap() == ["first"] and pair.swap() == []
    np.testing.assert_array_equal(pair.read(), changed)
    assert (pair(FRAME) == 1).all() and pair.swaps == 1


def test_newest_weights_win_and_nobody_waits():
    pair = StudentPair(tiny_student())
    weights = pair.read()
    for number in (1, 2):
        pair.load(weights + number, number)
    with pair._lock:  # As while another thread loads.
        assert pair.swap() == []
    assert pair.swap() == [1, 2]
    np.testing.assert_array_equal(pair.read(), weights + 2)
    pair.load(weights + 3, 3)
    assert pair.swap() == [3]
    np.testing.assert_array_equal(pair.read(), weights + 3)


def test_labels_have_the_size_of_the_video():
    pair = StudentPair(tiny_student())
    pair.prepare((16, 32), (48, 96))
    assert pair(FRAME, size=(48, 96)).shape == (1, 48, 96)
