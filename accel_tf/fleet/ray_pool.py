"""Workers that Ray places: an actor each."""

import contextlib
import dataclasses
import math
import os
import pickle
import time

from accel_tf import optional
from accel_tf.fleet.host import Host
from accel_tf.messages import one_line

LOCAL = "local"
"""Instead of an address: a Ray of its own on this machine."""

_OF_COMMAND = ("KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS")
"""Environment variables that decide what is computed, as the command has
them."""

_OBJECT_STORE = 100 * 2**20
"""Bytes; nothing large goes through it."""
_SECONDS_BETWEEN_COUNTS = 5.0
_MOST_DOUBLINGS = 6
"""Of these seconds, where one worker after another does not start."""
_SECONDS_BETWEEN_QUESTIONS = 2.0
_QUESTIONS_A_SECOND = 20
"""About progress, to all workers together: each takes the command 1 ms."""
_TELLS = "tells"


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that a worker did.

    Attributes:
        worker: its number.
        kind: `"ready"`, `"not ready"`, `"progress"`, `"done"`, `"failed"` or
            `"lost"`.
        value: what the call gave; `(reason, errno)` of one that failed;
            the reason of a worker that was lost; `(share, frames)` of
            progress.
    """

    worker: int
    kind: str
    value: object


@contextlib.contextmanager
def connected(address):
    """Connects to a Ray cluster, or starts one on this machine.

    Args:
        address: as of `ray.init`, such as `"auto"`, `"10.0.0.1:6379"` or
            `"ray://head:10001"`; `LOCAL` for a new one.

    Raises:
        ImportError: Ray is not installed.
        OSError: one line, if there is no cluster.
    """
    # Ray would send how it is used to its makers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = optional.require("ray", "ray")
    options = {"logging_level": "ERROR", "log_to_driver": False}
    if address == LOCAL:
        options["object_store_memory"] = _OBJECT_STORE
        options["include_dashboard"] = False
    try:
        ray.init(address=address, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise OSError(
            f"cannot connect to Ray at {address}: {one_line(error)}"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


class RayPool:
    """Workers as actors of the Ray cluster that is connected.

    One that is lost is replaced where there is room.

    Args:
        make_worker: function without arguments, of which a pickled copy makes
            the worker in each process.
        cpus, gpus: that each takes; fractions of a GPU share it.
        count: of workers; `None` for as many as the cluster has room for,
            also when it grows.
    """

    def __init__(self, make_worker, cpus=1.0, gpus=0.0, count=None):
        self._ray = ray = optional.require("ray", "ray")
        self._make_worker = pickle.dumps(make_worker)
        self._cpus, self._gpus, self._count = cpus, gpus, count
        # A thread of its own tells how far the other is.
        self._actor = ray.remote(concurrency_groups={_TELLS: 1})(Host).options(
            num_cpus=cpus,
            num_gpus=gpus,
            max_restarts=0,
            scheduling_strategy="SPREAD",
        )
        self._actors, self._calls, self._ready = {}, {}, set()
        self._questions, self._asked = {}, {}
        self._next, self._counted = 0, -math.inf
        self._starts_badly, self._bad_rounds = False, 0
        self.process_ids = {}

    @property
    def ready(self):
        """Numbers of the workers that have their model."""
        return self._ready

    def idle(self):
        """Numbers of the workers that wait for work, in order."""
        busy = {worker for worker, _ in self._calls.values()}
        return sorted(self._ready - busy)

    def keep(self):
        """Starts workers where some are missing."""
        doublings = min(self._bad_rounds, _MOST_DOUBLINGS)
        pause = _SECONDS_BETWEEN_COUNTS * 2**doublings
        if self._actors and time.monotonic() < self._counted + pause:
            return
        self._bad_rounds = self._bad_rounds + 1 if self._starts_badly else 0
        self._starts_badly = False
        self._counted = time.monotonic()
        wanted = self._room() if self._count is None else self._count
        for _ in range(wanted - len(self._actors)):
            worker, self._next = self._next, self._next + 1
            self._actors[worker] = self._actor.remote(
                self._make_worker, environment(self._cpus, self._gpus)
            )
            call = self._actors[worker].load.remote()
            self._calls[call] = worker, True

    def start(self, worker, method, *arguments):
        """Gives an idle worker something to do."""
        call = self._actors[worker].call.remote(method, *arguments)
        self._calls[call] = worker, False

    def wait(self, seconds):
        """What happened, waited for if nothing did.

        Returns:
            list of `Event`.
        """
        if not self._calls:
            time.sleep(seconds)
            return []
        self._ask()
        calls = [*self._calls, *self._questions]
        ready, _ = self._ray.wait(calls, num_returns=1, timeout=seconds)
        events = [
            self._answer(call) if call in self._questions else self._event(call)
            for call in ready
        ]
        return [event for event in events if event is not None]

    def _ask(self):
        """Asks workers that have been busy for a while how far they are."""
        now, asked = time.monotonic(), set(self._questions.values())
        busy = len(self._calls)
        pause = max(_SECONDS_BETWEEN_QUESTIONS, busy / _QUESTIONS_A_SECOND)
        for call, (worker, is_load) in self._calls.items():
            if is_load or call in asked:
                continue
            if now < self._asked.setdefault(call, now) + pause:
                continue
            self._asked[call] = now
            actor = self._actors[worker]
            question = actor.progress.options(concurrency_group=_TELLS)
            self._questions[question.remote()] = call

    def _answer(self, question):
        """A worker's progress; `None` if its call has ended meanwhile."""
        call = self._questions.pop(question)
        try:
            value = self._ray.get(question)
        except self._ray.exceptions.RayError:
            return None  # The call says so, too.
        if value is None or call not in self._calls:
            return None
        return Event(self._calls[call][0], "progress", value)

    def drop(self, worker):
        """Ends a worker."""
        actor = self._actors.pop(worker, None)
        if worker in self._ready:
            self._counted = -math.inf  # It is replaced at once.
        else:
            self._starts_badly = True
        self._ready.discard(worker)
        self.process_ids.pop(worker, None)
        if actor is not None:
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.kill(actor)

    def _event(self, call):
        worker, is_load = self._calls.pop(call)
        self._asked.pop(call, None)
        try:
            kind, value = self._ray.get(call)
        except self._ray.exceptions.RayError as error:
            self.drop(worker)
            return Event(worker, "lost", _why_lost(error))
        if is_load and kind == "done":
            self._ready.add(worker)
            self._starts_badly = False
            self.process_ids[worker] = value
            return Event(worker, "ready", value)
        if is_load:
            self.drop(worker)
            return Event(worker, "not ready", value)
        return Event(worker, kind, value)

    def _room(self):
        nodes = [
            node["Resources"] for node in self._ray.nodes() if node["Alive"]
        ]
        return sum(
            math.floor(
                min(
                    node.get(name, 0.0) / wanted
                    for name, wanted in (
                        ("CPU", self._cpus),
                        ("GPU", self._gpus),
                    )
                    if wanted
                )
                + 1e-6
            )
            for node in nodes
        )


def count_gpus():
    """GPUs of the cluster that is connected."""
    resources = optional.require("ray", "ray").cluster_resources()
    return resources.get("GPU", 0.0)


def environment(cpus, gpus):
    """Environment variables of a worker with so many of each."""
    variables = {
        name: os.environ[name] for name in _OF_COMMAND if name in os.environ
    }
    if gpus:
        # TensorFlow would take the whole memory from those it shares with.
        variables["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    else:
        threads = str(max(1, math.ceil(cpus)))
        variables["TF_NUM_INTRAOP_THREADS"] = threads
        variables["OMP_NUM_THREADS"] = threads
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
    return variables


def _why_lost(error):
    """What Ray says in many lines, in a few words."""
    kinds = {
        "OutOfMemoryError": "its machine ran out of memory",
        "ActorDiedError": "its process or machine is gone",
        "ActorUnavailableError": "it cannot be reached",
    }
    name = type(error).__name__
    return kinds.get(name, f"{name}: {one_line(error)}")
