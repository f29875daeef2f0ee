"""What the machine can do at most."""

import statistics
import time

import numpy as np


class MatrixProduct:
    """Products of large float32 matrices, on the processor.

    numpy's threads are limited by the environment variable OMP_NUM_THREADS
    of the process.

    Args:
        size: rows and columns of the matrices.
    """

    def __init__(self, size=2048):
        generator = np.random.default_rng(0)
        self.factors = generator.random((2, size, size), dtype="float32")
        self.size = size

    def billions_per_second(self, repeats=8):
        """Operations of a processor second; the median of the repeats.

        A multiplication and an addition are two operations.
        """
        seconds = time_calls(lambda: self.factors[0] @ self.factors[1], repeats)
        middle = statistics.median(processor for _, processor in seconds)
        return 2 * self.size**3 / middle / 1e9


class MemoryCopy:
    """Copies of an array that no cache holds.

    Args:
        size: of the array in bytes.
    """

    def __init__(self, size=64 * 2**20):
        self.source = np.ones(size, "uint8")
        self.target = np.empty_like(self.source)

    def seconds(self, repeats=8):
        """Processor time of a copy; the median of the repeats."""
        times = time_calls(lambda: np.copyto(self.target, self.source), repeats)
        return statistics.median(processor for _, processor in times)

    def gigabytes_per_second(self, repeats=8):
        """Read and written, in a processor second."""
        return 2 * self.source.nbytes / self.seconds(repeats) / 1e9


class Limits:
    """Both, as a system of a `Worker`.

    Args:
        matrix_size, copy_size: as in `MatrixProduct` and `MemoryCopy`.
    """

    def __init__(self, matrix_size=2048, copy_size=64 * 2**20):
        self.product = MatrixProduct(matrix_size)
        self.copy = MemoryCopy(copy_size)

    def measure(self):
        """dict with `"gigaflops"` and `"gigabytes"` a processor second."""
        return {
            "gigaflops": self.product.billions_per_second(),
            "gigabytes": self.copy.gigabytes_per_second(),
        }


def time_call(function):
    """`(wall, processor)` seconds of a call; processor time of all threads."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    processor = time.process_time() - processor
    return time.perf_counter() - wall, processor


def time_calls(function, repeats):
    """The same of several calls, after one that is not timed."""
    function()
    return [time_call(function) for _ in range(repeats)]
