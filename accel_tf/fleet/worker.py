"""What a worker does: it holds a model and segments videos, or parts."""

import contextlib
import functools
import json
import os
import platform
import tempfile

from accel_tf.fleet import remote
from accel_tf.fleet.parts import Part, find_restart, plan_parts
from accel_tf.fleet.targets import FileTarget, FolderTarget, PartsOfRecord
from accel_tf.partial_folders import partial_folder
from accel_tf.segment import segment_stream
from accel_tf.segmentation.record import RecordWriter
from accel_tf.segmentation.report import SegmentReport
from accel_tf.video import open_video
from accel_tf.video.frame_index import index_frames
from accel_tf.video.part_reader import PartReader
from accel_tf.video.reader import IMAGE_ENDINGS
from accel_tf.video.span_decoder import IrregularVideoError

_SUMMED = "frames key_frames cuts seconds compiled_frames compiled_seconds"


class SegmentWorker:
    """Segments videos with one model.

    Args:
        open_model: function without arguments that gives `(stream,
            label_map)`, a `VideoStream` and the `LabelMap` of its labels.
        options: `SegmentOptions`.
        part_frames: frames of a part of a long video.
        manifest: place of the `Manifest`, which every worker must see.

    Raises:
        ValueError, OSError, ImportError: one line, if the model cannot be
            had, or the folder of the manifest is not on this machine.
    """

    def __init__(self, open_model, options, part_frames, manifest):
        if not remote.is_url(manifest) and not os.path.exists(manifest):
            raise FileNotFoundError(
                f"{platform.node()} does not see {os.path.dirname(manifest)}; "
                "give a folder that all machines share, or a URL such as "
                "s3://BUCKET/FOLDER."
            )
        self._stream, self._label_map = open_model()
        self._options, self._length = options, part_frames
        self._copied, self._copy = None, contextlib.ExitStack()

    def begin(self, job, in_parts=True, keeps_parts=False):
        """Segments a video, unless it is to be done in parts.

        Args:
            job: `VideoJob`.
            in_parts: whether it may be done in parts.
            keeps_parts: whether parts of it are there.

        Returns:
            dict of `report`, a dict, and `notes`, a list of lines; or of
            `parts`, a list of `Part`, and `notes`.
        """
        notes = []
        with self._named(job):
            path = self._local(job.source)
            if in_parts:
                parts = self._plan(job, path, notes)
                if len(parts) > 1:
                    if not keeps_parts:
                        for target in self._targets(job).values():
                            target.clear()
                    return {"parts": parts, "notes": notes}
            report = self._whole(job, path, notes)
        return {"report": _summary(report), "notes": self._told(job, notes)}

    def part(self, job, part):
        """Segments a part of a video.

        Args:
            job: `VideoJob`.
            part: `Part`, from `begin`.

        Returns:
            dict of `report`, `notes`, and `digests`, those of its first frame
            and of the one with which the next part begins; or of `whole`: why
            the video cannot be done in parts.
        """
        notes, readers = [], []

        def open_part(source, on_note, **_):
            readers.append(PartReader(source, part.span, on_note))
            return readers[0]

        with self._named(job):
            path = self._local(job.source)
            try:
                report = self._part(job, part, path, open_part, notes)
            except IrregularVideoError as error:
                return {"whole": self._told(job, [str(error)])[0]}
        reader = readers[0]
        return {
            "report": _summary(report, part.warm_up),
            "notes": self._told(job, notes),
            "digests": [reader.digest_first, reader.digest_after],
        }

    def join(self, job, reports):
        """Makes the outputs of a video appear whose parts are all there.

        Args:
            job: `VideoJob`.
            reports: of the parts, in order.

        Returns:
            dict of `report`, that of the whole video.
        """
        targets = self._targets(job)
        if "json" in targets:
            with targets.pop("json").writing() as path:
                self._join_records(job, path, reports)
        for target in targets.values():
            target.finish()
        if job.outputs.json is not None:
            PartsOfRecord(job.outputs.json).clear()
        return {"report": _summary(_total(reports))}

    def _targets(self, job):
        """dict of the kind of an output -> its target."""
        outputs, targets = job.outputs, {}
        for kind in ("video", "json"):
            if getattr(outputs, kind) is not None:
                targets[kind] = FileTarget(getattr(outputs, kind))
        for kind, description in (
            ("labels", "classes.json"),
            ("scores", "scores.json"),
        ):
            if getattr(outputs, kind) is not None:
                targets[kind] = FolderTarget(
                    getattr(outputs, kind), description
                )
        return targets

    def _local(self, source):
        """The path of a source on this machine; the last copy is kept."""
        if not remote.is_url(source):
            return source
        if self._copied is None or self._copied[0] != source:
            self._copied = None
            self._copy.close()
            folder = self._copy.enter_context(
                partial_folder(tempfile.gettempdir(), 0o700)
            )
            path = str(folder / source.rpartition("/")[2])
            remote.download(source, path)
            self._copied = source, path
        return self._copied[1]

    def _told(self, job, lines):
        """Lines as they are about the source, not about its copy."""
        if self._copied is None or self._copied[0] != job.source:
            return lines
        return [line.replace(self._copied[1], job.source) for line in lines]

    @contextlib.contextmanager
    def _named(self, job):
        try:
            yield
        except (ValueError, OSError) as error:
            (text,) = self._told(job, [str(error)])
            if text == str(error):
                raise
            named = type(error)(text)
            if isinstance(error, OSError):
                named.errno = error.errno
            raise named from error

    def _plan(self, job, path, notes):
        """The parts of a video; one or none if it is not to be cut."""
        if job.outputs.video is not None or not os.path.isfile(path):
            return []
        if os.path.splitext(path)[1].lower() in IMAGE_ENDINGS:
            return []
        options = self._options
        with open_video(
            path, on_note=lambda line: None, **options.reader_options()
        ) as video:
            count, frame_size = video.frame_count, (video.height, video.width)
        if count is None or count < 1.5 * self._length * options.stride:
            return []
        size = options.model_size(frame_size, self._stream)
        restart = find_restart(self._stream, size)
        if isinstance(restart, str):
            notes.append(f"{job.source} is done in one part: {restart}")
            return []
        try:
            index = index_frames(path)
        except IrregularVideoError as error:
            notes.append(f"{job.source} is done in one part: {error}")
            return []
        chosen = options.start, options.end, options.stride
        return plan_parts(index, restart, self._length, *chosen)

    def _whole(self, job, path, notes):
        """Segments a whole video and gives the `SegmentReport`."""
        with contextlib.ExitStack() as stack:
            paths = {
                kind: stack.enter_context(target.writing())
                for kind, target in self._targets(job).items()
            }
            return self._segment(job, path, paths, notes)

    def _segment(self, job, path, paths, notes, **more):
        self._stream.reset_state()
        return segment_stream(
            self._stream,
            self._label_map,
            path,
            paths.get("video"),
            paths.get("labels"),
            scores=paths.get("scores"),
            json=paths.get("json"),
            progress=False,
            on_note=notes.append,
            about={"input": job.source},
            **vars(self._options),
            **more,
        )

    def _part(self, job, part, path, open_part, notes):
        targets = self._targets(job)
        record = targets.pop("json", None)
        with contextlib.ExitStack() as stack:
            folders = {
                kind: stack.enter_context(target.writing_part())
                for kind, target in targets.items()
            }
            paths = {kind: given[0] for kind, given in folders.items()}
            if record is not None:
                folder = partial_folder(tempfile.gettempdir(), 0o700)
                folder = stack.enter_context(folder)
                paths["json"] = str(folder / "record.json")
            report = self._segment(
                job, path, paths, notes, open_source=open_part
            )
            expected = part.end - part.first + part.warm_up
            if report.frames != expected or report.damaged:
                raise IrregularVideoError(
                    f"{path} has {report.frames} frames where {expected} were "
                    "told"
                )
            for _, keep in folders.values():
                keep(functools.partial(_name_in_whole, part))
            if record is not None:
                with open(paths["json"], encoding="utf-8") as file:
                    text = _record_of_part(json.load(file), part)
                PartsOfRecord(job.outputs.json).write(part.number, text)
        return report

    def _join_records(self, job, path, reports):
        parts = PartsOfRecord(job.outputs.json)
        total = _total(reports)
        header = json.loads(parts.read(0).partition("\n")[0])
        names = self._label_map.names
        with RecordWriter(path, header, names, total) as writer:
            for number in range(len(reports)):
                for line in parts.read(number).splitlines()[1:]:
                    writer.write_line(json.loads(line))


def _name_in_whole(part: Part, name):
    """The name in the whole video of a file of a part; `None` to leave out."""
    stem, ending = os.path.splitext(name)
    if not stem.isdecimal():
        return name
    number = int(stem) - part.warm_up
    return f"{part.first + number:06d}{ending}" if number >= 0 else None


def _record_of_part(record, part):
    """A line for the header and one for each frame that is kept."""
    lines = [record["header"]]
    for number, line in enumerate(record["frames"][part.warm_up :]):
        lines.append(line | {"name": f"{part.first + number:06d}"})
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)


def _summary(report, warm_up=0):
    """A `SegmentReport` as plain JSON types, without the warm-up."""
    summary = {name: getattr(report, name) for name in _SUMMED.split()}
    summary["frames"] -= warm_up
    # Models that warm up have no key frames: all are.
    summary["key_frames"] -= warm_up
    return summary | {"damaged": len(report.damaged)}


def _total(reports):
    total = SegmentReport()
    for name in _SUMMED.split():
        setattr(total, name, sum(report[name] for report in reports))
    return total
