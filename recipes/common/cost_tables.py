"""What requests cost a server, as a table."""


def format_costs(results):
    """A table in Markdown.

    Args:
        results: dict as `measure` of `benchmark_costs` gives it; `before`,
            if there is such, holds other costs of these requests or of some.
    """
    columns = "memory | seconds | answer | others waited"
    ways = ["before", "costs"] if "before" in results else ["costs"]
    lines = [
        "| request | bytes | "
        + " | ".join(
            " | ".join(
                f"{each} before" if way == "before" else each
                for each in columns.split(" | ")
            )
            for way in ways
        )
        + " | a stream waited |",
        "|---|" + "---|" * (2 + 4 * len(ways)),
    ]
    for label, costs in results["costs"].items():
        for name, cost in costs.items():
            cells = [f"{label}: {name}", _size(cost["bytes"])]
            waited = f"{cost['a_stream_waited']:.2f}"
            for way in ways:
                cost = results[way].get(label, {}).get(name)
                cells += _cells(cost) if cost else ["-"] * 4
            lines.append(f"| {' | '.join([*cells, waited])} |")
    return "\n".join(lines)


def _cells(cost):
    peak, status = cost["peak_bytes"], cost["status"]
    if status is None:
        answer, more = f"none in {cost['seconds']:.0f} s", "> "
    else:
        answer, more = f"{status}, {_size(cost['answer_bytes'])}", ""
    return [
        "server ended" if peak is None else f"{more}{_size(peak)}",
        f"{more}{cost['processor_seconds']:.2f}",
        answer,
        f"{cost['others_waited']:.2f}",
    ]


def _size(count):
    if count < 10**6:
        return f"{count / 1000:.1f} kB"
    return f"{count / 10**6:.1f} MB"
