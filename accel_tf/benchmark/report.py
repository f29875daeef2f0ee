"""Results of a benchmark as tables: plain text, or Markdown."""


def format_text(results):
    """Tables for a terminal.

    Args:
        results: from `measure`, or read from its JSON file.

    Returns:
        str, of several lines.
    """
    return _format(results, _text_table)


def format_markdown(results):
    """The same in Markdown."""
    return _format(results, _markdown_table)


def _format(results, table):
    blocks = [table(*_systems_table(results)), _conditions(results)]
    for profile in results["profiles"]:
        blocks += [_title(profile), table(*_profile_table(profile))]
    if results["kernels"]:
        blocks.append(table(*_kernels_table(results["kernels"])))
    return "\n\n".join(blocks)


# === Tables: a header, and rows of cells ===


def _systems_table(results):
    conditions, rows = results["conditions"], results["rows"]
    clock = f"{conditions['clock']}_milliseconds"
    first = rows[0]
    several = {
        key: len({row[key] for row in rows}) > 1
        for key in ("preset", "form", "precision", "runtime", "batch")
    }
    variants = any(several[key] for key in several if key != "preset")
    columns = [
        ("model", lambda row: row["preset"]),
        ("form", lambda row: row["form"]),
        ("runtime", _runtime),
        *([("batch", lambda row: str(row["batch"]))] * several["batch"]),
        ("ms key", lambda row: _times(row["key"], clock)),
        ("ms non-key", lambda row: _times(row["non_key"], clock)),
        ("ms per frame", lambda row: _times(row["amortised"], clock)),
    ]
    if several["preset"]:
        columns.append(
            (
                f"of {first['preset']}",
                lambda row: f"{row['of_first_model']['median']:.2f}",
            )
        )
    if variants:
        columns.append(
            (
                f"of {first['form']}, {_runtime(first)}"
                + f", batch {first['batch']}" * several["batch"],
                lambda row: f"{row['of_first_variant']['median']:.2f}",
            )
        )
    columns += [
        ("GMAC key", lambda row: _giga(row["key_multiply_adds"])),
        (
            "GMAC non-key",
            lambda row: (
                "-"
                if row["non_key"] is None
                else _giga(row["non_key_multiply_adds"])
            ),
        ),
        ("GMAC per frame", lambda row: _giga(row["multiply_adds_per_frame"])),
        ("of the limit, key", lambda row: _share(row["key_share_of_limit"])),
        ("non-key", lambda row: _share(row["non_key_share_of_limit"])),
        ("M parameters", lambda row: f"{row['parameters'] / 1e6:.1f}"),
        ("MB", _memory),
        (
            "s to start",
            lambda row: format(
                row["load_seconds"] + row["first_frames_seconds"], ".1f"
            ),
        ),
    ]
    return [title for title, _ in columns], [
        [cell(row) for _, cell in columns] for row in rows
    ]


def _profile_table(profile):
    header = ["part", "ms", "share", "GMAC", "MB", "limit, ms", "limited by"]
    rows = [
        [
            part["part"],
            _spread(part["milliseconds"]),
            f"{part['share']:.1%}",
            _giga(part["multiply_adds"]),
            f"{part['bytes'] / 1e6:.1f}",
            f"{part['limit_milliseconds']:.1f}",
            part["limited_by"],
        ]
        for part in profile["parts"]
    ]
    parts = profile["parts"]
    together = [
        "together",
        _spread(profile["sum_milliseconds"]),
        "",
        _giga(sum(part["multiply_adds"] for part in parts)),
        "",
        f"{sum(part['limit_milliseconds'] for part in parts):.1f}",
        "",
    ]
    whole = ["as one program", _spread(profile["whole_milliseconds"])]
    return header, [*rows, together, whole + [""] * (len(header) - 2)]


def _kernels_table(kernels):
    others = list(
        dict.fromkeys(other for row in kernels for other in row["times"])
    )
    header = ["kernel", "processor ms"]
    header += [f"times as long as {other}" for other in others]
    rows = []
    for row in kernels:
        ratios = [row["times"].get(other) for other in others]
        rows.append(
            [
                row["kernel"],
                _spread(row["processor_milliseconds"]),
                *("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
            ]
        )
    return header, rows


# === Text ===


def _conditions(results):
    conditions, limits = results["conditions"], results["limits"]
    gigaflops = limits["gigaflops"]
    if "median" in gigaflops:
        product = f"{gigaflops['median']:.0f} GFLOP"
    else:
        product = ", ".join(
            f"{limit['median'] / 1000:.1f} TFLOP in {dtype}"
            for dtype, limit in gigaflops.items()
        )
    machine = results["machine"]
    second = "second"
    clock = "Milliseconds by the clock"
    if conditions["clock"] == "processor":
        second = "processor second"
        clock = "Milliseconds of processor time of all threads"
    versions = ", ".join(
        f"{name} {machine[name]}"
        for name in machine
        if name not in ("processor", "accelerator", "cores", "python")
    )
    load = conditions["load_average_before"]
    before = "" if load is None else f" Load average before: {load:.1f}."
    return (
        f"{clock}, median (least) of {conditions['rounds']} rounds of "
        f"{conditions['frames_per_round']} frames of {conditions['size']}, "
        f"{_batch(results['rows'])}uint8 frame to uint8 labels, "
        f"{conditions['weights']} weights, {conditions['threads']} thread(s), "
        f"on {machine.get('accelerator', machine['processor'])}; {versions}. "
        "Per frame is the mean with a key frame every "
        f"{conditions['interval']} frames; ratios are medians of those within "
        f"a round. The limit is a product of large matrices, {product} a "
        f"{second}; two operations for each multiply-addition of the form "
        "that runs, more than are done where convolutions are computed by "
        "Winograd's method. A copy in memory reads and writes "
        f"{limits['gigabytes']['median']:.1f} GB a {second}.{before}"
    )


def _batch(rows):
    batches = {row["batch"] for row in rows}
    return f"batch {batches.pop()}, " if len(batches) == 1 else ""


def _title(profile):
    return (
        f"A non-key frame of {profile['preset']}, {profile['form']}, "
        f"{_runtime(profile)}:"
    )


def _runtime(row):
    if row["precision"] == "float32":
        return row["runtime"]
    return f"{row['runtime']} {row['precision']}"


def _times(clocks, clock):
    return "-" if clocks is None else _spread(clocks[clock])


def _spread(times):
    digits = 1 if times["median"] >= 10 else 2
    return f"{times['median']:.{digits}f} ({times['lowest']:.{digits}f})"


def _giga(multiply_adds):
    return f"{multiply_adds / 1e9:.3g}"


def _share(share):
    return "-" if share is None else f"{share:.0%}"


def _memory(row):
    for name in ("peak_device_memory_bytes", "peak_memory_bytes"):
        if row[name] is not None:
            return f"{row[name] / 1e6:.0f}"
    return "-"


def _text_table(header, rows):
    widths = [
        max(map(len, column)) for column in zip(header, *rows, strict=True)
    ]
    rule = ["-" * width for width in widths]
    return "\n".join(
        "  ".join(map(str.ljust, cells, widths)).rstrip()
        for cells in (header, rule, *rows)
    )


def _markdown_table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
