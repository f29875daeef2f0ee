"""Tables of key-frame policies and of cuts."""

import numpy as np

from accel_tf.recipes.common.table_cells import table_head


def format_keyframes(report):
    """What `compare_keyframes.py` measured, as Markdown."""
    lines = table_head(
        "video | system | key frames | share | mean IoU | worst frame | "
        "worst 5 % | temporal mean IoU | gained: mean IoU, worst 5 %"
    )
    rows = report["rows"]
    for row in rows:
        policy = f"{row['keyframes']}, {row['target_share']:.2f}"
        policy += ", cuts" if row["cuts"] else ""
        gained = "-"
        if row["keyframes"] == "adaptive" and not row["cuts"]:
            gained = _gained(row, rows)
        lines.append(
            f"| {row['data']} | {row['system']} | {policy} | "
            f"{row['key_frame_share']:.3f} | {row['mean_iou']:.1%} | "
            f"{row['worst_frame_mean_iou']:.1%} | "
            f"{row['low_frame_mean_iou']:.1%} | "
            f"{row['temporal_mean_iou']:.1%} | {gained} |"
        )
    return "\n".join(lines)


def _gained(row, rows):
    """Over a fixed interval of the same share, between those measured."""
    same = ("data", "system", "cuts")
    fixed = sorted(
        (
            each
            for each in rows
            if each["keyframes"] == "fixed"
            and all(each[name] == row[name] for name in same)
        ),
        key=lambda each: each["key_frame_share"],
    )
    share = row["key_frame_share"]
    shares = [each["key_frame_share"] for each in fixed]
    if len(fixed) < 2 or not shares[0] <= share <= shares[-1]:
        return "-"
    gains = (
        row[name] - np.interp(share, shares, [each[name] for each in fixed])
        for name in ("mean_iou", "low_frame_mean_iou")
    )
    return ", ".join(f"{100 * gain:+.1f}" for gain in gains)


def format_signals(report):
    """What `compare_keyframes.py --signals` measured, as Markdown."""
    rows = report["rows"]
    signals = list(dict.fromkeys(row["signal"] for row in rows))
    lines = table_head(" | ".join(["video", "system", *signals]))
    for data, system in dict.fromkeys((r["data"], r["system"]) for r in rows):
        values = {
            (row["signal"], row["summed"]): row["correlation"]
            for row in rows
            if (row["data"], row["system"]) == (data, system)
        }
        cells = [
            f"{values[signal, False]:+.2f}, {values[signal, True]:+.2f}"
            if (signal, True) in values
            else "-"
            for signal in signals
        ]
        lines.append(f"| {data} | {system} | {' | '.join(cells)} |")
    return "\n".join(lines)


def format_pulse(report):
    """What `compare_pulse.py` measured, as Markdown."""
    lines = table_head(
        "system | changes at key frames | after them | else | mean IoU | "
        "worst frame | temporal mean IoU | flicker | "
        "million multiply-adds: key | other"
    )
    names = ("key", "after_key", "other")
    for row in report["rows"]:
        cells = [f"{row[f'change_{name}']:.1%}" for name in names]
        cells += [
            f"{row[name]:.1%}"
            for name in (
                "mean_iou",
                "worst_frame_mean_iou",
                "temporal_mean_iou",
            )
        ]
        cells.append(f"{row['flicker']:.2%}")
        cells += [
            f"{row[f'{name}_multiply_adds'] / 1e6:.0f}"
            for name in ("key", "non_key")
        ]
        lines.append(f"| {row['system']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def format_cuts(report):
    """What `compare_cuts.py` measured, as Markdown."""
    lines = table_head(
        "what happens | videos | clips | cuts | found | missed | false"
    )
    for row in report["rows"]:
        cells = [row[name] for name in ("clips", "cuts", "found", "missed")]
        cells.append(row["false"])
        lines.append(
            f"| {row['kind']} | {row['videos']} | "
            f"{' | '.join(map(str, cells))} |"
        )
    return "\n".join(lines)
