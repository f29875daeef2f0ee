"""Recorded times as Markdown tables."""

from accel_tf.recipes.common.table_cells import median_and_lowest, table_head


def format_pipeline(results):
    """What `benchmark_pipeline.py` measured, as Markdown."""
    machine = results["machine"]
    lines = table_head(
        "frames | in a sequence | crop | transforms | frames/s per core | "
        "decoding alone"
    )
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
        *table_head(
            f"frames | crop | {results['model']} learns | s per step | "
            "waits for data"
        ),
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
    lines = table_head("for each frame | ms | of the model's")
    sums = {"client": 0.0, "server": 0.0}
    for name in results["parts"]:
        times = processor[name]
        share = times["median"] / model
        lines.append(f"| {name} | {median_and_lowest(times)} | {share:.2%} |")
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
            lines.append(f"| {title}, {kind} | {median_and_lowest(times)} | |")
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
    lines = table_head("stage | wall ms | processor ms")
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
    lines = table_head("| processor ms, median (least) | of a clip")
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
    lines = table_head(
        "| same class as the whole clip | its probability differs by | right"
    )
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
