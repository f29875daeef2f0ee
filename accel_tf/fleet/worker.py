"""What a worker does: it holds a model and segments videos, or parts."""

import contextlib
import functools
import json
import os
import platform
import tempfile

from accel_tf.fleet import remote
from accel_tf.fleet.frame_count import FrameCount
from accel_tf.fleet.joining import (
    join_parts,
    name_in_whole,
    record_of_part,
    summary,
)
from accel_tf.fleet.parts import find_restart, plan_parts
from accel_tf.fleet.targets import (
    PartsOfRecord,
    folders_of_parts,
    remove_parts,
    targets_of,
)
from accel_tf.partial_folders import partial_folder
from accel_tf.segment import segment_stream
from accel_tf.video import open_video
from accel_tf.video.frame_index import index_frames
from accel_tf.video.part_reader import PartReader
from accel_tf.video.reader import IMAGE_ENDINGS
from accel_tf.video.span_decoder import IrregularVideoError


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

    Attributes:
        progress: `FrameCount` of the call under way, or `None`.
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
        self.progress = None

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
                        for target in folders_of_parts(job).values():
                            target.clear()
                    return {"parts": parts, "notes": notes}
            report = self._whole(job, path, notes)
        return {"report": summary(report), "notes": self._told(job, notes)}

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
            reader = PartReader(file, job.source, part.span, on_note)
            readers.append(reader)
            return reader

        with self._named(job), self._opened(job.source) as file:
            try:
                report = self._part(job, part, open_part, notes)
            except IrregularVideoError as error:
                return {"whole": self._told(job, [str(error)])[0]}
        reader = readers[0]
        return {
            "report": summary(report, part.warm_up),
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
        notes = []
        with self._named(job):
            path = self._local(job.source)
            self.progress = count = FrameCount(self._options)
            total = join_parts(
                job, path, reports, self._label_map, self._options, notes, count
            )
        return {"report": summary(total), "notes": self._told(job, notes)}

    def clean(self, job):
        """Removes what is left of the parts of a video that is done.

        Args:
            job: `VideoJob`.
        """
        remove_parts(job)

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

    @contextlib.contextmanager
    def _opened(self, source):
        """A path, or a file object that loads no more than a part needs."""
        has_copy = self._copied is not None and self._copied[0] == source
        if has_copy or not remote.is_url(source):
            yield self._local(source)
            return
        with remote.open_to_read(source) as file:
            yield file

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
            if not isinstance(error, OSError):
                raise ValueError(text) from error
            named = OSError(text)
            named.errno = error.errno
            raise named from error

    def _plan(self, job, path, notes):
        """The parts of a video; one or none if it is not to be cut."""
        ending = os.path.splitext(path)[1].lower()
        if not os.path.isfile(path) or ending in IMAGE_ENDINGS:
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
                for kind, target in targets_of(job).items()
            }
            return self._segment(job, path, paths, notes)

    def _segment(self, job, path, paths, notes, count=None, **more):
        self._stream.reset_state()
        self.progress = count = count or FrameCount(self._options)
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
            on_frame=count.add,
            open_source=count.open,
            about={"input": job.source},
            **vars(self._options) | more,
        )

    def _part(self, job, part, open_part, notes):
        with contextlib.ExitStack() as stack:
            folders = {
                kind: stack.enter_context(target.writing_part())
                for kind, target in folders_of_parts(job).items()
            }
            paths = {kind: given[0] for kind, given in folders.items()}
            if job.outputs.json is not None:
                folder = partial_folder(tempfile.gettempdir(), 0o700)
                folder = stack.enter_context(folder)
                paths["json"] = str(folder / "record.json")
            expected = part.end - part.first + part.warm_up
            more = {"count": FrameCount(self._options, open_part, expected)}
            if job.outputs.labels is None:
                more["label_ids"] = "index"  # They are for the drawing alone.
            report = self._segment(job, job.source, paths, notes, **more)
            if report.frames != expected or report.damaged:
                raise IrregularVideoError(
                    f"{job.source} has {report.frames} frames where "
                    f"{expected} were told"
                )
            for _, keep in folders.values():
                keep(functools.partial(name_in_whole, part))
            if job.outputs.json is not None:
                with open(paths["json"], encoding="utf-8") as file:
                    text = record_of_part(json.load(file), part)
                PartsOfRecord(job.outputs.json).write(part.number, text)
        return report
