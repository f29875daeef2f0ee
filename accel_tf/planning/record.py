"""A plan as plain JSON types."""

import sys

from accel_tf.benchmark.devices import describe_machine
from accel_tf.benchmark.spread import spread
from accel_tf.planning.beside import cores
from accel_tf.planning.candidates import command, size_text

_PACKAGES = {
    "openvino": "openvino",
    "onnxruntime": "onnxruntime",
    "litert": "ai-edge-litert",
}


def machine(runtimes):
    """What was measured on, and the versions of what ran."""
    packages = [_PACKAGES[name] for name in runtimes if name in _PACKAGES]
    packages += ["keras", "tensorflow", "numpy", "opencv-python-headless"]
    return {
        **describe_machine(*packages, "av"),
        "cores_of_this_process": cores(),
        "platform": sys.platform,
    }


def candidate(row, goal, is_on_front, video, output, threads):
    """A `Row` as a dict.

    | entry | meaning |
    |---|---|
    | `model`, `weights`, `propagate`, `runtime`, `precision`, `size` | as the \
options of `accel-tf segment` |
    | `model_size` | `[height, width]` of the frames that the model saw |
    | `interval` | frames from one key frame to the next |
    | `key_milliseconds`, `non_key_milliseconds` | of the model, from resized \
frame to labels of the video's size: median, lowest, highest |
    | `beside_milliseconds` | a frame without a model: by the clock, and of \
the processor |
    | `milliseconds_per_frame`, `worst_milliseconds`, `frames_per_second` | \
of a frame in `accel-tf segment`, mean over the interval; of a key frame |
    | `frames_per_second_of_a_run` | of `accel-tf segment` on the beginning \
of the video; null where it was not run |
    | `pixels`, `mean_iou` | against the reference or the data set, 0..1; \
null where its labels were not looked at |
    | `reaches` | whether it reaches the rate with the margin, and in its run |
    | `is_on_front` | whether no other is quicker and better |
    | `start_seconds` | conversion and compilation, which no time above has |
    | `left_out` | why it was not measured to its end, or null |
    | `command` | the whole command line |

    Args:
        row: `Row`.
        goal: `Goal`.
        is_on_front: bool.
        video, output, threads: as for `command`.
    """
    result, score = row.result, row.score
    cost = result.cost_per_frame(row.interval)
    return {
        **_variant(result.variant),
        "model_size": list(result.model_size),
        "interval": row.interval,
        **{
            f"{kind}_milliseconds": _spread(result.times[kind])
            for kind in ("key", "non_key")
        },
        "beside_milliseconds": {
            "wall": round(result.beside.wall, 3),
            "processor": round(result.beside.processor, 3),
        },
        "milliseconds_per_frame": round(row.frame, 3),
        "worst_milliseconds": round(row.worst, 3),
        "frames_per_second": round(row.rate, 3),
        "frames_per_second_of_a_run": row.run and round(row.run, 3),
        "pixels": score and round(score.pixels, 5),
        "mean_iou": score and round(score.mean_iou, 5),
        "reaches": row.reaches(goal),
        "is_on_front": is_on_front,
        "multiply_adds_per_frame": None if cost == float("inf") else cost,
        "start_seconds": round(result.start_seconds, 3),
        "left_out": result.left_out,
        "command": line_of(row, video, output, threads),
    }


def line_of(row, video, output, threads):
    """The command line of a `Row`, as `command`."""
    interval = row.interval if row.result.uses_key_frames else None
    return command(row.result.variant, interval, video, output, threads)


def left_out(variant, why):
    """A `Variant` that was not timed, as a dict."""
    return {**_variant(variant), "why": why}


def _variant(variant):
    size = variant.size
    return {
        "model": variant.name.model,
        "weights": list(variant.name.weights),
        "propagate": variant.name.flow,
        "runtime": variant.runtime,
        "precision": variant.precision,
        "size": size and size_text(size),
    }


def _spread(seconds):
    return spread([1000 * each for each in seconds], 3) if seconds else None
