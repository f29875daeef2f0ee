import pathlib

import numpy as np

from accel_tf.benchmark import devices, limits


def by_turns(monkeypatch, module, *pairs):
    """Every call takes the next of these wall and processor seconds."""
    called = []

    def time_calls(function, repeats):
        function()
        called.append(repeats)
        return list(pairs)

    monkeypatch.setattr(module, "time_calls", time_calls)
    return called


def test_matrix_product(monkeypatch):
    called = by_turns(monkeypatch, limits, (9, 0.25), (9, 0.5), (9, 4))
    product = limits.MatrixProduct(size=1000)
    # Two operations for each of 1000^3 products, in 0.5 s.
    assert product.billions_per_second(repeats=3) == 4
    assert called == [3]


def test_memory_copy(monkeypatch):
    copy = limits.MemoryCopy(size=10**6)
    by_turns(monkeypatch, limits, (9, 0.001), (9, 0.0005), (9, 4))
    # A megabyte read and one written, in a millisecond.
    assert copy.gigabytes_per_second() == 2
    assert np.array_equal(copy.target, copy.source)


def test_measured():
    measured = limits.Limits(matrix_size=64, copy_size=2**20).measure()
    assert measured["gigaflops"] > 0 and measured["gigabytes"] > 0


def test_calls_are_timed_after_one_that_is_not():
    calls = []
    times = limits.time_calls(lambda: calls.append(1), repeats=3)
    assert len(calls) == 4 and len(times) == 3
    assert all(wall >= 0 and processor >= 0 for wall, processor in times)


def test_peak_memory_begins_anew():
    has_proc = pathlib.Path("/proc/self/clear_refs").exists()
    assert devices.forget_peak() == has_proc
    before = devices.peak_memory()
    held = np.ones(64 * 2**20, "uint8")
    grown = devices.peak_memory() - before
    assert not has_proc or grown > 0.9 * held.nbytes


def test_machine():
    machine = devices.describe_machine("numpy", "no-such-package")
    assert machine["numpy"] == np.__version__
    assert "no-such-package" not in machine
    assert machine["cores"] >= 1 and machine["processor"]
