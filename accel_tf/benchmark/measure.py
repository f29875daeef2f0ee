"""Runs systems in turns and gathers what they say."""

import os
import random

import numpy as np

from accel_tf.benchmark import devices
from accel_tf.benchmark.kernels import Kernels
from accel_tf.benchmark.limits import Limits
from accel_tf.benchmark.summary import (
    summarize_kernels,
    summarize_limits,
    summarize_profile,
    summarize_system,
)
from accel_tf.benchmark.systems import CALIBRATED, TimedModel
from accel_tf.benchmark.worker import Worker

# Enough to move on from frame to frame; they are used again and again.
_DRAWN_FRAMES = 8
_CALIBRATION_FRAMES = 12


def measure(
    systems,
    size,
    interval=5,
    rounds=5,
    frames=None,
    threads=1,
    device="cpu",
    kernels=False,
    further_warps=None,
    profile=False,
    seed=0,
    progress=lambda steps: steps,
):
    """Times systems side by side, each in a process of its own.

    In each round all of them, and the measurements of the machine, take
    turns in a random order.

    Args:
        systems: list of `System`; the processes of all live side by side.
        size: `(height, width)` of the frames in pixels.
        interval: frames from one key frame to the next.
        rounds: number of rounds.
        frames: timed of each system in a round; `interval` by default. The
            first of each `interval` is a key frame.
        threads, device: as for `devices.prepare`.
        kernels: whether to time `Kernels` too.
        further_warps: as for `Kernels`.
        profile: whether to time the parts of non-key frames too.
        seed: of the order.
        progress: wraps the list of all steps, e.g. `tqdm.tqdm`.

    Returns:
        dict of plain JSON types: `machine`, `conditions`, `limits`, `rows`,
        and `kernels` and `profiles` (lists, empty unless asked for); see
        `accel_tf.benchmark.summary`.

    Raises:
        ValueError, OSError, ImportError: one line, named after the system.
    """
    from accel_tf.data import streets

    frames = interval if frames is None else frames
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    drawn = min(max(interval, 2), _DRAWN_FRAMES)
    if any(system.precision == CALIBRATED for system in systems):
        drawn = _CALIBRATION_FRAMES
    images = [scene.image for scene in streets.street_sequence(0, *size, drawn)]
    bench = _Bench(images, interval, frames, threads, device)
    starts = [(bench.start_limits, systems)]
    starts += [(bench.start, system) for system in systems]
    if kernels:
        starts.append((bench.start_kernels, further_warps or {}))
    order = random.Random(seed)
    answers = []

    def take_round(names):
        turns = order.sample(names, len(names))
        answers.append({name: bench.ask(name) for name in turns})

    try:
        for step in progress([*starts, *[None] * rounds]):
            if step is not None:
                begin, argument = step
                begin(argument)
                continue
            if profile and not answers:
                bench.prepare_profiles()
            take_round(list(bench.questions))
        facts = [bench.facts(index) for index in range(len(systems))]
    finally:
        bench.close()
    clock = "processor" if device == "cpu" else "wall"
    return {
        "machine": {
            **devices.describe_machine(*_packages(systems)),
            **bench.accelerator,
        },
        "conditions": {
            "size": "{}x{}".format(*size),
            "interval": interval,
            "rounds": rounds,
            "frames_per_round": frames,
            "threads": threads,
            "device": device,
            "clock": clock,
            "weights": "random",
            "frames": "drawn streets",
            "load_average_before": None if load is None else round(load, 2),
        },
        "limits": summarize_limits(answers),
        "rows": [
            summarize_system(answers, systems, index, fact, interval, clock)
            for index, fact in enumerate(facts)
        ],
        "kernels": summarize_kernels(answers) if kernels else [],
        "profiles": [
            summarize_profile(answers, systems[index], index, parts, clock)
            for index, parts in bench.parts.items()
        ],
    }


class _Bench:
    """The processes, and what each is asked in a round."""

    def __init__(self, images, interval, frames, threads, device):
        self.images = np.stack(images)
        self.interval, self.frames = interval, frames
        self.threads, self.device = threads, device
        self.workers, self.questions, self.parts = {}, {}, {}
        self.accelerator = {}

    def start_limits(self, systems):
        backend = systems[0].backend
        if self.device == "cpu":
            worker = self._start("limits", backend, Limits)
        else:
            dtypes = {s.precision.removeprefix("mixed_") for s in systems}
            worker = self._start(
                "limits", backend, devices.DeviceLimits, backend, sorted(dtypes)
            )
            self.accelerator["accelerator"] = worker.ask("name_of_device")
        self.questions["limits"] = worker, "measure"

    def start(self, system):
        index = len([key for key in self.workers if isinstance(key, int)])
        worker = self._start(
            index,
            system.backend,
            TimedModel,
            system,
            self.images,
            self.interval,
            self.threads,
            self.device,
            title=system.title,
        )
        self.questions[index] = worker, "time_frames", self.frames

    def start_kernels(self, further_warps):
        worker = self._start(
            "kernels", "tensorflow", Kernels, self.threads, further_warps
        )
        self.questions["kernels"] = worker, "time"

    def _start(self, key, backend, system, *arguments, title=None):
        self.workers[key] = Worker(
            system,
            *arguments,
            title=title or key,
            environment=devices.environment(backend, self.threads, self.device),
        )
        return self.workers[key]

    def prepare_profiles(self):
        for index, worker in list(self.workers.items()):
            if isinstance(index, int) and worker.ask("has_parts"):
                self.parts[index] = worker.ask("prepare_parts")
                self.questions["profile", index] = worker, "time_parts"
        if not self.parts:
            raise ValueError(
                "none of these systems says what its non-key frames are made "
                "of; give --profile with the fused form of one that has key "
                "frames, in one of Keras' backends."
            )

    def ask(self, name):
        worker, *question = self.questions[name]
        return worker.ask(*question)

    def facts(self, index):
        return self.workers[index].ask("describe")

    def close(self):
        for worker in self.workers.values():
            worker.close()


def _packages(systems):
    runtimes = {system.runtime for system in systems}
    names = {"litert": "ai-edge-litert"}
    backends = {system.backend for system in systems}
    return sorted({"keras", "numpy"} | backends | runtimes - set(names)) + [
        names[name] for name in sorted(runtimes & set(names))
    ]
