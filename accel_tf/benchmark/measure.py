"""Runs systems in turns and gathers what they say."""

import functools
import os

import numpy as np

from accel_tf.benchmark.bench import (
    Bench,
    describe_conditions,
    describe_machine,
)
from accel_tf.benchmark.summary import (
    summarize_kernels,
    summarize_limits,
    summarize_profile,
    summarize_system,
)
from accel_tf.benchmark.systems import CALIBRATED, TimedModel

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
    load = load_average()
    drawn = min(max(interval, 2), _DRAWN_FRAMES)
    if any(system.precision == CALIBRATED for system in systems):
        drawn = _CALIBRATION_FRAMES
    images = np.stack(
        [scene.image for scene in streets.street_sequence(0, *size, drawn)]
    )
    bench = Bench(threads, device)
    starts = [functools.partial(bench.start_limits, systems)]
    starts += [
        functools.partial(
            bench.start,
            system,
            TimedModel,
            images,
            interval,
            question=("time_frames", frames),
        )
        for system in systems
    ]
    if kernels:
        starts.append(
            functools.partial(bench.start_kernels, further_warps or {})
        )
    before = bench.prepare_profiles if profile else lambda: None
    answers, facts = bench.run(starts, rounds, seed, progress, before)
    conditions = describe_conditions(threads, device, rounds)
    clock = conditions["clock"]
    return {
        "machine": describe_machine(systems, bench.accelerator),
        "conditions": {
            "size": "{}x{}".format(*size),
            "interval": interval,
            "frames_per_round": frames,
            **conditions,
            "frames": "drawn streets",
            "load_average_before": load,
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


def load_average():
    """Processes that want to run, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
