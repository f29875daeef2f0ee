"""What `benchmark_int8` measured, as Markdown."""

import statistics

from accel_tf.recipes.common.table_cells import table_head


def format_int8(results):
    """Time and labels of each system in int8, beside float32.

    Args:
        results: of `benchmark_int8`.
    """
    lines = table_head(
        "model | runtime | precision | labels as in float32 | on others | "
        "GMAC in float32 | ms key | ms non-key | ms per frame | of float32's | "
        "s to make"
    )
    exact = {}
    for row in results["rows"]:
        if row["way"] == "float32":
            exact = row
        lines.append(_line(row, exact, results["interval"]))
    machine = results["machine"]
    lines += [
        "",
        f"Milliseconds of processor time, medians of {results['rounds']} "
        f"rounds, frames of {results['size']}, a key frame every "
        f"{results['interval']}, {results['threads']} thread(s), on "
        f"{machine['processor']}; ratios are medians of those within a round. "
        f"Load average before: {results['load_average_before']}.",
    ]
    return "\n".join(lines)


def _line(row, exact, interval):
    way = row["way"]
    if isinstance(way, float):
        way = f"int8, {way:.1%} asked for"
    head = f"| `{row['model']}` | {row['runtime']} | {way} |"
    if "error" in row:
        return f"{head} out of reach |" + " - |" * 7
    report = row.get("report")
    cells = ["-", "-", "-"]
    if report:
        cells = [
            f"{report['agreement']:.2%}",
            f"{row['agreement_on_others']:.2%}",
            f"{report['kept_share']:.1%}",
        ]
    times = [
        (key, other, _amortised(key, other, interval))
        for key, other in row["rounds"]
    ]
    cells += [f"{statistics.median(x):.1f}" for x in zip(*times, strict=True)]
    ratio = statistics.median(
        own[2] / _amortised(*other, interval)
        for own, other in zip(times, exact["rounds"], strict=True)
    )
    cells += [f"{ratio:.2f}", f"{row['wall_seconds']:.0f}"]
    return f"{head} {' | '.join(cells)} |"


def _amortised(key, other, interval):
    return (key + (interval - 1) * other) / interval
