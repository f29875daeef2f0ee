"""What `benchmark_fleet` measured and simulated, as Markdown."""

import statistics

from accel_tf.recipes.common.table_cells import table_head


def format_fleet(results):
    """The cost of a cluster, and fleets of several sizes.

    Args:
        results: dict of `cost` and `simulation`, or one of them.
    """
    parts = []
    if "cost" in results:
        parts.append(_cost(results["cost"]))
    if "simulation" in results:
        parts.append(_simulation(results["simulation"]))
    return "\n\n".join(parts)


def _cost(cost):
    lines = table_head(
        "way | processor time a frame, ms | of the plain command | frames per "
        "second | first videos, s"
    )
    plain = statistics.median(cost["rows"][0]["processor_milliseconds"])
    for row in cost["rows"]:
        processor = statistics.median(row["processor_milliseconds"])
        wall = statistics.median(row["wall_milliseconds"])
        first = statistics.median(row["first_seconds"])
        lines.append(
            f"| {row['way']} | {processor:.1f} | {_ratio(processor, plain, 3)} "
            f"| {_ratio(1000, wall, 1)} | {first:.0f} |"
        )
    machine = cost["machine"]
    lines += [
        "",
        f"`{cost['model']}`, frames of {cost['size']}, parts of "
        f"{cost['part_frames']} frames, one thread for an operation, on "
        f"{machine['processor']}, {machine['cores']} cores; the middle of "
        f"{len(cost['rows'][0]['wall_milliseconds'])} rounds, start and first "
        "frames left out. A task costs the command "
        f"{cost['task_milliseconds']:.1f} ms.",
    ]
    return "\n".join(lines)


def _ratio(part, whole, digits):
    """A number, or `-` where few frames were lost in the noise."""
    return f"{part / whole:.{digits}f}" if whole > 0 < part else "-"


def _simulation(simulation):
    lines = table_head(
        "archive | workers | hours | workers' time used | store at its limit | "
        "command busy | for the last tenth | done again"
    )
    for row in simulation["rows"]:
        shares = [
            row[name]
            for name in (
                "efficiency",
                "store_busy",
                "command_busy",
                "last_tenth",
                "repeated",
            )
        ]
        cells = " | ".join(f"{share:.1%}" for share in shares)
        hours = row["seconds"] / 3600
        lines.append(
            f"| {row['archive']} | {row['workers']} | {hours:.2f} | {cells} |"
        )
    lines += [
        "",
        f"Simulated: {simulation['milliseconds']:g} ms a frame and worker, a "
        f"store of {simulation['store_gigabits']:g} Gbit/s, video of 4 Mbit/s, "
        "10 kB a label image, 1 Gbit/s and 30 s to start for a worker; the "
        "spread of the parts' times and what a task costs the command are "
        "those measured above.",
    ]
    return "\n".join(lines)
