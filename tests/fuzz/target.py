"""A target of fuzzing: a function of bytes, and what it may cost."""

import collections
import dataclasses
import time
import tracemalloc
from collections.abc import Callable

MOST_SECONDS = 2.0
"""Of processor time, for the few kilobytes of an input."""


@dataclasses.dataclass(frozen=True)
class Target:
    """What is fed with whatever bytes, and must bear them.

    Attributes:
        run: function of bytes. It gives a word for what came of them, such
            as `"read"` or `"refused"`, and raises only what is a fault.
        seeds: function without arguments that gives a list of bytes, right
            ones above all, from which others are made.
        factor: most bytes of memory, at a time, for each byte of an input.
        room: and besides.
        words: bytes that mean something in this format.
        outcomes: words of `run` that a short run must come to.
    """

    run: Callable[[bytes], str]
    seeds: Callable[[], list]
    factor: int = 200
    room: int = 200_000
    words: tuple = ()
    outcomes: frozenset = frozenset({"read", "refused"})

    def check(self, data):
        """Runs it, and looks at what it costs.

        Args:
            data: bytes.

        Returns:
            What `run` gives.

        Raises:
            AssertionError: if it took too long or too much memory.
        """
        start = time.thread_time()
        tracemalloc.start()
        try:
            outcome = self.run(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        seconds = time.thread_time() - start
        allowed = self.room + self.factor * len(data)
        assert peak <= allowed, f"{len(data)} bytes took {peak} of memory"
        assert seconds < MOST_SECONDS, f"{len(data)} bytes took {seconds} s"
        return outcome

    def warm_up(self):
        """Runs the seeds, so that what is imported once costs no input."""
        for data in self.seeds():
            self.run(data)

    def check_all(self, inputs):
        """Counts the outcomes of several inputs; `Counter` of words."""
        self.warm_up()
        return collections.Counter(map(self.check, inputs))
