"""From the parts of a video to what one process would have written."""

import json
import os

from accel_tf.fleet.stored_stream import StoredStream
from accel_tf.fleet.targets import PartsOfRecord, folders_of_parts, targets_of
from accel_tf.segment import segment_stream
from accel_tf.segmentation.record import RecordWriter
from accel_tf.segmentation.report import SegmentReport

_SUMMED = "frames key_frames cuts seconds compiled_frames compiled_seconds"


def join_parts(job, path, reports, label_map, options, notes, count):
    """Makes the outputs of a video appear whose parts are all there.

    A drawing is made of the labels, so that it is encoded in one go. It does
    no harm to do it again; `remove_parts` removes what is left.

    Args:
        job: `VideoJob`.
        path: of the video on this machine.
        reports: of the parts, in order, as from `summary`.
        label_map: of the labels.
        options: `SegmentOptions`.
        notes: list that gets lines about what is worth knowing.
        count: `FrameCount` of a drawing.

    Returns:
        `SegmentReport` of the whole video.
    """
    targets, folders = targets_of(job), folders_of_parts(job)
    total = _total(reports)
    if "video" in targets:
        with (
            folders["labels"].reading() as folder,
            targets["video"].writing() as drawn,
        ):
            segment_stream(
                StoredStream(folder, label_map),
                label_map,
                path,
                drawn,
                progress=False,
                on_note=notes.append,
                on_frame=count.add,
                open_source=count.open,
                **vars(options),
            )
    if "json" in targets:
        with targets["json"].writing() as record:
            _join_records(job, record, total, len(reports), label_map)
    for kind, target in folders.items():
        if kind in targets:
            target.finish()
    return total


def _join_records(job, path, total, count, label_map):
    parts = PartsOfRecord(job.outputs.json)
    header = json.loads(parts.read(0).partition("\n")[0])
    with RecordWriter(path, header, label_map.names, total) as writer:
        for number in range(count):
            for line in parts.read(number).splitlines()[1:]:
                writer.write_line(json.loads(line))


def name_in_whole(part, name):
    """What a file of a part is called in the whole video.

    Args:
        part: `Part`.
        name: of the file.

    Returns:
        A name, or `None` for a file of the warm-up.
    """
    stem, ending = os.path.splitext(name)
    if not stem.isdecimal():
        return name
    number = int(stem) - part.warm_up
    return f"{part.first + number:06d}{ending}" if number >= 0 else None


def record_of_part(record, part):
    """The header and the frames that are kept, a line for each.

    Args:
        record: the JSON document of `RecordWriter`.
        part: `Part`.
    """
    lines = [record["header"]]
    for number, line in enumerate(record["frames"][part.warm_up :]):
        lines.append(line | {"name": f"{part.first + number:06d}"})
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


def summary(report, warm_up=0):
    """A report as plain JSON types.

    Args:
        report: `SegmentReport`.
        warm_up: frames of it that are not kept.
    """
    numbers = {name: getattr(report, name) for name in _SUMMED.split()}
    numbers["frames"] -= warm_up
    # Models that warm up have no key frames: all are.
    numbers["key_frames"] -= warm_up
    return numbers | {"damaged": len(report.damaged)}


def _total(reports):
    total = SegmentReport()
    for name in _SUMMED.split():
        setattr(total, name, sum(report[name] for report in reports))
    return total
