"""What `benchmark_steady` measured, as Markdown."""

import statistics

from accel_tf.recipes.common.table_cells import table_head


def format_steady(results):
    """The time of every frame, and the accuracy at each delay.

    Args:
        results: dict of `speed` and `accuracy`, or one of them.
    """
    parts = []
    if "speed" in results:
        parts.append(_speed(results["speed"]))
    if "accuracy" in results:
        parts.append(_accuracy(results["accuracy"]))
    return "\n\n".join(parts)


def _speed(results):
    lines = table_head(
        "system | stream | median frame, ms | mean | longest of 20 | longest | "
        "longest, of the median"
    )
    for row in results["rows"]:
        rounds = [each["milliseconds"] for each in row["rounds"]]
        cells = [
            _middle(rounds, function)
            for function in (
                statistics.median,
                statistics.mean,
                lambda times: sorted(times)[-1 - len(times) // 20],
                max,
            )
        ]
        ratio = _middle(rounds, lambda x: max(x) / statistics.median(x))
        lines.append(
            f"| `{row['model']}` | {row['way']} | "
            f"{' | '.join(f'{cell:.0f}' for cell in cells)} | {ratio:.2f} |"
        )
    machine = results["machine"]
    threads = results["threads"] or "all"
    lines += [
        "",
        f"Frames of {results['size']}, a key frame every "
        f"{results['interval']}, on {machine['processor']}, "
        f"{machine['cores']} cores (threads for an operation: {threads}); the "
        f"middle of {len(results['rows'][0]['rounds'])} runs, after the first "
        "two intervals.",
    ]
    return "\n".join(lines)


def _middle(rounds, function):
    return statistics.median(map(function, rounds))


def _accuracy(results):
    lines = table_head(
        "system | interval | key frames used after | mean IoU | lowest frame | "
        "age of what labels rest on"
    )
    for row in results["rows"]:
        delay = row["interval"] if row["steady"] is True else row["steady"]
        ages = sorted(map(int, row["mean_iou_by_distance"]))
        lines.append(
            f"| {row['system']} | {row['interval']} | "
            f"{f'{delay} frames' if delay else 'at once'} | "
            f"{row['mean_iou']:.1%} | {row['worst_frame_mean_iou']:.1%} | "
            f"{ages[0]} to {ages[-1]} |"
        )
    return "\n".join([*lines, "", f"On {results['data']}, `val`, as a stream."])
