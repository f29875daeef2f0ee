"""Who is worked on next."""

import collections
import contextlib
import threading

import pytest

from accel_tf.serving.http_limits import HttpLimits
from accel_tf.serving.http_request import HttpError
from accel_tf.serving.work_queue import ClientGone, Ticket, WorkQueue


class Work:
    """Requests in threads, each of which takes the time that it is told.

    The clock stands still but for `finish`.
    """

    def __init__(self, **limits):
        self.time = 0.0
        self.queue = WorkQueue(HttpLimits(**limits), lambda: self.time)
        self.begun = []
        self._ends, self._threads, self._errors = {}, {}, {}
        self._changed = threading.Condition()

    def ask(self, name, address="a", connection=None):
        """Adds a request and waits until it waits, or begins."""
        ticket = Ticket(address, connection or name)
        joined = self.queue.arrivals
        self._ends[name] = threading.Event()
        thread = threading.Thread(target=self._work, args=(name, ticket))
        self._threads[name] = thread
        thread.start()
        self._wait(lambda: self.queue.arrivals > joined)
        if ticket.decided.is_set():
            self._wait(lambda: name in self.begun or name in self._errors)
        return ticket

    def finish(self, name, seconds=1.0):
        """Ends the work on a request and gives who begins then."""
        count = len(self.begun)
        waited = self.queue.waiting
        self.time += seconds
        self._ends[name].set()
        self._threads[name].join(10)
        begun = waited - self.queue.waiting
        self._wait(lambda: len(self.begun) == count + begun)
        return self.begun[count:]

    def error(self, name):
        """What a request ended in."""
        self._threads[name].join(10)
        return self._errors.get(name)

    def finish_all(self):
        """Finishes all in the order in which they begin; gives it."""
        done = 0
        while done < len(self.begun):
            self.finish(self.begun[done])
            done += 1
        return self.begun

    def _work(self, name, ticket):
        try:
            with self.queue.turn(ticket):
                self._note(self.begun.append, name)
                assert self._ends[name].wait(10)
        except (HttpError, ClientGone) as error:
            self._note(self._errors.__setitem__, name, error)

    def _note(self, function, *arguments):
        with self._changed:
            function(*arguments)
            self._changed.notify_all()

    def _wait(self, condition):
        with self._changed:
            for _ in range(1000):
                if condition():
                    return
                self._changed.wait(0.01)
        raise AssertionError("did not happen")


@pytest.fixture
def work_of():
    with contextlib.ExitStack() as stack:

        def work_of(**limits):
            work = Work(**limits)
            stack.callback(work.finish_all)
            return work

        yield work_of


def test_first_come_first_served(work_of):
    work = work_of(in_flight=1)
    for name in "vwxyz":
        work.ask(name)
    assert work.finish_all() == list("vwxyz")


def test_a_flood_of_one_address_does_not_starve_another(work_of):
    work = work_of(in_flight=1)
    for number in range(8):
        work.ask(f"flood {number}", "flood")
    assert work.finish("flood 0") == ["flood 1"]
    work.ask("small", "small")
    assert work.finish("flood 1") == ["small"]
    # And it goes on at once with its next one, whose turn it is again.
    work.ask("small 2", "small")
    assert work.finish("small", 0.1) == ["small 2"]
    assert work.finish("small 2", 0.1) == ["flood 2"]


def test_connections_of_one_address_share_its_work(work_of):
    """Two that ask for long work and one that asks for little."""
    work = work_of(in_flight=1)
    seconds = {"long": 8.0, "other": 8.0, "short": 1.0}
    counts = collections.Counter()
    for name in seconds:
        work.ask(f"{name} 0", connection=name)
    for done in range(60):
        name, _, number = work.begun[done].partition(" ")
        counts[name] += 1
        work.ask(f"{name} {int(number) + 1}", connection=name)
        work.finish(work.begun[done], seconds[name])
    assert abs(counts["long"] - counts["other"]) <= 1
    # Every other one is who came first.
    assert 1.5 * counts["long"] < counts["short"] < 10 * counts["long"]


