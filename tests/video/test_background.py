"""Iteration ahead of the main thread, and writing behind it."""

import signal
import threading
import time

import numpy as np
import pytest

from accel_tf.video import VideoWriter, open_video, read_ahead, write_behind

# --- read_ahead ----------------------------------------------------------


def background_threads():
    names = ("read_ahead", "write_behind")
    return [t for t in threading.enumerate() if t.name in names]


class Source:
    """Counts the items taken and notes that its iterator was closed."""

    def __init__(self, count, error=None):
        self.count, self.error = count, error
        self.taken, self.is_closed = 0, False

    def __iter__(self):
        try:
            for item in range(self.count):
                self.taken += 1
                yield item
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True


def test_read_ahead_keeps_items_and_order():
    source = Source(100)
    assert list(read_ahead(source, size=3)) == list(range(100))
    assert source.is_closed and not background_threads()
    assert list(read_ahead([])) == []


def test_read_ahead_holds_no_more_than_its_size():
    source = Source(100)
    items = read_ahead(source, size=4)
    assert source.taken == 0 and not background_threads()
    for consumed in (1, 2):
        next(items)
        deadline = time.monotonic() + 10
        while source.taken < consumed + 4 and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.05)  # Time in which a further item would be taken.
        assert source.taken == consumed + 4
    items.close()
    assert source.is_closed and not background_threads()


def test_read_ahead_stops_its_thread_when_the_loop_breaks():
    source = Source(10**9)
    for item in read_ahead(source):
        if item == 3:
            break
    assert source.is_closed and not background_threads()


def test_read_ahead_raises_the_exception_after_the_items_before_it():
    error = ValueError("frame 2 does not decode")
    items = read_ahead(Source(2, error))
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ValueError) as caught:
        next(items)
    assert caught.value is error
    assert not background_threads()


def test_read_ahead_checks_its_arguments():
    with pytest.raises(ValueError, match="size"):
        read_ahead([], size=0)
    with pytest.raises(TypeError):
        next(read_ahead(5))


def test_read_ahead_of_a_video_ends_with_the_consumer(tmp_path):
    path = tmp_path / "whole.mp4"
    with VideoWriter(path, 48, 64, 25.0) as writer:
        for index in range(12):
            writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    with open_video(path) as video:
        expected = list(video)
        np.testing.assert_array_equal(list(read_ahead(video)), expected)
        with pytest.raises(KeyboardInterrupt):
            for _ in read_ahead(video, size=2):
                raise KeyboardInterrupt
    assert not background_threads()


# --- write_behind --------------------------------------------------------


class Target:
    """Notes the calls; each waits for `gate`, and that of `faulty` fails."""

    def __init__(self, faulty=None, is_open=True):
        self.faulty, self.written = faulty, []
        self.begun, self.gate = threading.Event(), threading.Event()
        if is_open:
            self.gate.set()

    def __call__(self, item):
        self.begun.set()
        assert self.gate.wait(10)
        if item == self.faulty:
            raise OSError(f"no room for {item}")
        self.written.append(item)


def write_until_error(target, error=OSError, size=4):
    """Number of calls given before the error, and the error."""
    given = 0
    with pytest.raises(error) as caught, write_behind(target, size) as write:
        for item in range(1000):
            write(item)
            given += 1
            time.sleep(0.001)
    assert not background_threads()
    return given, caught.value


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert condition()


@pytest.mark.parametrize("size", [1, 4])
def test_write_behind_keeps_calls_and_order(size):
    written = []

    def slow(item, name):
        time.sleep(0.001)
        written.append((item, name, threading.current_thread().name))

    with write_behind(slow, size) as write:
        for item in range(30):
            write(item, name_of(item))
    assert written == [(i, name_of(i), "write_behind") for i in range(30)]
    assert not background_threads()


def name_of(item):
    return f"item {item}"


