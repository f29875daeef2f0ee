"""A pool whose workers work in this process, in turns, and can be lost."""

import pickle

from accel_tf.fleet.host import Host
from accel_tf.fleet.ray_pool import Event


class LocalPool:
    """As `RayPool`; what goes to a worker and back is pickled.

    Args:
        make_worker: function without arguments.
        count: of workers.
        disturb: called with `(worker, method, arguments)` before a call; true
            for a worker that is lost, after the call if it is `"after"`.
    """

    def __init__(self, make_worker, count=2, disturb=None):
        self._make, self._count = pickle.dumps(make_worker), count
        self._disturb = disturb or (lambda *call: False)
        self._hosts, self._calls, self.ready = {}, [], set()
        self._next = 0
        self.log = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def idle(self):
        busy = {worker for worker, *_ in self._calls}
        return sorted(self.ready - busy)

    def keep(self):
        while len(self._hosts) < self._count:
            self._hosts[self._next] = Host(self._make, {})
            self._calls.append((self._next, "load", ()))
            self._next += 1

    def start(self, worker, method, *arguments):
        self._calls.append((worker, method, arguments))
        self.log.append((worker, method, arguments))

    def wait(self, seconds):
        worker, method, arguments = self._calls.pop(0)
        host = self._hosts[worker]
        lost = self._disturb(worker, method, arguments)
        if lost != True:  # noqa: E712
            arguments = pickle.loads(pickle.dumps(arguments))
            answer = (
                host.load() if method == "load"
                else host.call(method, *arguments)
            )  # fmt: skip
            kind, value = pickle.loads(pickle.dumps(answer))
        if lost:
            del self._hosts[worker]
            self.ready.discard(worker)
            return [Event(worker, "lost", "it was killed")]
        if method == "load":
            if kind == "failed":
                del self._hosts[worker]
                return [Event(worker, "not ready", value)]
            self.ready.add(worker)
            return [Event(worker, "ready", value)]
        return [Event(worker, kind, value)]
