"""Recorded times beside the authors' own code as Markdown tables."""

from accel_tf.recipes.common.table_cells import (
    median_and_lowest,
    table_head,
    with_range,
)

FORMS = {
    "plain": "accel-tf",
    "fused": "accel-tf, `fuse_for_inference`",
    "fused:bfloat16": "accel-tf, bfloat16",
    "openvino": "accel-tf, OpenVINO",
    "openvino:int8": "accel-tf, OpenVINO int8",
    "onnxruntime": "accel-tf, ONNX Runtime",
    "litert": "accel-tf, LiteRT",
}
"""Form or runtime of our code -> its title."""

_RUNTIMES = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}


def format_accel_speed(results):
    """What `benchmark_accel.py` measured, as Markdown."""
    lines = table_head(
        "system | code | frame | processor s per frame | s per frame | "
        "times as fast as the original | equal labels"
    )
    titles = {**FORMS, "original": "original, MXNet"}
    for row in results["rows"]:
        kind = {
            "all": f"mean at interval {results['interval']}",
        }.get(row["frame"], row["frame"])
        lines.append(
            f"| `{row['system']}` | {titles[row['code']]} | {kind} | "
            f"{_times(row, 'frame')} | "
            f"{with_range(row['times_as_fast_as_the_original'])} | "
            f"{row['equal_labels']:.3%} |"
        )
    machine = results["machine"]
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds of a clip of "
        f"{results['interval']} frames of {results['size']}, batch 1, "
        f"{results['threads']} thread(s), on {machine['processor']}, "
        f"{_versions(machine, machine)}, MXNet {machine['mxnet']} with "
        "oneDNN. The ratio is the median (lowest to highest) of those within "
        "a round, of processor time. Weights are random, the same on both "
        "sides, and the labels of a drawn street are compared. "
        f"{_load(results)}",
    ]
    return "\n".join(lines)


def format_tdnet_speed(results):
    """What `benchmark_tdnet.py` measured, as Markdown."""
    lines = table_head(
        "model | code | processor s per frame | s per frame | "
        "times as fast as the original | GMAC | of the limit | equal labels"
    )
    titles = {**FORMS, "original": "original, PyTorch"}
    for row in results["rows"]:
        faster = row["times_as_fast_as_the_original"]["median"]
        lines.append(
            f"| `{row['model']}` | {titles[row['form']]} | "
            f"{_times(row, 'frame')} | {faster:.2f} | "
            f"{row['multiply_adds_per_frame'] / 1e9:.1f} | "
            f"{row['share_of_limit']:.0%} | {row['equal_labels']:.4%} |"
        )
    machine = results["machine"]
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds of "
        f"{results['frames_per_round']} frames of {results['size']}, fp32, "
        f"{results['threads']} thread(s), on {machine['processor']}, "
        f"TensorFlow {machine['tensorflow']}, PyTorch {machine['torch']}. "
        "The ratio is the median of those within a round, of processor "
        f"time. {_limit(results)}; a share of it counts the products of the "
        "published convolutions, of which the fused form needs fewer. Before "
        f"the start the load average was {results['load_average_before']:.1f}.",
    ]
    return "\n".join(lines)


def format_classifier_speed(results):
    """What `benchmark_classifier.py` measured, as Markdown."""
    lines = table_head(
        "model | code | processor s per clip | s per clip | "
        "times as fast as the original | GMAC | of the limit"
    )
    titles = {**FORMS, "original": "original, PyTorch"}
    for row in results["rows"]:
        lines.append(
            f"| `{row['model']}` | {titles[row['form']]} | "
            f"{_times(row, 'clip')} | "
            f"{with_range(row['times_as_fast_as_the_original'])} | "
            f"{row['multiply_adds_per_clip'] / 1e9:.2f} | "
            f"{row['share_of_limit']:.0%} |"
        )
    machine = results["machine"]
    used = {row["form"] for row in results["rows"]}
    difference = max(row["largest_difference"] for row in results["rows"])
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds of "
        f"{results['clips_per_round']} clips of {results['clip']}, batch 1, "
        f"fp32, {results['threads']} thread(s), on {machine['processor']}, "
        f"{_versions(machine, used)}, PyTorch {machine['torch']}. The ratio "
        "is the median (lowest to highest) of those within a round, of "
        "processor time. Weights are random, the same on both sides; no "
        "logarithm of a probability differs by more than "
        f"{difference:.0e}. {_limit(results)}. {_load(results)}",
    ]
    return "\n".join(lines)


def _times(row, unit):
    """Two cells: processor seconds and seconds, per frame or clip."""
    clocks = "processor_seconds", "wall_seconds"
    cells = (median_and_lowest(row[f"{clock}_per_{unit}"]) for clock in clocks)
    return " | ".join(cells)


def _versions(machine, used):
    """TensorFlow's version, and those of the other runtimes in use."""
    names = {"tensorflow": "TensorFlow"}
    names |= {key: name for key, name in _RUNTIMES.items() if key in used}
    return ", ".join(f"{name} {machine[key]}" for key, name in names.items())


def _limit(results):
    return (
        "The limit is a product of large matrices, "
        f"{results['limit']['median']:.0f} GFLOP a processor second"
    )


def _load(results):
    return (
        "Load average before and after: "
        f"{results['load_average_before']:.1f}, "
        f"{results['load_average_after']:.1f}."
    )
