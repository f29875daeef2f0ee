"""Recorded accuracies as Markdown tables."""

from accel_tf.recipes.common.table_cells import table_head


def format_camvid(report):
    """What `compare_on_camvid.py` measured, as Markdown."""
    splits = list(dict.fromkeys(row["trained_on"] for row in report["rows"]))
    by_key = {}
    for row in report["rows"]:
        key = row["system"], row["interval"]
        by_key.setdefault(key, {})[row["trained_on"]] = row
    lines = table_head(
        "system | interval | "
        + " | ".join(f"mean IoU, `{split}`" for split in splits)
        + " | temporal mean IoU | ms per frame | GMAC per frame"
    )
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
        *table_head("trained on | part | steps | batch | minutes"),
    ]
    lines += [
        f"| {part['split']} | {part['stage']} | {part['steps']} | "
        f"{part['batch_size']} | {part['seconds'] / 60:.0f} |"
        for part in report["trainings"]
    ]
    return "\n".join(lines)


def format_tdnet(report):
    """What `compare_tdnet.py` measured, as Markdown."""
    lines = table_head(
        "data | system | interval | mean IoU | temporal mean IoU | "
        "ms per frame | MMAC per frame"
    )
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


def format_propagation(report):
    """What `compare_propagation.py` measured, as Markdown."""
    lines = table_head(
        "system | interval | mean IoU | pixels | temporal mean IoU | "
        "flicker | ms key | ms non-key | ms per frame"
    )
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


def format_trust(report):
    """What `compare_propagation.py --trust` measured, as Markdown."""
    rows = {(row["system"], row["interval"]): row for row in report["rows"]}
    kinds = [name.split(", ")[2] for name, _ in rows if "smoothed" in name]
    lines = [
        "| trust | ROC area at 5, 10 | smoothed: mean IoU, pixels, flicker | "
        "update at 5: mean IoU, pixels | at 10 | ms |",
        "|---" * 6 + "|",
    ]
    for kind in kinds:
        carried = [rows[f"labels, carried, {kind}", far] for far in (5, 10)]
        smooth = rows[f"labels, smoothed, {kind}", 1]
        updated = [rows[f"labels, update, {kind}", far] for far in (5, 10)]
        areas = ", ".join(f"{row['trust_roc_area']:.3f}" for row in carried)
        cells = [
            f"{row['mean_iou']:.1%}, {row['pixel_accuracy']:.1%}"
            for row in (smooth, *updated)
        ]
        cells[0] += f", {smooth['flicker']:.2%}"
        time = carried[0]["non_key_processor_milliseconds"]
        lines.append(f"| {kind} | {areas} | {' | '.join(cells)} | {time:.0f} |")
    return "\n".join(lines)


def format_ams(results):
    """What `distill_ams.py` measured, as Markdown."""
    lines = table_head(
        "drive | way of learning | mean IoU | in windows of 10 s | pixels | "
        "kbit/s up | kbit/s down | original's coding | updates"
    )
    for row in results["rows"]:
        original = row.get("kbps_down_original")
        way = row["way"] + (", live teacher" if row.get("teacher") else "")
        lines.append(
            f"| {row['drive']} | {way} | {row['mean_iou']:.1%} | "
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
