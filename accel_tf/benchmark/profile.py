"""Where the time of a non-key frame goes: its parts, each as a program."""

import dataclasses
import math
import re
import statistics

import keras
from keras import ops

from accel_tf.benchmark.devices import synchronize
from accel_tf.benchmark.limits import time_calls
from accel_tf.models.parts import Part, run_parts
from accel_tf.ops.kernels import compiles_with_xla, kernels_for
from accel_tf.streaming.compiled_step import labels_of_scores

REPEATS = 3


class Profile:
    """The parts of a model's non-key frame, compiled one by one.

    Args:
        model: a `VideoSegmenter` with a method `non_key_parts(height,
            width)` that returns a list of `Part`, up to `"scores"` at the
            native stride and, if there is one, the `"bias"` that is added
            after up-sampling. What comes then is one more part.
        frames: uint8 `[2, 1, H, W, 3]`: a key frame and the next one.
    """

    def __init__(self, model, frames):
        self.backend = keras.backend.backend()
        _, _, height, width, _ = frames.shape
        parts = model.non_key_parts(height, width)
        names = {name for part in parts for name in part.outputs}
        inputs = ("scores", "bias") if "bias" in names else ("scores",)
        counted = sum(part.multiply_adds for part in parts)

        def tail(scores, bias=None):
            return labels_of_scores(model, scores, bias, (height, width))

        parts.append(
            Part(
                "up-sampling and labels",
                inputs,
                ("labels",),
                tail,
                model.multiply_adds(height, width)["non_key"] - counted,
            )
        )
        self.parts, self.programs = parts, {}
        state = model.initial_state(1, height, width)
        _, state = model.step(
            ops.convert_to_tensor(frames[0]), state, is_key=True
        )
        self.values = {**state, "frame": ops.convert_to_tensor(frames[1])}
        for part in parts:
            # Each works on what the ones before have made of real frames.
            program = _compiled(self.backend, part.function, part is parts[-1])
            run_parts(
                [dataclasses.replace(part, function=program)], self.values
            )
            arguments = [self.values[name] for name in part.inputs]
            self.programs[part.name] = program, arguments

    def describe(self):
        """What does not change, as plain JSON types.

        Returns:
            list of dicts: `part`; `multiply_adds`; `bytes` that it must at
            least read and write: inputs, outputs and weights.
        """
        return [
            {
                "part": part.name,
                "multiply_adds": int(part.multiply_adds),
                "bytes": self._bytes(part),
            }
            for part in self.parts
        ]

    def _bytes(self, part):
        tensors = [self.values[name] for name in part.inputs + part.outputs]
        for network in part.networks:
            tensors += network.weights
        return sum(_bytes(tensor) for tensor in tensors)

    def time(self):
        """Times of each part.

        Returns:
            dict of part -> `(wall, processor)` seconds, the medians of some
            calls.
        """
        times = {}
        for name, (program, arguments) in self.programs.items():

            def once(program=program, arguments=arguments):
                synchronize(self.backend, program(*arguments))

            both = zip(*time_calls(once, REPEATS), strict=True)
            times[name] = tuple(statistics.median(values) for values in both)
        return times


def _bytes(tensor):
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    bits = int(re.search(r"\d+$", dtype)[0])
    return math.prod(tensor.shape) * bits // 8


def _compiled(backend, function, is_last):
    """As a program by itself, with the operations that `compile_step` takes."""
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "torch":
        import torch

        return torch.no_grad()(function)
    import tensorflow as tf

    by_xla = is_last and compiles_with_xla()

    def traced(*inputs):
        with kernels_for("xla" if by_xla else "tensorflow"):
            return function(*inputs)

    return tf.function(traced, jit_compile=by_xla or None, autograph=False)