def test_write_behind_holds_no_more_than_its_size():
    target, given = Target(is_open=False), []
    with write_behind(target, size=3) as write:

        def give():
            for item in range(10):
                write(item)
                given.append(item)

        giver = threading.Thread(target=give)
        giver.start()
        wait_for(lambda: len(given) == 3)
        time.sleep(0.05)  # Time in which a further call would be taken.
        assert len(given) == 3 and not target.written
        target.gate.set()
        giver.join()
    assert target.written == list(range(10))


def test_write_behind_raises_the_error_of_a_call_at_the_next():
    target = Target(faulty=2)
    given, error = write_until_error(target)
    assert str(error) == "no room for 2"
    assert target.written == [0, 1] and given < 100


def test_write_behind_raises_the_error_of_the_last_call():
    with pytest.raises(OSError, match="no room for 2"):
        with write_behind(Target(faulty=2)) as write:
            for item in range(3):
                write(item)
    assert not background_threads()


def test_a_caller_that_waits_for_a_place_hears_of_the_error():
    target = Target(faulty=0, is_open=False)
    threading.Timer(0.05, target.gate.set).start()
    given, error = write_until_error(target, size=1)
    assert str(error) == "no room for 0" and given == 1


def test_an_error_in_the_block_drops_what_waits():
    target = Target(is_open=False)
    with pytest.raises(ValueError, match="mine"), write_behind(target) as write:
        for item in range(3):
            write(item)
        assert target.begun.wait(10)
        threading.Timer(0.05, target.gate.set).start()
        raise ValueError("mine")
    assert target.written == [0] and not background_threads()


def test_an_interrupt_finishes_what_waits():
    target = Target(is_open=False)
    with pytest.raises(KeyboardInterrupt), write_behind(target) as write:
        for item in range(3):
            write(item)
        threading.Timer(0.05, target.gate.set).start()
        raise KeyboardInterrupt
    assert target.written == [0, 1, 2] and not background_threads()


def test_an_error_after_an_interrupt_is_the_one_to_report():
    with pytest.raises(OSError, match="no room for 1"):
        with write_behind(Target(faulty=1)) as write:
            for item in range(3):
                write(item)
            raise KeyboardInterrupt
    assert not background_threads()


@pytest.mark.parametrize("first", ["in the block", "after it"])
def test_a_second_interrupt_drops_what_waits(first):
    """The first one, wherever it comes, finishes it."""
    target = Target(is_open=False)
    count = 1 if first == "in the block" else 2
    main = threading.main_thread().ident

    def interrupt():
        for _ in range(count):
            time.sleep(0.1)
            signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.1)
        target.gate.set()

    with pytest.raises(KeyboardInterrupt), write_behind(target) as write:
        for item in range(3):
            write(item)
        assert target.begun.wait(10)
        threading.Thread(target=interrupt).start()
        if first == "in the block":
            raise KeyboardInterrupt
    assert target.written == [0] and not background_threads()


def test_an_interrupt_after_the_block_finishes_what_waits():
    target = Target(is_open=False)
    main = threading.main_thread().ident

    def interrupt():
        time.sleep(0.1)
        signal.pthread_kill(main, signal.SIGINT)
        time.sleep(0.1)
        target.gate.set()

    with pytest.raises(KeyboardInterrupt), write_behind(target) as write:
        for item in range(3):
            write(item)
        threading.Thread(target=interrupt).start()
    assert target.written == [0, 1, 2] and not background_threads()


def test_chained_threads_end_with_the_first_error():
    """As drawing hands on to the label images: the last one fails."""
    target = Target(faulty=5)
    with pytest.raises(OSError, match="no room for 5"):
        with write_behind(target, 2) as last, write_behind(last, 2) as first:
            for item in range(1000):
                first(item)
    assert target.written == [0, 1, 2, 3, 4] and not background_threads()


def test_write_behind_checks_its_size():
    with pytest.raises(ValueError, match="size"), write_behind(print, size=0):
        pass
    assert not background_threads()
