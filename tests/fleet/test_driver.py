"""Who does what, and what happens to those who fail."""

import errno

import pytest

from accel_tf.fleet.driver import Driver, Task
from accel_tf.fleet.ray_pool import Event


class Pool:
    """Workers that answer what a function says.

    Args:
        answer: function of `(worker, method, arguments)` that gives `(kind,
            value)` as of `Event`.
        count: of workers.
    """

    def __init__(self, answer, count=2):
        self._answer, self._count = answer, count
        self.ready, self._calls, self._next = set(), [], 0
        self.log, self.most = [], 0

    def idle(self):
        return sorted(self.ready - {worker for worker, *_ in self._calls})

    def keep(self):
        while len(self.ready) < self._count:
            self.ready.add(self._next)
            self._next += 1

    def start(self, worker, method, *arguments):
        self.log.append((worker, *arguments))
        self._calls.append((worker, method, arguments))
        self.most = max(self.most, len(self._calls))

    def wait(self, seconds):
        if not self._calls:
            return []
        worker, method, arguments = self._calls.pop(0)
        kind, value = self._answer(worker, method, arguments)
        if kind == "lost":
            self.ready.discard(worker)
        return [Event(worker, kind, value)]


class Follower:
    def __init__(self):
        self.values, self.reasons = [], {}

    def done(self, task, value):
        self.values.append(value)
        return []

    def failed(self, task, reason):
        self.reasons[task.key] = reason


def drive(answer, keys="abcdef", count=2, retries=2, follower=None):
    pool, follower = Pool(answer, count), follower or Follower()
    tasks = (Task(key, "do", (key,)) for key in keys)
    driver = Driver(pool, tasks, follower, retries, print)
    follower.driver = driver
    driver.run()
    return pool, follower


def test_all_is_done_and_no_more_is_under_way_than_workers():
    taken = []

    def keys():
        for key in range(50):
            taken.append(key)
            yield key

    def answer(worker, method, arguments):
        assert len(taken) <= arguments[0] + 4
        return "done", arguments[0]

    pool, follower = drive(answer, keys(), count=3)
    assert sorted(follower.values) == list(range(50))
    assert pool.most == 3


def test_another_worker_tries_again():
    def answer(worker, method, arguments):
        if worker == 0 and arguments == ("c",):
            return "failed", ("bad memory", None)
        return "done", arguments[0]

    pool, follower = drive(answer)
    assert sorted(follower.values) == list("abcdef")
    assert not follower.reasons
    tried = [worker for worker, key in pool.log if key == "c"]
    assert tried in ([1], [0, 1])


def test_what_fails_everywhere_is_told_and_the_rest_is_done():
    def answer(worker, method, arguments):
        if arguments == ("b",):
            return "failed", ("it is no video", None)
        return "done", arguments[0]

    pool, follower = drive(answer, retries=2)
    assert follower.reasons == {"b": "it is no video"}
    assert sorted(follower.values) == list("acdef")
    assert [key for _, key in pool.log].count("b") == 3


def test_the_work_of_a_lost_worker_is_done_by_another():
    lost = []

    def answer(worker, method, arguments):
        if arguments == ("d",) and not lost:
            lost.append(worker)
            return "lost", "its machine is gone"
        return "done", arguments[0]

    pool, follower = drive(answer)
    assert sorted(follower.values) == list("abcdef")
    assert [worker for worker, key in pool.log if key == "d"][1:] != lost


def test_a_video_that_kills_its_workers_is_given_up():
    def answer(worker, method, arguments):
        if arguments == ("a",):
            return "lost", "its process is gone"
        return "done", arguments[0]

    _, follower = drive(answer, retries=1)
    assert follower.reasons == {"a": "the worker was lost: its process is gone"}
    assert sorted(follower.values) == list("bcdef")


def test_a_full_disk_ends_it_after_what_is_under_way():
    def answer(worker, method, arguments):
        if arguments == ("a",):
            return "failed", ("cannot write: no space", errno.ENOSPC)
        return "done", arguments[0]

    follower = Follower()
    with pytest.raises(OSError, match="no space; the rest was not begun"):
        drive(answer, follower=follower)
    assert follower.values == ["b"] and not follower.reasons


def test_a_task_that_is_alone_waits_for_the_others_of_its_key():
    class Joins(Follower):
        def done(self, task, value):
            self.values.append(task.method)
            if task.method == "do" and value == "first":
                return [Task("v", "join", ("join",), is_alone=True)]
            return []

    pool, follower = Pool(lambda *call: ("done", call[2][0]), 3), Joins()
    tasks = [Task("v", "do", (each,)) for each in ("first", "2", "3")]
    Driver(pool, tasks, follower, 0, print).run()
    assert follower.values == ["do", "do", "do", "join"]


def test_results_of_what_was_forgotten_do_not_count():
    class Forgets(Follower):
        def done(self, task, value):
            self.values.append(value)
            if value == "first":
                self.driver.forget("v")
            return []

    pool, follower = Pool(lambda *call: ("done", call[2][0]), 2), Forgets()
    tasks = [Task("v", "do", (each,)) for each in ("first", "2")]
    tasks.append(Task("w", "do", ("3",)))
    follower.driver = Driver(pool, tasks, follower, 0, print)
    follower.driver.run()
    assert follower.values == ["first", "3"]


class PoorPool(Pool):
    """Says again and again that a worker does not start."""

    def wait(self, seconds):
        event = Event(99, "not ready", ("no model", None))
        return (
            [Event(0, "ready", 1)] * (not self.log)
            + [event]
            + super().wait(seconds)
        )


def test_workers_go_on_while_others_do_not_start():
    pool = PoorPool(lambda *call: ("done", call[2][0]), 1)
    follower, notes = Follower(), []
    tasks = (Task(key, "do", (key,)) for key in range(30))
    Driver(pool, tasks, follower, 0, notes.append).run()
    assert sorted(follower.values) == list(range(30))
    assert notes[0] == "a worker did not start: no model"


def test_it_ends_where_none_starts_any_more():
    class Dies(PoorPool):
        def keep(self):
            if not self.log:
                super().keep()

    pool = Dies(lambda *call: ("lost", "it is gone"), 1)
    tasks = iter([Task("a", "do", ("a",))])
    with pytest.raises(ValueError, match="no worker starts: no model"):
        Driver(pool, tasks, Follower(), 2, print).run()


def test_progress_is_told_and_taken_back_when_a_task_ends():
    class Tells(Follower):
        def progress(self, task, share, frames):
            self.values.append((task.key, share, frames))

    class TellingPool(Pool):
        def wait(self, seconds):
            told = [
                Event(worker, "progress", (0.5, 3))
                for worker, *_ in self._calls
            ]
            # Of a worker that has nothing to do any more.
            late = [Event(7, "progress", (0.5, 3))]
            return told + super().wait(seconds) + late

    def answer(worker, method, arguments):
        if arguments == ("a",):
            return "lost", "its process is gone"
        return "done", "end"

    pool, follower = TellingPool(answer, 1), Tells()
    tasks = (Task(key, "do", (key,)) for key in "ab")
    Driver(pool, tasks, follower, 0, print).run()
    assert follower.values == [
        ("a", 0.5, 3), ("a", 0.0, 0), ("b", 0.5, 3), ("b", 0.0, 0), "end",
    ]  # fmt: skip
    assert follower.reasons.keys() == {"a"}
