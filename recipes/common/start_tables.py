"""What `benchmark_start` measured, as Markdown."""

import statistics

from accel_tf.recipes.common.table_cells import table_head

_SOURCES = {
    "weights": "weights",
    "again": "weights, again",
    "openvino": "OpenVINO export",
}


def format_start(results):
    """Seconds to the first frames, and memory.

    Args:
        results: dict of `rows`, and what they were measured on.
    """
    lines = table_head(
        "system | from | version | first frame, s | second, s | processor, s | "
        "peak, MB | later peak | resident | without code and files | of its "
        "weights"
    )
    for row in results["rows"]:
        middle = {
            name: statistics.median(each[name] for each in row["rounds"])
            for name in row["rounds"][0]
        }
        own = middle["resident_bytes"] - middle["file_bytes"]
        memory = (
            middle["peak_bytes"],
            middle["later_peak_bytes"],
            middle["resident_bytes"],
            own,
        )
        lines.append(
            f"| `{row['model']}` | {_SOURCES[row['way']]} | {row['when']} | "
            f"{middle['first_seconds']:.1f} | {middle['second_seconds']:.1f} | "
            f"{middle['second_processor_seconds']:.1f} | "
            f"{' | '.join(f'{x / 1e6:.0f}' for x in memory)} | "
            f"{own / row['weights_bytes']:.1f} |"
        )
    machine = results["machine"]
    return "\n".join(
        [
            *lines,
            "",
            f"`accel-tf segment` with frames of {results['size']}, on "
            f"{machine['processor']}, {machine['cores']} cores, TensorFlow "
            f"{machine['tensorflow']}; the middle of "
            f"{len(results['rows'][0]['rounds'])} runs in turns. Seconds are "
            "by the clock from the start of the command, but those of the "
            "processor, which are of both frames.",
        ]
    )