def test_who_was_costly_is_not_kept_waiting_without_end(work_of):
    work = work_of(in_flight=1)
    for name in "abcde":
        work.ask(f"{name} 0", connection=name)
    seconds = collections.defaultdict(lambda: 0.01, {"a 0": 1000.0})
    served = []
    for done in range(30):
        name, _, number = work.begun[done].partition(" ")
        served.append(name)
        work.finish(work.begun[done], seconds[work.begun[done]])
        work.ask(f"{name} {int(number) + 1}", connection=name)
    # Twice as long as if all waited in one row.
    assert served.count("a") >= 3


def test_who_always_comes_anew_does_not_go_before_who_stays(work_of):
    work = work_of(in_flight=1)
    work.ask("stays 0", connection="stays")
    names = iter(f"new {number}" for number in range(100))
    for _ in range(4):
        work.ask(next(names))
    stayed = 0
    for done in range(40):
        name = work.begun[done]
        if name.startswith("stays"):
            stayed += 1
            work.ask(f"stays {stayed}", connection="stays")
        else:
            work.ask(next(names))
        work.finish(name)
    # Five at a time: an eighth at least is a fair share.
    assert stayed >= 5


def test_a_quarter_of_the_places_is_kept_for_others(work_of):
    work = work_of(in_flight=4)
    for number in range(4):
        work.ask(f"flood {number}", "flood")
    assert len(work.begun) == 3
    work.ask("small", "small")
    assert work.begun[-1] == "small"


def test_a_full_queue_drops_at_once_whose_address_fills_it(work_of):
    work = work_of(in_flight=1, waiting=3)
    for number in range(4):
        work.ask(f"flood {number}", "flood")
    work.ask("small", "small")
    error = work.error("flood 3")
    assert error.status == 429 and "and 3 wait, as many" in error.message
    # One more of its own takes nobody's place.
    work.ask("flood 4", "flood")
    assert work.error("flood 4").status == 429
    assert work.queue.waiting == 3


def test_fewer_wait_where_the_work_is_slow(work_of):
    work = work_of(in_flight=1, waiting=100, waiting_seconds=30.0)
    for number in range(40):
        work.ask(f"long {number}")
        work.finish(f"long {number}", 12.0)
    for number in range(4):
        work.ask(str(number))
    assert work.begun[-1] == "0"
    assert work.error("3").status == 429
    assert work.queue.waiting == 2
    assert work.queue.expected_seconds() == pytest.approx(24.0, rel=0.01)


def test_one_long_request_does_not_shorten_the_queue(work_of):
    work = work_of(in_flight=1, waiting=100, waiting_seconds=30.0)
    work.ask("cold")
    work.finish("cold", 60.0)
    for number in range(50):
        work.ask(str(number))
    assert work.queue.waiting == 49


def test_a_client_that_leaves_makes_room(work_of):
    work = work_of(in_flight=1)
    tickets = [work.ask(name) for name in "xyz"]
    work.queue.leave(tickets[1])
    assert isinstance(work.error("y"), ClientGone)
    # Nothing breaks off the work on `x`; its place is free all the same.
    work.queue.leave(tickets[0])
    work._wait(lambda: work.begun == ["x", "z"])
    assert tickets[0].is_gone and not tickets[2].is_gone
    # But not without end.
    work.ask("last")
    work.queue.leave(tickets[2])
    assert work.begun == ["x", "z"]
    assert work.finish("x") == []
    assert work.finish("z") == ["last"]


def test_a_client_that_leaves_before_it_waits():
    queue = WorkQueue(HttpLimits())
    ticket = Ticket("a", 1)
    queue.leave(ticket)
    with pytest.raises(ClientGone), queue.turn(ticket):
        raise AssertionError("worked for nobody")
    assert (queue.waiting, queue.working, ticket.is_gone) == (0, 0, True)


def test_addresses_are_forgotten(work_of, monkeypatch):
    monkeypatch.setattr("accel_tf.serving.work_queue._REMEMBERED_ADDRESSES", 3)
    work = work_of(in_flight=1)
    for number in range(9):
        work.ask(str(number), number)
        work.finish(str(number))
        work.queue.forget(number, str(number))
    assert len(work.queue._addresses) <= 4
