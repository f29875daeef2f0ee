import importlib.util
import os
import signal

import pytest

from accel_tf.benchmark.worker import Worker


class Echo:
    """A system for a worker."""

    def __init__(self, number):
        if number < 0:
            raise FileNotFoundError("no negative numbers")
        self.number = number

    def plus(self, number):
        return self.number + number

    def variable(self, name):
        return os.environ.get(name)

    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def fills_memory(self):
        raise MemoryError

    def fills_accelerator(self):
        class ResourceExhaustedError(Exception):
            """Of a framework that the asker need not have."""

        raise ResourceExhaustedError("OOM when allocating a tensor")

    def has_a_bug(self):
        class Unknown(Exception):
            """Cannot be sent."""

        raise Unknown("this should not happen")


# The quicker to import.
BACKEND = "jax" if importlib.util.find_spec("jax") else "tensorflow"


def start(number, title=None, **environment):
    environment |= {"KERAS_BACKEND": BACKEND}
    return Worker(Echo, number, title=title, environment=environment)


@pytest.fixture(scope="module")
def echo():
    worker = start(3, title="accel_18, fused", ECHO_OF="a variable", HOME=None)
    yield worker
    worker.close()
    assert worker.process.exitcode == 0


def test_a_system_in_its_own_process(echo):
    assert echo.ask("plus", 4) == 7
    assert echo.process.pid != os.getpid()


def test_environment(echo):
    assert echo.ask("variable", "ECHO_OF") == "a variable"
    assert echo.ask("variable", "HOME") is None
    assert "ECHO_OF" not in os.environ and "HOME" in os.environ


@pytest.mark.parametrize("question", ["fills_memory", "fills_accelerator"])
def test_out_of_memory(echo, question):
    message = (
        "^accel_18, fused: out of memory; give fewer models or a smaller size$"
    )
    with pytest.raises(OSError, match=message):
        echo.ask(question)
    assert echo.ask("plus", 1) == 4


def test_exceptions_that_exist_in_the_process_only(echo):
    with pytest.raises(RuntimeError, match="Unknown: this should not happen"):
        echo.ask("has_a_bug")
    assert echo.ask("plus", 1) == 4


def test_mistakes_in_the_input():
    with pytest.raises(OSError, match="^no negative numbers$"):
        start(-1)


def test_a_killed_process():
    worker = start(3, title="accel_18, fused")
    with pytest.raises(OSError) as error:
        worker.ask("killed")
    assert str(error.value) == (
        "accel_18, fused: a measuring process ended with -9, as it does when "
        "memory runs out"
    )
