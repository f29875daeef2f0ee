"""Processes that each hold one system and are asked in turns."""

import contextlib
import multiprocessing
import os
import signal
import traceback


class Worker:
    """A process that holds a system and does what it is asked.

    Its memory is its own, and so are its frameworks: only what the system's
    module imports is loaded there, besides the script that was started.

    Args:
        system: class, importable by name.
        *arguments: of its constructor.
        title: what messages begin with; nothing by default.
        environment: dict of environment variables, set from its start on;
            `None` as a value removes one.

    Raises:
        ValueError, OSError, ImportError: what the constructor raised. This
            and `ask` raise an `OSError` of one line when memory has run out
            or the process has ended, and a `RuntimeError` for any other
            exception, whose traceback the process writes.
    """

    def __init__(self, system, *arguments, title=None, environment=None):
        self.title = title
        context = multiprocessing.get_context("spawn")
        self.connection, other_end = context.Pipe()
        self.process = context.Process(
            target=serve, args=(other_end, system, arguments), daemon=True
        )
        with _environment(environment or {}):
            self.process.start()
        other_end.close()
        self._receive()

    def ask(self, method, *arguments):
        """What `method` of the system returns."""
        self.connection.send((method, arguments))
        return self._receive()

    def close(self):
        """Ends the process."""
        self.connection.close()
        self.process.join(timeout=5)
        if self.process.is_alive():  # in the middle of a long call
            self.process.kill()
            self.process.join()

    def _receive(self):
        try:
            succeeded, reply = self.connection.recv()
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            why = ""
            if code == -signal.SIGKILL:
                why = ", as it does when memory runs out"
            succeeded = False
            reply = OSError(f"a measuring process ended with {code}{why}")
        if succeeded:
            return reply
        if self.title:
            reply = type(reply)(f"{self.title}: {reply}")
        raise reply


def serve(connection, system, arguments):
    """The loop of a worker."""
    held = None
    method = None
    try:
        while True:
            try:
                if held is None:
                    held, answer = system(*arguments), None
                else:
                    answer = getattr(held, method)(*arguments)
            except Exception as error:
                connection.send((False, _for_the_asker(error)))
                if held is None:
                    return
            else:
                connection.send((True, answer))
            method, arguments = connection.recv()
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # nobody asks any more


def _for_the_asker(error):
    """Exceptions of frameworks may exist in this process only."""
    if _is_out_of_memory(error):
        return OSError("out of memory; give fewer models or a smaller size")
    for kind in (ValueError, OSError, ImportError):
        if isinstance(error, kind):
            return kind(str(error))
    traceback.print_exc()
    return RuntimeError(f"{type(error).__name__}: {error}")


def _is_out_of_memory(error):
    names = {kind.__name__ for kind in type(error).__mro__}
    return (
        isinstance(error, MemoryError)
        or bool(names & {"ResourceExhaustedError", "OutOfMemoryError"})
        or "RESOURCE_EXHAUSTED" in str(error)
    )


@contextlib.contextmanager
def _environment(variables):
    """Sets environment variables of processes that are started inside."""
    before = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables):
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
