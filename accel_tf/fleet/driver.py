"""Gives work to workers until all is done: retries, and no more at a time."""

import collections
import dataclasses
import errno

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_MOST_BAD_STARTS = 10
"""In a row, while no other worker has its model."""
_LOOKED_AT = 64
"""Waiting tasks among which one is chosen."""


@dataclasses.dataclass(eq=False)
class Task:
    """A call of a worker.

    Attributes:
        key: tasks of one key are about the same thing, such as a video.
        method, arguments: of the call.
        is_alone: whether it waits until no other task of its key runs.
        tries: how often it was tried in vain.
        tried: workers that tried it.
        is_stale: whether its result is of no interest any more.
    """

    key: object
    method: str
    arguments: tuple
    is_alone: bool = False
    tries: int = 0
    tried: set = dataclasses.field(default_factory=set)
    is_stale: bool = False


class Driver:
    """Runs tasks on a pool of workers.

    A task is given to a worker when that is idle, and further tasks are made
    only then: what is in flight is bounded by the number of workers.

    Args:
        pool: a `RayPool` or what is called like one.
        tasks: iterator of `Task`.
        follower: object with methods: `done(task, value)` gives a list of
            tasks that are next; `failed(task, reason)` is called for one that
            was tried too often. If workers tell their progress, there is
            `progress(task, share, frames)`, too: what of a task is done, which
            is nothing again when it ends, in whatever way.
        retries: further tries of a task that fails.
        on_note: called with one line about what is worth knowing.
    """

    def __init__(self, pool, tasks, follower, retries, on_note):
        self._pool, self._tasks = pool, iter(tasks)
        self._follower, self._retries = follower, retries
        self._note = on_note
        self._waiting, self._running = collections.deque(), {}
        self._error, self._bad_starts, self._has_started = None, 0, False
        self._last_key, self._partly_done = {}, set()

    def run(self):
        """Runs until all tasks are done or have failed.

        Raises:
            ValueError: no worker starts; one line.
            OSError: the outputs have no room; what was under way is finished
                before.
        """
        while True:
            self._give()
            if not self._running and (self._error or self._is_at_end()):
                break
            self._pool.keep()
            for event in self._pool.wait(1.0):
                self._take(event)
        if self._error:
            raise self._error

    def _is_at_end(self):
        if self._waiting:
            return False
        task = next(self._tasks, None)
        if task is not None:
            self._waiting.append(task)
        return task is None

    def _give(self):
        if self._error:
            return
        for worker in self._pool.idle():
            task = self._next(worker)
            if task is None:
                continue
            self._running[worker] = task
            self._last_key[worker] = task.key
            self._pool.start(worker, task.method, *task.arguments)

    def _next(self, worker):
        """The next task for a worker, or `None`."""
        busy = {task.key for task in self._running.values()}
        allowed = [
            task
            for task, _ in zip(self._waiting, range(_LOOKED_AT), strict=False)
            if self._may(worker, task, busy)
        ]
        # Who may have a copy of the video goes on with it.
        key = self._last_key.get(worker)
        same = [task for task in allowed if task.key == key]
        task = next(iter(same or allowed), None)
        if task is None:
            return next(self._tasks, None)
        self._waiting.remove(task)
        return task

    def _may(self, worker, task, busy):
        if task.is_alone and task.key in busy:
            return False
        # Another one tries it again, if there is another.
        return worker not in task.tried or self._pool.ready <= task.tried

    def _take(self, event):
        if event.kind == "progress":
            self._take_progress(self._running.get(event.worker), *event.value)
            return
        if event.kind == "ready":
            self._has_started, self._bad_starts = True, 0
            return
        if event.kind == "not ready":
            if not self._has_started:
                raise ValueError(event.value[0])
            self._count_bad_start(event.value[0])
            return
        task = self._running.pop(event.worker, None)
        if task in self._partly_done:
            self._partly_done.discard(task)
            self._follower.progress(task, 0.0, 0)
        if task is None and event.kind == "lost":
            self._count_bad_start(event.value)
        if task is None or task.is_stale:
            return
        if event.kind == "done":
            new = self._follower.done(task, event.value)
            self._waiting.extendleft(reversed(new))
        elif event.kind == "lost":
            self._try_again(
                task, event.worker, f"the worker was lost: {event.value}"
            )
        else:
            reason, number = event.value
            if number in _NO_ROOM:
                self._error = OSError(f"{reason}; the rest was not begun.")
                return
            self._try_again(task, event.worker, reason)

    def _take_progress(self, task, share, frames):
        if task is not None and not task.is_stale:
            self._partly_done.add(task)
            self._follower.progress(task, share, frames)

    def _count_bad_start(self, reason):
        self._bad_starts += 1
        # Others may go on without a machine on which none starts.
        if self._bad_starts > _MOST_BAD_STARTS and not self._pool.ready:
            raise ValueError(f"no worker starts: {reason}")
        self._note(f"a worker did not start: {reason}")

    def _try_again(self, task, worker, reason):
        task.tries += 1
        task.tried.add(worker)
        if task.tries <= self._retries:
            self._waiting.appendleft(task)
            return
        self.forget(task.key)
        self._follower.failed(task, reason)

    def forget(self, key):
        """Drops the tasks of a key; the results of those that run, too."""
        self._waiting = collections.deque(
            task for task in self._waiting if task.key != key
        )
        for task in self._running.values():
            if task.key == key:
                task.is_stale = True
