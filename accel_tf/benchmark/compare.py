"""What `accel-tf benchmark` and `recipes/benchmarks/benchmark.py` do."""

import importlib.util
import itertools
import json as json_module
import pathlib

import tqdm

from accel_tf.benchmark.choices import FORMS, RUNTIMES
from accel_tf.benchmark.clips import CLIP, measure_clips
from accel_tf.benchmark.measure import measure
from accel_tf.benchmark.report import format_text
from accel_tf.benchmark.systems import System
from accel_tf.files import write_text
from accel_tf.models.presets import describe_preset, list_presets
from accel_tf.models.propagation import make_flow, split_flow
from accel_tf.optional import require


def benchmark(
    models,
    size=(512, 1024),
    clip=CLIP,
    forms=("fused",),
    runtimes=("tensorflow",),
    batches=(1,),
    device="cpu",
    profile=False,
    json=None,
    rounds=5,
    frames=None,
    threads=1,
    **settings,
):
    """Times presets side by side, prints tables and writes a file.

    Args:
        models: presets, as in `System`; classifiers of clips among them are
            measured after the others.
        size: `(height, width)` of the frames in pixels.
        clip: `(frames, height, width)` of the clips of classifiers.
        forms: some of `choices.FORMS`.
        runtimes: names, each as `"NAME"` or `"NAME:PRECISION"`; see
            `choices.RUNTIMES`.
        batches: numbers of streams that share each step.
        device: `"cpu"` or `"gpu"`.
        profile: whether to time the parts of non-key frames too.
        json: path of the report; `None` for none.
        rounds, threads: as for `measure`.
        frames: timed of each system in a round, as for `measure`; or clips,
            of which one is timed by default.
        **settings: further arguments of `measure`.

    Returns:
        What `measure` returns; with classifiers among the models, as the
        entry `"classifiers"`, what `measure_clips` returns.

    Raises:
        ValueError, OSError, ImportError: one line about what is wrong with
            the input, before the long work where possible.
    """
    systems = make_systems(models, forms, runtimes, device, batches)
    if json and not pathlib.Path(json).absolute().parent.is_dir():
        raise FileNotFoundError(
            f"no such folder: {pathlib.Path(json).absolute().parent}."
        )
    classifiers = [x for x in systems if x.preset in list_presets("classifier")]
    segmenters = [x for x in systems if x not in classifiers]
    if not segmenters and (profile or settings.get("kernels")):
        raise ValueError(
            "--profile and --kernels are about segmenters, and these are "
            "classifiers of clips; leave them out."
        )
    common = {
        "rounds": rounds,
        "threads": threads,
        "device": device,
        "progress": _progress,
    }
    results = {}
    if segmenters:
        results = measure(
            segmenters,
            size,
            frames=frames,
            profile=profile,
            **common,
            **settings,
        )
    if classifiers:
        results["classifiers"] = measure_clips(
            classifiers, clip, clips=frames or 1, **common
        )
    print(format_text(results))
    if json:
        text = json_module.dumps(results, indent=1, allow_nan=False)
        write_text(json, text + "\n")
    return results


def _progress(steps):
    return tqdm.tqdm(steps, desc="benchmark", unit=" steps", leave=False)


def make_systems(
    models,
    forms=("fused",),
    runtimes=("tensorflow",),
    device="cpu",
    batches=(1,),
):
    """Every model in every form in every runtime, for every batch.

    Args:
        models, forms, runtimes, device, batches: as for `benchmark`.

    Returns:
        list of `System`.

    Raises:
        ValueError: if one of them does not exist, or cannot run there.
        ImportError: if a runtime is not installed.
    """
    for name in models:
        preset, flow = split_flow(name)
        describe_preset(preset)
        if flow is not None:
            make_flow(flow)
    for form in forms:
        if form not in FORMS:
            raise ValueError(
                f"no form {form!r}; the forms are {', '.join(FORMS)}."
            )
    systems = [
        System(preset, form, *runtime, batch)
        for batch, runtime, form, preset in itertools.product(
            batches, [_runtime(text) for text in runtimes], forms, models
        )
    ]
    for system in systems:
        _require(system)
        if system.precision == "bfloat16" and system.form != "fused":
            other = f", or give {system.runtime}:mixed_bfloat16"
            raise ValueError(
                "only the fused form computes in bfloat16; leave --forms "
                f"{system.form} out{other if system.is_keras else ''}."
            )
        if device == "gpu" and not system.is_keras:
            raise ValueError(f"{system.runtime} runs on --device cpu only.")
        if system.batch > 1 and not system.is_keras:
            raise ValueError(f"{system.runtime} runs one stream at a time.")
    return systems


def _runtime(text):
    """`(name, precision)`."""
    name, _, precision = text.partition(":")
    if name not in RUNTIMES:
        raise ValueError(
            f"no runtime {name!r}; the runtimes are {', '.join(RUNTIMES)}."
        )
    precision = precision or RUNTIMES[name][0]
    if precision not in RUNTIMES[name]:
        raise ValueError(
            f"{name} has no precision {precision!r}; it has "
            f"{', '.join(RUNTIMES[name])}."
        )
    return name, precision


def _require(system):
    if not system.is_keras:
        from accel_tf.runtimes import RUNTIMES as converted

        converted[system.runtime].require_runtime()
    elif importlib.util.find_spec(system.runtime) is None:
        require(system.runtime, system.runtime)
