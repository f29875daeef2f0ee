"""Recorded times as Markdown tables."""

ACCEL_TITLES = {
    "plain": "accel-tf",
    "fused": "accel-tf, `fuse_for_inference`",
    "openvino": "accel-tf, OpenVINO",
    "openvino:int8": "accel-tf, OpenVINO int8",
    "onnxruntime": "accel-tf, ONNX Runtime",
    "original": "original, MXNet",
}


def format_pipeline(results):
    """What `benchmark_pipeline.py` measured, as Markdown."""
    machine = results["machine"]
    lines = [
        "| frames | in a sequence | crop | transforms | frames/s per core | "
        "decoding alone |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["throughput"]:
        rate = row["frames_per_second_per_core"]["median"]
        alone = 1 / row["decoding_seconds_per_frame"]["median"]
        lines.append(
            f"| {row['frame']}, {row['megabytes_per_frame']:.1f} MB | "
            f"{row['frames_per_sequence']} | {row['crop']} | "
            f"{row['transforms']} | {rate:.0f} | {alone:.0f} |"
        )
    lines += [
        "",
        f"| frames | crop | {results['model']} learns | s per step | "
        "waits for data |",
        "|---|---|---|---|---|",
    ]
    for row in results["waiting"]:
        lines.append(
            f"| {row['frame']} | {row['crop']} | {row['trained']} | "
            f"{row['seconds_per_step']['median']:.2f} | "
            f"{row['share_of_waiting']:.0%} |"
        )
    lines += [
        "",
        f"Clips of {results['length']} frames on {machine['processor']}, "
        f"{machine['cores']} cores, TensorFlow {machine['tensorflow']}. "
        f"{results['conditions']}",
    ]
    return "\n".join(lines)


def format_accel_speed(results):
    """What `benchmark_accel.py` measured, as Markdown."""
    lines = [
        "| system | code | frame | processor s per frame | s per frame | "
        "times as fast as the original | equal labels |",
        "|---" * 7 + "|",
    ]
    for row in results["rows"]:
        faster = row["times_as_fast_as_the_original"]
        times = [
            "{median:.2f} ({lowest:.2f})".format(**row[f"{clock}_per_frame"])
            for clock in ("processor_seconds", "wall_seconds")
        ]
        kind = {
            "all": f"mean at interval {results['interval']}",
        }.get(row["frame"], row["frame"])
        lines.append(
            f"| `{row['system']}` | {ACCEL_TITLES[row['code']]} | {kind} | "
            f"{times[0]} | {times[1]} | {faster['median']:.2f} "
            f"({faster['lowest']:.2f} to {faster['highest']:.2f}) | "
            f"{row['equal_labels']:.3%} |"
        )
    machine = results["machine"]
    packages = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
    versions = f"TensorFlow {machine['tensorflow']}"
    for package, title in packages.items():
        if package in machine:
            versions += f", {title} {machine[package]}"
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds of a clip of "
        f"{results['interval']} frames of {results['size']}, batch 1, "
        f"{results['threads']} thread(s), on {machine['processor']}, "
        f"{versions}, MXNet {machine['mxnet']} with oneDNN. The ratio is the "
        "median (lowest to highest) of those within a round, of processor "
        "time. Weights are random, the same on both sides, and the labels of "
        "a drawn street are compared. Load average before and after: "
        f"{results['load_average_before']:.1f}, "
        f"{results['load_average_after']:.1f}.",
    ]
    return "\n".join(lines)


def format_tdnet_speed(results):
    """What `benchmark_tdnet.py` measured, as Markdown."""
    lines = [
        "| model | code | processor s per frame | s per frame | "
        "times as fast as the original | GMAC | of the limit | equal labels |",
        "|---" * 8 + "|",
    ]
    for row in results["rows"]:
        code = {
            "plain": "accel-tf",
            "fused": "accel-tf, `fuse_for_inference`",
            "original": "original, PyTorch",
        }[row["form"]]
        faster = row["times_as_fast_as_the_original"]["median"]
        lines.append(
            f"| `{row['model']}` | {code} | "
            f"{_median_and_lowest(row['processor_seconds_per_frame'])} | "
            f"{_median_and_lowest(row['wall_seconds_per_frame'])} | "
            f"{faster:.2f} | {row['multiply_adds_per_frame'] / 1e9:.1f} | "
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
        "time. The limit is a product of large matrices, "
        f"{results['limit']['median']:.0f} GFLOP a processor second; a share "
        "of it counts the products of the published convolutions, of which "
        "the fused form needs fewer. Before the start the load average was "
        f"{results['load_average_before']:.1f}.",
    ]
    return "\n".join(lines)


