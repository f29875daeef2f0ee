"""The speed of clip classifiers, side by side."""

import functools
import gc
import time

import numpy as np

from accel_tf.benchmark import devices
from accel_tf.benchmark.bench import (
    Bench,
    describe_conditions,
    describe_machine,
)
from accel_tf.benchmark.limits import time_call
from accel_tf.benchmark.measure import load_average
from accel_tf.benchmark.summary import summarize_classifier, summarize_limits
from accel_tf.benchmark.systems import describe_system
from accel_tf.give_back_memory import give_back_memory

CLIP = (16, 224, 224)
"""Frames, height and width of the clips that published weights are for."""

CLASSES = 400

_WARM_UP = 2


def measure_clips(
    systems,
    clip=CLIP,
    rounds=5,
    clips=1,
    threads=1,
    device="cpu",
    seed=0,
    progress=lambda steps: steps,
):
    """Times classifiers side by side, as `measure` does segmenters.

    Args:
        systems: list of `System` with presets of classifiers.
        clip: `(frames, height, width)` of a clip.
        rounds, threads, device, seed, progress: as for `measure`.
        clips: timed of each system in a round.

    Returns:
        dict of plain JSON types: `machine`, `conditions`, `limits` and
        `rows`; see `accel_tf.benchmark.summary`.

    Raises:
        ValueError, OSError, ImportError: one line, named after the system.
    """
    load = load_average()
    pixels = np.random.default_rng(0).integers(0, 256, (*clip, 3), np.uint8)
    bench = Bench(threads, device)
    starts = [functools.partial(bench.start_limits, systems)]
    starts += [
        functools.partial(
            bench.start,
            system,
            TimedClassifier,
            pixels,
            question=("time_clips", clips),
        )
        for system in systems
    ]
    answers, facts = bench.run(starts, rounds, seed, progress)
    conditions = describe_conditions(threads, device, rounds)
    return {
        "machine": describe_machine(systems, bench.accelerator),
        "conditions": {
            "clip": "x".join(map(str, clip)),
            "clips_per_round": clips,
            **conditions,
            "load_average_before": load,
        },
        "limits": summarize_limits(answers),
        "rows": [
            summarize_classifier(
                answers, systems, index, fact, conditions["clock"]
            )
            for index, fact in enumerate(facts)
        ],
    }


class TimedClassifier:
    """A classifier that gets the same clip again and again.

    Weights are random and the same in every process.

    Args:
        system: a `System`.
        clip: uint8 `[T, H, W, 3]`.
        threads, device: as for `devices.prepare`.
    """

    def __init__(self, system, clip, threads=1, device="cpu"):
        devices.prepare(system.backend, threads, device)
        # Only now that threads and device are set.
        import keras

        keras.utils.set_random_seed(0)
        self.system = system
        self.clips = np.stack([clip] * system.batch)
        start = time.perf_counter()
        self.classify, self.facts = _make(system, clip.shape[:3], threads)
        self.facts["load_seconds"] = round(time.perf_counter() - start, 3)
        gc.collect()
        start = time.perf_counter()
        self.classify(self.clips)
        first = time.perf_counter() - start
        self.facts["first_clip_seconds"] = round(first, 3)
        self.facts["loading_peak_memory_bytes"] = devices.peak_memory()
        give_back_memory()
        can_tell = devices.forget_peak()
        for _ in range(_WARM_UP):
            self.classify(self.clips)
        self.facts["peak_memory_bytes"] = (
            devices.peak_memory() if can_tell else None
        )
        self.facts["peak_device_memory_bytes"] = (
            devices.peak_device_memory(system.backend)
            if device == "gpu"
            else None
        )

    def describe(self):
        """What does not change from round to round.

        Returns:
            dict of plain JSON types: `preset`, `form`, `runtime`,
            `precision`, `batch`, `parameters`, `multiply_adds` of a clip,
            `load_seconds`, `first_clip_seconds` (compiled and run), and the
            memory as of `TimedModel.describe`.
        """
        return self.facts

    def time_clips(self, count):
        """Times of clips, after one that fills the caches.

        Returns:
            list of `(wall, processor)` seconds of one clip, from uint8 frames
            to probabilities; in a batch, its share.
        """
        self.classify(self.clips)
        times = [
            time_call(lambda: self.classify(self.clips)) for _ in range(count)
        ]
        batch = self.system.batch
        return [(wall / batch, busy / batch) for wall, busy in times]


def _make(system, clip, threads):
    """A function from clips to probabilities, and what is known of it."""
    import accel_tf
    from accel_tf.classification.compiled import compile_probabilities

    frames, *size = clip
    model = accel_tf.from_preset(
        system.preset,
        CLASSES,
        dtype=system.policy,
        frames=frames,
        crop_size=min(*size, CLIP[1]),
    )
    if system.form == "fused":
        model = accel_tf.fuse_for_inference(model, system.form_precision)
    facts = {
        **describe_system(system),
        "parameters": int(model.count_params()),
        "multiply_adds": int(model.multiply_adds(*size, frames)),
    }
    if system.is_keras:
        return compile_probabilities(model), facts
    from accel_tf.runtimes import to_runtime

    program = to_runtime(
        model, system.runtime, precision=system.precision, threads=threads
    )
    return program.probabilities, facts
