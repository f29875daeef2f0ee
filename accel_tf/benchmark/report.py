"""Results of a benchmark as tables: plain text, or Markdown."""


def format_text(results):
    """Tables for a terminal.

    Args:
        results: from `measure`, or read from its JSON file.

    Returns:
        str, of several lines.
    """
    return _format(results, text_table)


def format_markdown(results):
    """The same in Markdown."""
    return _format(results, _markdown_table)


def _format(results, table):
    if "classifiers" not in results:
        return "\n\n".join(_segmenters(results, table))
    classifiers = results["classifiers"]
    blocks = [table(*_clips_table(classifiers)), _clip_conditions(classifiers)]
    if "rows" in results:
        blocks = _segmenters(results, table) + blocks
    return "\n\n".join(blocks)


def _segmenters(results, table):
    blocks = [table(*_systems_table(results)), _conditions(results)]
    for profile in results["profiles"]:
        blocks += [_title(profile), table(*_profile_table(profile))]
    if results["kernels"]:
        blocks.append(table(*_kernels_table(results["kernels"])))
    return blocks


# === Tables: a header, and rows of cells ===


def _systems_table(results):
    rows = results["rows"]
    clock = f"{results['conditions']['clock']}_milliseconds"
    columns = [
        *_names(rows),
        ("ms key", lambda row: _times(row["key"], clock)),
        ("ms non-key", lambda row: _times(row["non_key"], clock)),
        ("ms per frame", lambda row: _times(row["amortised"], clock)),
        *_ratios(rows),
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
        *_SIZES,
        ("s to start", lambda row: _start(row, "first_frames_seconds")),
    ]
    return _cells(columns, rows)


def _clips_table(results):
    rows = results["rows"]
    clock = f"{results['conditions']['clock']}_milliseconds"
    columns = [
        *_names(rows),
        ("ms per clip", lambda row: _times(row["clip"], clock)),
        *_ratios(rows),
        ("GMAC per clip", lambda row: _giga(row["multiply_adds"])),
        ("of the limit", lambda row: _share(row["share_of_limit"])),
        *_SIZES,
        ("s to start", lambda row: _start(row, "first_clip_seconds")),
    ]
    return _cells(columns, rows)


def _names(rows):
    """Columns that say which system it is."""
    batch = ("batch", lambda row: str(row["batch"]))
    return [
        ("model", lambda row: row["preset"]),
        ("form", lambda row: row["form"]),
        ("runtime", _runtime),
        *([batch] * _several(rows, "batch")),
    ]


def _ratios(rows):
    """Columns that compare it with the first, where there are several."""
    first, columns = rows[0], []

    def column(title, key):
        columns.append((title, lambda row: f"{row[key]['median']:.2f}"))

    if _several(rows, "preset"):
        column(f"of {first['preset']}", "of_first_model")
    if any(
        _several(rows, key) for key in ("form", "precision", "runtime", "batch")
    ):
        batch = f", batch {first['batch']}" * _several(rows, "batch")
        title = f"of {first['form']}, {_runtime(first)}{batch}"
        column(title, "of_first_variant")
    return columns


def _several(rows, key):
    return len({row[key] for row in rows}) > 1


def _cells(columns, rows):
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
    conditions = results["conditions"]
    return (
        f"{_clock(conditions)}, median (least) of {conditions['rounds']} "
        f"rounds of {conditions['frames_per_round']} frames of "
        f"{conditions['size']}, "
        f"{_batch(results['rows'])}uint8 frame to uint8 labels, "
        f"{_machine(results)} "
        "Per frame is the mean with a key frame every "
        f"{conditions['interval']} frames; ratios {_limits(results)}"
    )


def _clip_conditions(results):
    conditions = results["conditions"]
    return (
        f"{_clock(conditions)}, median (least) of {conditions['rounds']} "
        f"rounds of {conditions['clips_per_round']} clip(s) of "
        f"{conditions['clip']}, {_batch(results['rows'])}uint8 frames to "
        f"probabilities, {_machine(results)} Ratios {_limits(results)}"
    )


def _clock(conditions):
    if conditions["clock"] == "processor":
        return "Milliseconds of processor time of all threads"
    return "Milliseconds by the clock"


def _machine(results):
    conditions, machine = results["conditions"], results["machine"]
    versions = ", ".join(
        f"{name} {machine[name]}"
        for name in machine
        if name not in ("processor", "accelerator", "cores", "python")
    )
    return (
        f"{conditions['weights']} weights, {conditions['threads']} thread(s), "
        f"on {machine.get('accelerator', machine['processor'])}; {versions}."
    )


def _limits(results):
    conditions, limits = results["conditions"], results["limits"]
    gigaflops = limits["gigaflops"]
    if "median" in gigaflops:
        product = f"{gigaflops['median']:.0f} GFLOP"
    else:
        product = ", ".join(
            f"{limit['median'] / 1000:.1f} TFLOP in {dtype}"
            for dtype, limit in gigaflops.items()
        )
    is_busy = conditions["clock"] == "processor"
    second = "processor second" if is_busy else "second"
    load = conditions["load_average_before"]
    before = "" if load is None else f" Load average before: {load:.1f}."
    return (
        "are medians of those within a round. The limit is a product of large "
        f"matrices, {product} a {second}; two operations for each "
        "multiply-addition of the form that runs, more than are done where "
        "convolutions are computed by "
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


def _start(row, first):
    return format(row["load_seconds"] + row[first], ".1f")


_SIZES = [
    ("M parameters", lambda row: f"{row['parameters'] / 1e6:.1f}"),
    ("MB", _memory),
]


def text_table(header, rows):
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
