"""The order of requests per stream."""

import random
import threading
import time

import pytest

from accel_tf.serving.stream_order import StreamOrder
from accel_tf.serving.tensors import ServingError


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


class Holder(threading.Thread):
    """Takes a turn in a thread of its own, until let go."""

    def __init__(self, order, streams, log=None):
        super().__init__(daemon=True)
        self.order, self.streams, self.log = order, streams, log
        self.has_turn = threading.Event()
        self.may_end = threading.Event()
        self.start()

    def run(self):
        with self.order.turn(self.streams):
            if self.log is not None:
                self.log.append(self)
            self.has_turn.set()
            assert self.may_end.wait(10)

    def end(self):
        self.may_end.set()
        self.join(10)


def waiting(order, stream):
    return len(order._queues.get(stream, ()))


def test_first_come_first_served():
    order, log = StreamOrder(), []
    holders = []
    for count in range(1, 6):
        holders.append(Holder(order, [7], log))
        wait_until(lambda count=count: waiting(order, 7) == count)
    for holder in holders:
        holder.end()
    assert log == holders


def test_other_streams_do_not_wait():
    order = StreamOrder()
    one = Holder(order, [1])
    assert one.has_turn.wait(10)
    with order.turn([2, 3]):
        pass
    one.end()


def test_a_request_of_several_streams_waits_for_all_of_them():
    order = StreamOrder()
    one, two = Holder(order, [1]), Holder(order, [2])
    assert one.has_turn.wait(10) and two.has_turn.wait(10)
    both = Holder(order, [1, 2, 1])
    wait_until(lambda: waiting(order, 2) == 2)
    later = Holder(order, [2])
    one.end()
    assert not both.has_turn.wait(0.05)
    two.end()
    assert both.has_turn.wait(10)
    assert not later.has_turn.is_set()
    both.end()
    assert later.has_turn.wait(10)
    later.end()
    assert not order._queues


def test_requests_never_block_each_other_for_ever():
    order = StreamOrder()
    running = {stream: 0 for stream in range(5)}

    def work(seed):
        generator = random.Random(seed)
        for _ in range(100):
            streams = generator.sample(range(5), generator.randint(1, 4))
            with order.turn(streams):
                for stream in streams:
                    running[stream] += 1
                    assert running[stream] == 1
                for stream in streams:
                    running[stream] -= 1
            done.release()

    done = threading.Semaphore(0)
    for seed in range(6):
        threading.Thread(target=work, args=(seed,), daemon=True).start()
    for _ in range(600):
        assert done.acquire(timeout=10)


def test_a_failed_request_gives_its_turn_on():
    order = StreamOrder()
    with pytest.raises(RuntimeError), order.turn([1]):
        raise RuntimeError
    with order.turn([1]):
        pass


def test_too_many_waiting_requests_are_refused():
    order = StreamOrder(max_waiting=1)
    first = Holder(order, [1])
    assert first.has_turn.wait(10)
    second = Holder(order, [1])
    wait_until(lambda: waiting(order, 1) == 2)
    with pytest.raises(ServingError, match="1 requests wait for stream 1"):
        with order.turn([1, 2]):
            pass
    assert not waiting(order, 2)
    first.end()
    second.end()


def test_too_many_streams_are_refused():
    now = 0.0
    order = StreamOrder(2, idle_seconds=10, clock=lambda: now)

    def take(*streams, opens=True):
        with order.turn(streams, opens):
            pass

    take(1)
    now = 5.0
    take(2)
    for streams in ([3], [1, 3], [3, 4]):
        with pytest.raises(ServingError) as info:
            take(*streams)
        assert info.value.code == "RESOURCE_EXHAUSTED"
    take(1)
    take(3, opens=False)
    order.forget([2])
    take(3)
    # Now 1 and 3 are open, last used at 5.
    now = 14.0
    with pytest.raises(ServingError):
        take(4)
    take(3)
    now = 15.0
    take(4)
    with pytest.raises(ServingError):
        take(1)
