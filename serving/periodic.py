"""Functions that are called again and again."""

import logging
import threading
import time

_log = logging.getLogger(__name__)


class PeriodicCalls:
    """Calls functions in a thread, one at a time.

    Args:
        periods: dict of function -> seconds from the end of one call to the
            next; a function with 0 or less is not called.
    """

    def __init__(self, periods):
        self._periods = {
            function: period
            for function, period in periods.items()
            if period > 0
        }
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        """Starts; the first calls come after their periods."""
        if self._periods:
            self._thread.start()

    def stop(self):
        """Stops, and waits for a call that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self):
        start = time.monotonic()
        due = {each: start + period for each, period in self._periods.items()}
        while True:
            function = min(due, key=due.get)
            if self._stop.wait(max(0.0, due[function] - time.monotonic())):
                return
            try:
                function()
            except Exception:
                # The next call may do better; an end would go unnoticed.
                _log.exception("A periodic call failed")
            due[function] = time.monotonic() + self._periods[function]
