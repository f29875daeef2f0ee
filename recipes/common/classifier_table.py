"""Recorded times of clip classifiers as a Markdown table."""

TITLES = {
    "plain": "accel-tf",
    "fused": "accel-tf, `fuse_for_inference`",
    "openvino": "accel-tf, OpenVINO",
    "onnxruntime": "accel-tf, ONNX Runtime",
    "litert": "accel-tf, LiteRT",
    "original": "original, PyTorch",
}


def format_classifier_speed(results):
    """What `benchmark_classifier.py` measured, as Markdown."""
    lines = [
        "| model | code | processor s per clip | s per clip | "
        "times as fast as the original | GMAC | of the limit |",
        "|---" * 7 + "|",
    ]
    for row in results["rows"]:
        faster = row["times_as_fast_as_the_original"]
        times = [
            "{median:.2f} ({lowest:.2f})".format(**row[f"{clock}_per_clip"])
            for clock in ("processor_seconds", "wall_seconds")
        ]
        lines.append(
            f"| `{row['model']}` | {TITLES[row['form']]} | {times[0]} | "
            f"{times[1]} | {faster['median']:.2f} "
            f"({faster['lowest']:.2f} to {faster['highest']:.2f}) | "
            f"{row['multiply_adds_per_clip'] / 1e9:.2f} | "
            f"{row['share_of_limit']:.0%} |"
        )
    machine = results["machine"]
    packages = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
    used = {row["form"] for row in results["rows"]}
    versions = f"TensorFlow {machine['tensorflow']}"
    for package, title in packages.items():
        if package in used:
            versions += f", {title} {machine[package]}"
    difference = max(row["largest_difference"] for row in results["rows"])
    lines += [
        "",
        f"Median (least) of {results['rounds']} rounds of "
        f"{results['clips_per_round']} clips of {results['clip']}, batch 1, "
        f"fp32, {results['threads']} thread(s), on {machine['processor']}, "
        f"{versions}, PyTorch {machine['torch']}. The ratio is the median "
        "(lowest to highest) of those within a round, of processor time. "
        "Weights are random, the same on both sides; no logarithm of a "
        f"probability differs by more than {difference:.0e}. The limit is a "
        f"product of large matrices, {results['limit']['median']:.0f} GFLOP "
        "a processor second. Load average before and after: "
        f"{results['load_average_before']:.1f}, "
        f"{results['load_average_after']:.1f}.",
    ]
    return "\n".join(lines)
