"""A fleet of many workers, as events: no model runs, only clocks.

A worker asks the command for a task, which hands out one after another; loads
the video, or its part of it, from the object store, whose bandwidth all share;
segments it; and stores the labels. Then it asks again. Of a long video one
worker loads all first, to find out where it can be cut.
"""

import dataclasses
import heapq
import random

_OVERHEAD = 10e6
"""Bytes that a part loads besides its own frames: where the file begins, and
what is read ahead."""


@dataclasses.dataclass(frozen=True)
class Fleet:
    """What is simulated.

    Attributes:
        workers: how many.
        videos: list of the frames of each video.
        part_frames: frames of a part; `None` for whole videos.
        frame_seconds: of a worker, for a frame.
        spread: factors of the time of a part, one drawn for each.
        slow_share, slow_factor: share of the workers that are slow, and how
            many times as long they take.
        dispatch_seconds: of the command for a task.
        frame_bytes, label_bytes: of a frame that is loaded and stored.
        store_bandwidth: bytes per second of the store.
        worker_bandwidth: of a worker at most.
        lost_after: mean seconds until a worker is lost; a new one needs
            `start_seconds`. `None`: none is.
        start_seconds: until a worker has its model.
        seed: of what is drawn.
    """

    workers: int
    videos: list
    part_frames: int | None
    frame_seconds: float
    spread: tuple = (1.0,)
    slow_share: float = 0.0
    slow_factor: float = 3.0
    dispatch_seconds: float = 0.0
    frame_bytes: float = 0.0
    label_bytes: float = 0.0
    store_bandwidth: float = 1e18
    worker_bandwidth: float = 1e18
    lost_after: float | None = None
    start_seconds: float = 0.0
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        seconds: until the last label is stored.
        efficiency: share of the workers' time in which they segmented what
            counts.
        command_busy: share of the time in which the command handed out tasks.
        store_busy: share of the time in which the store was at its limit.
        last_tenth: share of the time that passed after nine tenths of the
            frames were done.
        repeated: frames that were segmented again, of all.
    """

    seconds: float
    efficiency: float
    command_busy: float
    store_busy: float
    last_tenth: float
    repeated: float


def simulate(fleet):
    """Lets a `Fleet` do its work; gives the `Outcome`."""
    return _Simulation(fleet).run()


class _Transfers:
    """Transfers that share a bandwidth equally.

    All move at the same rate, so that one clock, which counts the bytes that
    each has moved, says when the next is done.
    """

    def __init__(self, limit, each):
        self._limit, self._each = limit, each
        self._moved = self._now = self.full_seconds = 0.0
        self._ends, self._count = [], 0

    def _rate(self):
        return min(self._each, self._limit / max(len(self._ends), 1))

    def advance(self, now):
        passed = now - self._now
        self._moved += passed * self._rate()
        if len(self._ends) * self._each > self._limit:
            self.full_seconds += passed
        self._now = now

    def begin(self, size, item):
        self._count += 1
        heapq.heappush(self._ends, (self._moved + size, self._count, item))

    def next_end(self):
        if not self._ends:
            return float("inf")
        rest = max(0.0, self._ends[0][0] - self._moved)
        return self._now + rest / self._rate()

    def pop(self):
        return heapq.heappop(self._ends)[2]


class _Simulation:
    def __init__(self, fleet):
        self._fleet, self._random = fleet, random.Random(fleet.seed)
        self._tasks = list(_tasks(fleet))[::-1]
        self._total = sum(fleet.videos)
        slow = round(fleet.slow_share * fleet.workers)
        self._factor = [
            fleet.slow_factor if worker < slow else 1.0
            for worker in range(fleet.workers)
        ]
        self._events, self._number, self._now = [], 0, 0.0
        self._transfers = _Transfers(
            fleet.store_bandwidth, fleet.worker_bandwidth
        )
        self._command_free = self._command_seconds = 0.0
        self._idle = []
        self._done = self._useful = self._lost = 0
        self._late = None

    def run(self):
        fleet = self._fleet
        for worker in range(fleet.workers):
            self._at(fleet.start_seconds, self._ask, worker)
        while self._done < self._total:
            end = self._transfers.next_end()
            if self._events and self._events[0][0] <= end:
                now, _, call, arguments = heapq.heappop(self._events)
                self._advance(now)
                call(*arguments)
            else:
                self._advance(end)
                call, arguments = self._transfers.pop()
                call(*arguments)
        seconds = self._now
        return Outcome(
            seconds,
            self._useful / (seconds * fleet.workers),
            self._command_seconds / seconds,
            self._transfers.full_seconds / seconds,
            (seconds - self._late) / seconds,
            self._lost / self._total,
        )

    def _advance(self, now):
        self._now = max(self._now, now)
        self._transfers.advance(self._now)

    def _at(self, time, call, *arguments):
        self._number += 1
        event = (time, self._number, call, arguments)
        heapq.heappush(self._events, event)

    def _ask(self, worker):
        """The command hands out one task after another."""
        if not self._tasks:
            self._idle.append(worker)
            return
        begin = max(self._now, self._command_free)
        self._command_free = begin + self._fleet.dispatch_seconds
        self._command_seconds += self._fleet.dispatch_seconds
        task = self._tasks.pop()
        self._at(self._command_free, self._load, worker, task)

    def _load(self, worker, task):
        frames, size = task
        then = self._plan if size is None else self._segment
        if size is None:
            size = frames * self._fleet.frame_bytes
        self._transfers.begin(size, (then, (worker, task)))

    def _plan(self, worker, task):
        """The video is there: its parts are next."""
        self._tasks += _parts(self._fleet, task[0])
        idle, self._idle = self._idle, []
        for other in [worker, *idle]:
            self._ask(other)

    def _segment(self, worker, task):
        fleet, frames = self._fleet, task[0]
        seconds = frames * fleet.frame_seconds * self._factor[worker]
        seconds *= self._random.choice(fleet.spread)
        if fleet.lost_after is not None:
            left = self._random.expovariate(1 / fleet.lost_after)
            if left < seconds:
                self._at(self._now + left, self._lose, worker, task, left)
                return
        self._at(self._now + seconds, self._store, worker, frames, seconds)

    def _lose(self, worker, task, seconds):
        self._lost += seconds / self._fleet.frame_seconds
        self._tasks.append(task)
        if self._idle:
            self._ask(self._idle.pop())
        self._at(self._now + self._fleet.start_seconds, self._ask, worker)

    def _store(self, worker, frames, seconds):
        size = frames * self._fleet.label_bytes
        self._transfers.begin(size, (self._finish, (worker, frames, seconds)))

    def _finish(self, worker, frames, seconds):
        self._done += frames
        self._useful += seconds
        if self._late is None and self._done >= 0.9 * self._total:
            self._late = self._now
        self._ask(worker)


def _tasks(fleet):
    """`(frames, bytes)` of each video; no bytes of one that is to be cut."""
    for frames in fleet.videos:
        is_long = fleet.part_frames and frames >= 1.5 * fleet.part_frames
        yield frames, None if is_long else frames * fleet.frame_bytes


def _parts(fleet, left):
    length = fleet.part_frames
    while left > 1.25 * length:
        yield length, length * fleet.frame_bytes + _OVERHEAD
        left -= length
    yield left, left * fleet.frame_bytes + _OVERHEAD