def format_serving(results):
    """What `benchmark_serving.py` measured, as Markdown."""
    processor = {
        name: times["processor"]
        for name, times in results["milliseconds"].items()
    }
    interval = results["interval"]

    def mean_frame(way):
        key = processor[f"{way}, key frame"]["median"]
        others = processor[f"{way}, other frames"]["median"]
        return (key + (interval - 1) * others) / interval

    model = mean_frame("model")
    lines = ["| for each frame | ms | of the model's |", "|---|---|---|"]
    sums = {"client": 0.0, "server": 0.0}
    for name in results["parts"]:
        times = processor[name]
        share = times["median"] / model
        lines.append(f"| {name} | {_median_and_lowest(times)} | {share:.2%} |")
        side = "client" if name.startswith("client") else "server"
        sums[side] += times["median"]
    lines += [
        f"| **together, {side}** | {total:.1f} | {total / model:.2%} |"
        for side, total in sums.items()
    ]
    ways = {
        "model": f"`{results['model']}` by itself",
        "end to end": "client, server and model",
    }
    for way, title in ways.items():
        for kind in ("key frame", "other frames"):
            times = processor[f"{way}, {kind}"]
            lines.append(f"| {title}, {kind} | {_median_and_lowest(times)} | |")
        mean = mean_frame(way)
        lines.append(
            f"| {title}, mean at interval {interval} | {mean:.1f} | "
            f"{mean / model:.2%} |"
        )
    machine = results["machine"]
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds, frames of "
        f"{results['size']} ({results['frames']}), {results['weights']} "
        "weights: a JPEG file of "
        f"{results['jpeg_bytes'] / 1000:.0f} kB there, a label map of "
        f"{results['label_png_bytes'] / 1000:.1f} kB back, on "
        f"{machine['processor']}, TensorFlow {machine['tensorflow']}. "
        f"{results['conditions']}",
    ]
    return "\n".join(lines)


def format_segment(results):
    """What `benchmark_segment.py` measured, as Markdown."""
    lines = ["| stage | wall ms | processor ms |", "|---|---|---|"]
    for name, times in sorted(results["milliseconds"].items()):
        cells = (
            f"{times[kind]['median']:.1f} ({times[kind]['lowest']:.1f})"
            for kind in ("wall", "processor")
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    overlaps = "; ".join(
        f"with frames of {size} for the model "
        f"{shares['of_the_slowest_stage']:.2f} times its slowest stage and "
        f"{shares['of_all_stages_in_turn']:.2f} of all stages in turn"
        for size, shares in results["overlap"].items()
    )
    machine = results["machine"]
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds of "
        f"{results['frames']} frames of {results['size']}, "
        f"`{results['model']}` with random weights at interval "
        f"{results['interval']}, on {machine['processor']}, TensorFlow "
        f"{machine['tensorflow']}. By the clock the whole path takes, "
        f"{overlaps}. {results['conditions']}",
    ]
    return "\n".join(lines)


def format_clip_stream(results):
    """What `benchmark_clip_stream.py` measured, as Markdown."""
    parts = []
    if "speed" in results:
        parts.append(_clip_stream_speed(results["speed"]))
    if "agreement" in results:
        parts.append(_clip_stream_agreement(results["agreement"]))
    return "\n\n".join(parts)


def _clip_stream_speed(results):
    times = {
        (row["model"], row["way"]): row["milliseconds"]["processor"]
        for row in results["rows"]
    }
    lines = [
        "| | processor ms, median (least) | of a clip |",
        "|---|---|---|",
    ]
    for (model, way), own in times.items():
        of_clip = own["median"] / times[model, "clip"]["median"]
        title = "a whole clip" if way == "clip" else f"a new frame, `{way}`"
        lines.append(
            f"| `{model}`, {title} | {own['median']:.0f} "
            f"({own['lowest']:.0f}) | {of_clip:.0%} |"
        )
    machine = results["machine"]
    lines += [
        "",
        f"{results['rounds']} rounds in turns, {results['size']}, fused, one "
        f"thread, on {machine['processor']}, TensorFlow "
        f"{machine['tensorflow']}; before the start the load average was "
        f"{results['load_average_before']}.",
    ]
    return "\n".join(lines)


def _clip_stream_agreement(results):
    lines = [
        "| | same class as the whole clip | its probability differs by | "
        "right |",
        "|---|---|---|---|",
    ]
    for title, part in results.items():
        lines += [
            f"| {title}, `{row['mode']}` | {row['same_class']:.1%} | "
            f"{row['difference']:.3f} | {row['right']:.1%} |"
            for row in part["rows"]
        ]
    counts = "; ".join(
        f"{title}: {part['windows']} windows, the class of "
        f"{part['labelled']} is known"
        for title, part in results.items()
    )
    return "\n".join([*lines, "", f"{counts}."])


def _median_and_lowest(times):
    return f"{times['median']:.2f} ({times['lowest']:.2f})"
