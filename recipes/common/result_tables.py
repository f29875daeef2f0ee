"""Recorded results as Markdown tables."""

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


def format_camvid(report):
    """What `compare_on_camvid.py` measured, as Markdown."""
    splits = list(dict.fromkeys(row["trained_on"] for row in report["rows"]))
    by_key = {}
    for row in report["rows"]:
        key = row["system"], row["interval"]
        by_key.setdefault(key, {})[row["trained_on"]] = row
    lines = [
        "| system | interval | "
        + " | ".join(f"mean IoU, `{split}`" for split in splits)
        + " | temporal mean IoU | ms per frame | GMAC per frame |",
        "|---" * (5 + len(splits)) + "|",
    ]
    for (system, interval), rows in by_key.items():
        first = rows[splits[0]]
        scores = [f"{rows[split]['mean_iou']:.1%}" for split in splits]
        lines.append(
            f"| {system} | {interval} | {' | '.join(scores)} | "
            f"{first['temporal_mean_iou']:.1%} | "
            f"{first['milliseconds_per_frame']:.1f} | "
            f"{first['multiply_adds_per_frame'] / 1e9:.2f} |"
        )
    machine = report["machine"]
    lines += [
        "",
        f"Training time in minutes on {machine['cores']} cores "
        f"({machine['processor']}), which had other work too:",
        "",
        "| trained on | part | steps | batch | minutes |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {part['split']} | {part['stage']} | {part['steps']} | "
        f"{part['batch_size']} | {part['seconds'] / 60:.0f} |"
        for part in report["trainings"]
    ]
    return "\n".join(lines)


def format_tdnet(report):
    """What `compare_tdnet.py` measured, as Markdown."""
    lines = [
        "| data | system | interval | mean IoU | temporal mean IoU | "
        "ms per frame | MMAC per frame |",
        "|---" * 7 + "|",
    ]
    for row in report["rows"]:
        data = "drawn streets" if "streets" in row["data"] else "CamVid"
        lines.append(
            f"| {data} | {row['system']} | {row['interval']} | "
            f"{row['mean_iou']:.1%} | {row['temporal_mean_iou']:.1%} | "
            f"{row['milliseconds_per_frame']:.1f} | "
            f"{row['multiply_adds_per_frame'] / 1e6:.0f} |"
        )
    parts = ", ".join(
        f"{part['stage']} {part['steps']} x {part['batch_size']} "
        f"({part['seconds'] / 60:.0f} min)"
        for part in report["trainings"]
        if "camvid" in part["data"]
    )
    lines += ["", f"Updates x batch on CamVid: {parts}."]
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


def _median_and_lowest(times):
    return f"{times['median']:.2f} ({times['lowest']:.2f})"


def format_propagation(report):
    """What `compare_propagation.py` measured, as Markdown."""
    lines = [
        "| system | interval | mean IoU | pixels | temporal mean IoU | "
        "flicker | ms key | ms non-key | ms per frame |",
        "|---" * 9 + "|",
    ]
    for row in report["rows"]:
        key, non_key = (
            row[f"{kind}_processor_milliseconds"] for kind in ("key", "non_key")
        )
        interval = row["interval"]
        mean = (key + (interval - 1) * non_key) / interval
        times = [key, non_key if interval > 1 else None, mean]
        if row["system"].startswith("labels"):
            # That the labels were there already tells nothing.
            times[0] = times[2] = None
        cells = ["-" if x is None else f"{x:.1f}" for x in times]
        lines.append(
            f"| {row['system']} | {interval} | {row['mean_iou']:.1%} | "
            f"{row['pixel_accuracy']:.1%} | {row['temporal_mean_iou']:.1%} | "
            f"{row['flicker']:.2%} | {' | '.join(cells)} |"
        )
    machine = report["machine"]
    lines += [
        "",
        "Processor milliseconds of all threads, medians, frames of "
        f"{report['rows'][0]['height']}x{report['rows'][0]['width']}, on "
        f"{machine['processor']}, TensorFlow {machine['tensorflow']}.",
    ]
    return "\n".join(lines)


def format_ams(results):
    """What `distill_ams.py` measured, as Markdown."""
    lines = [
        "| drive | way of learning | mean IoU | in windows of 10 s | pixels | "
        "kbit/s up | kbit/s down | original's coding | updates |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        original = row.get("kbps_down_original")
        lines.append(
            f"| {row['drive']} | {row['way']} | {row['mean_iou']:.1%} | "
            f"{row['windowed_mean_iou']:.1%} | {row['pixel_accuracy']:.1%} | "
            f"{row['kbps_up']:.0f} | {row['kbps_down']:.0f} | "
            f"{'' if original is None else f'{original:.0f}'} | "
            f"{row.get('updates', 0)} |"
        )
    settings, slow = results["settings"], results["slowness"]
    height, played = settings["height"], []
    for drive in dict.fromkeys(row["drive"] for row in results["rows"]):
        rows = [row for row in results["rows"] if row["drive"] == drive]
        slowness = slow.get(drive)
        played.append(
            f"{drive}: {rows[0]['seconds']:.0f} s"
            + (f", played {slowness:g} times slower" if slowness else "")
            + f", {len(rows[0]['classes'])} classes"
        )
    seconds = results["phase_seconds"]
    lines += [
        "",
        f"{results['model']} at {height}x{2 * height}; an update every "
        f"{settings['update_period']:g} s of "
        f"{settings['iterations']} iterations with {settings['batch_size']} "
        f"frames of the last {settings['horizon']:g} s; "
        + (
            f"{seconds:g} s pass on the video's clock while it trains, "
            if seconds
            else "as long as training takes here passes on the video's clock, "
        )
        + f"{results['kbps']:g} kbit/s in each direction. Scored from "
        f"{results['once_after']:g} s on. {'; '.join(played)}.",
    ]
    return "\n".join(lines)
