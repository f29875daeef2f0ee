"""`browse`: what there is to see of a data set, in a folder."""

import json
import pathlib

import numpy as np
import tqdm

from accel_tf import optional
from accel_tf.browse.checks import Fault, SplitCheck
from accel_tf.browse.clips import built_source
from accel_tf.browse.folders import folder_source
from accel_tf.browse.page import page
from accel_tf.browse.views import contact_sheet
from accel_tf.data.builders import BUILDERS
from accel_tf.files import write_text
from accel_tf.visualize import write_picture

PAGE, SHEET, SUMMARY = "index.html", "contact_sheet.png", "summary.json"


def browse(
    data,
    out,
    *,
    data_dir=None,
    split=None,
    classes=None,
    ignore=(),
    sequences=8,
    frames=5,
    limit=None,
):
    """Shows a data set and what is odd about it.

    Every frame and label image is decoded and looked at; some are shown.
    Writes into `out`

    - `index.html`: a page that needs no other file and no network: the
      faults with pictures, the classes and their shares, and clips with their
      labels laid over and, where the data have it, their optical flow;
    - `contact_sheet.png`: the same clips on one picture;
    - `summary.json`: the numbers and the faults.

    The faults are those of `accel_tf.browse.checks.KINDS`.

    Args:
        data: name of a data set that was built, "builder/configuration", or
            a folder of frames and label images, which need not be built. A
            name is that of a data set rather than of a folder: write `./name`.
        out: folder; created if need be.
        data_dir: folder of all built data sets, as in
            `accel_tf.data.builders.make_builder`.
        split: only this one, such as "train"; of a built data set also a part
            such as "train[:10%]".
        classes: list of the classes of a folder; `None` looks for one in it.
        ignore: label values and names of classes of a folder, as text, that
            do not count.
        sequences: clips of a split to show, spread over it.
        frames: of each to show, at most; labelled ones first.
        limit: look at the first so many clips of a split only.

    Returns:
        dict, what is in `summary.json`: `data`, `classes`, `splits` (numbers
        by name) and `faults`, a list of dicts with `kind`, `split`, `count`,
        `total`, `text` and `places`.

    Raises:
        FileNotFoundError: There is no such folder or list of classes, or the
            data set is not built.
        ValueError: There is no such data set or split, a label image belongs
            to no frame, or an argument does not fit the data.
        ImportError: OpenCV is missing.
    """
    for name, value in (("sequences", sequences), ("frames", frames)):
        if value < 1:
            raise ValueError(f"{name} must be 1 or more, got {value}")
    optional.cv2()
    source = _open(data, data_dir, split, classes, ignore, limit)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    checks, shown = [], {}
    for name, clips in source.splits.items():
        check = SplitCheck(name, source.label_map)
        shown[name] = _look(check, clips, sequences, frames)
        checks.append(check)
    faults = [fault for check in checks for fault in check.faults()]
    if source.skipped:
        skipped = list(source.skipped)
        faults.append(Fault("skipped", None, len(skipped), places=skipped))
    summary = _summary(source, checks, faults)
    sheet = contact_sheet(shown, source.label_map)
    write_picture(out / SHEET, sheet)
    write_text(out / SUMMARY, json.dumps(summary, indent=1) + "\n")
    write_text(out / PAGE, page(summary, source.label_map, faults, shown))
    return summary


def describe(summary):
    """What `browse` gave, in one line.

    Args:
        summary: its result.
    """
    numbers = summary["splits"].values()
    clips, frames, labels = (
        sum(each[key] for each in numbers)
        for key in ("clips", "frames", "labels")
    )
    found = [
        f"{fault['split']}: {fault['text']}"
        if fault["split"]
        else fault["text"]
        for fault in summary["faults"]
    ]
    return (
        f"{summary['data']}: {clips} clip{'s' if clips != 1 else ''}, {frames} "
        f"frames, {labels} label images; {'; '.join(found) or 'no faults'}"
    )


def _open(data, data_dir, split, classes, ignore, limit):
    name = str(data).partition("/")[0]
    if name in BUILDERS:
        if classes or ignore:
            raise ValueError(
                f"--classes and --ignore are for folders; the data set {data} "
                f"has its own; for a folder of this name write ./{data}"
            )
        return built_source(str(data), data_dir, split, limit)
    folder = pathlib.Path(data).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder {data}, and no data set of this name; the data sets "
            f"are: {', '.join(BUILDERS)}"
        )
    if data_dir:
        raise ValueError(
            f"--data-dir is for data sets by name; {data} is a folder"
        )
    classes = classes and pathlib.Path(classes)
    return folder_source(folder, classes, ignore, split, limit)


def _look(check, clips, sequences, frames):
    """`(name, views)` of the clips to show."""
    chosen, shown = set(_spread(range(len(clips)), sequences)), []
    progress = tqdm.tqdm(
        clips, desc=check.split, unit=" clips", total=len(clips), leave=False
    )
    for index, clip in enumerate(progress):
        positions = _positions(clip, frames) if index in chosen else ()
        views = check.add(clip, positions)
        if views:
            shown.append((clip.name, views))
    return shown


def _positions(clip, count):
    """Frames to show: labelled ones, and others if these are too few."""
    labelled = [i for i in range(len(clip.frames)) if i in clip.labels]
    others = [i for i in range(len(clip.frames)) if i not in clip.labels]
    chosen = _spread(labelled, count)
    return {*chosen, *_spread(others, count - len(chosen))}


def _spread(items, count):
    """At most `count` of them, evenly, the first and the last among them."""
    places = np.linspace(0, len(items) - 1, min(count, len(items)))
    return [items[round(place)] for place in places]


def _summary(source, checks, faults):
    label_map = source.label_map
    return {
        "data": source.name,
        "classes": [
            {"name": name, "color": list(color)}
            for name, color in zip(
                label_map.names, label_map.colors, strict=True
            )
        ],
        "splits": {check.split: _numbers(check, label_map) for check in checks},
        "faults": [
            {
                "kind": fault.kind,
                "split": fault.split,
                "count": fault.count,
                "total": fault.total,
                "text": str(fault),
                "places": fault.places,
            }
            for fault in faults
        ],
    }


def _numbers(check, label_map):
    counted = int(check.pixels.sum())
    everything = counted + check.ignored
    return {
        "clips": len(check.lengths),
        "frames": sum(check.lengths),
        "labels": check.labels,
        "clip_lengths": [min(check.lengths), max(check.lengths)],
        "frame_sizes": {
            f"{height}x{width}": count
            for (height, width), count in check.sizes.most_common()
        },
        # Of the pixels that count.
        "class_shares": {
            name: int(pixels) / max(counted, 1)
            for name, pixels in zip(label_map.names, check.pixels, strict=True)
        },
        "images_with_class": {
            name: int(images)
            for name, images in zip(label_map.names, check.images, strict=True)
        },
        "ignored_share": check.ignored / max(everything, 1),
    }
