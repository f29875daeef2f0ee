"""Programs of TensorFlow run as they were traced, which starts them sooner.

A test runs a program a few times; to optimize its graph before the first of
them (constant folding, fusing and the like) takes longer than all runs.
"""

import contextlib
import functools
import gc
import os
import sys
import typing

import pytest

# Commands that tests start leave nothing in the user's folder.
os.environ["ACCEL_TF_CACHE"] = ""

if sys.version_info < (3, 12):
    # As later versions do: TensorFlow asks for each argument of an operation
    # whether it has the methods of a tensor.
    typing._get_protocol_attrs = functools.cache(typing._get_protocol_attrs)


def pytest_addoption(parser):
    parser.addoption(
        "--optimize-graphs",
        action="store_true",
        help="let TensorFlow optimize graphs, as it does for users",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """What imports leave is no garbage, and is not searched for it again.

    Keras imports scikit-learn where it is installed, for wrappers that no
    test needs; it takes a third of the time of Keras' import.
    """
    gc.disable()
    hidden = sys.modules.setdefault("sklearn", None) is None
    try:
        return (yield)
    finally:
        if hidden:
            del sys.modules["sklearn"]
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="module")
def _search_for_garbage_in_this_module_only():
    """What a module leaves is in use by others, such as programs of Keras.

    To go through all of it again and again took a twentieth of the time.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    # Few tests import TensorFlow later than their modules.
    if not item.config.getoption("--optimize-graphs"):
        _optimize_graphs(False)
        _remember_no_stacks()


@pytest.fixture
def optimized_graphs():
    """TensorFlow optimizes the graphs of this test, as it does for users."""
    with contextlib.ExitStack() as stack:
        options = _optimize_graphs(True)
        stack.callback(_optimize_graphs, not options)
        yield


@pytest.fixture
def untraced():
    """The programs of this test run op by op, as Python calls them.

    One or two steps of a training take a third of the time that it takes to
    trace them.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def _remember_no_stacks():
    """TensorFlow walks through Python's stack for each operation of a graph.

    It shows it when the operation fails, which tells a test nothing.
    """
    stacks = sys.modules.get("tensorflow.python.util.tf_stack")
    if stacks and not hasattr(stacks.extract_stack, "cache_clear"):
        stack = stacks.extract_stack()
        stacks.extract_stack = functools.cache(lambda stacklevel=1: stack)


def _optimize_graphs(enable):
    """Gives whether they were left as they are before."""
    tensorflow = sys.modules.get("tensorflow")
    if not hasattr(tensorflow, "config"):
        return True
    optimizer = tensorflow.config.optimizer
    name = "disable_meta_optimizer"
    before = optimizer.get_experimental_options().get(name, False)
    if before == enable:
        optimizer.set_experimental_options({name: not enable})
    return before
