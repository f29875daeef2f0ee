"""The writers that a segmented frame goes to."""

import contextlib
import dataclasses
import os

import numpy as np

from accel_tf import optional
from accel_tf.files import write_bytes
from accel_tf.segmentation.record import RecordWriter
from accel_tf.segmentation.scores import ScoresWriter
from accel_tf.video import LabelWriter, VideoWriter, write_behind
from accel_tf.visualize.overlay import legend, overlay


@dataclasses.dataclass(frozen=True, eq=False)
class Segmented:
    """A frame and what the model made of it.

    Attributes:
        index: number in the source, from 0.
        name: of its image file without the ending, or `None`.
        time: seconds since the first frame of the source.
        time_written: seconds since the first frame that was written.
        image: uint8 RGB `[height, width, 3]`.
        labels: uint8 `[height, width]`.
        is_key: whether it was a key frame.
        is_cut: whether it was taken for the first of another scene.
        seconds: that the model took.
        is_damaged: whether it did not decode, and labels are repeated.
        is_compiled: whether the model was compiled for it.
        scores: float32 `[h, w, classes]`, or `None`.
        trust: float32 `[m, n]`, or `None`.
    """

    index: int
    name: str | None
    time: float
    time_written: float
    image: np.ndarray
    labels: np.ndarray
    is_key: bool
    is_cut: bool
    seconds: float
    is_damaged: bool
    is_compiled: bool
    scores: np.ndarray | None
    trust: np.ndarray | None


class Sinks:
    """All outputs of a run; a context manager.

    Args:
        outputs: `Outputs`.
        options: `SegmentOptions`.
        label_map: of the labels.
        video: the `VideoReader`.
        source: as for `open_video`; its sound is copied.
        sound_range: seconds of the source between which it is copied.
        header: dict of plain JSON types, about the run.
        report: `SegmentReport`.
        on_note: called with one line about what is worth knowing, or `None`.

    Raises:
        ValueError, OSError: one line, if an output cannot be written.
    """

    def __init__(
        self, outputs, options, label_map, video, source, sound_range, header,
        report, on_note,
    ):  # fmt: skip
        self._label_map, self._options = label_map, options
        self._strip = None
        if options.legend:
            self._strip = legend(video.width, label_map)
        self._still = outputs.video if outputs.is_still else None
        self._video = self._labels = self._scores = self._record = None
        if outputs.video is not None and not outputs.is_still:
            rows = 0 if self._strip is None else len(self._strip)
            self._video = VideoWriter(
                outputs.video,
                video.height + rows,
                video.width,
                video.frame_rate / options.stride,
                codec=options.codec,
                quality=options.quality,
                sound_from=source if has_sound(video, source) else None,
                sound_range=sound_range,
                on_note=on_note,
            )
        if outputs.labels is not None:
            self._labels = LabelWriter(
                outputs.labels, label_map, options.label_ids
            )
        if outputs.scores is not None:
            self._scores = ScoresWriter(outputs.scores, header)
        if outputs.json is not None:
            self._record = RecordWriter(
                outputs.json, header, label_map.names, report
            )

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            for writer in (self._video, self._labels, self._scores):
                if writer is not None:
                    stack.enter_context(writer)
            if self._record is not None:
                stack.enter_context(self._record)
            # PNGs take about as long as the drawing and encoding.
            self._write_labels = self._labels and stack.enter_context(
                write_behind(self._labels.write)
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def write(self, frame):
        """Writes a `Segmented` frame to all outputs."""
        if self._write_labels:
            self._write_labels(frame.labels, frame.name)
        if self._still is not None or self._video is not None:
            drawn = self._drawn(frame)
            if self._video is not None:
                self._video.write(drawn, frame.time_written)
            else:
                _write_image(self._still, drawn)
        if self._scores is not None:
            self._scores.write(frame.scores, frame.trust, frame.name)
        if self._record is not None:
            self._record.write(frame)

    def _drawn(self, frame):
        options = self._options
        drawn = overlay(
            frame.image,
            frame.labels,
            self._label_map,
            alpha=options.alpha,
            contours=options.contours,
        )
        if self._strip is None:
            return drawn
        return np.concatenate([drawn, self._strip])


def has_sound(video, source):
    """Whether a source is a file whose sound can be copied."""
    return (
        video.has_sound
        and not isinstance(source, int)
        and os.path.isfile(source)
    )


def _write_image(path, image):
    cv2 = optional.cv2()
    ending = os.path.splitext(path)[1]
    _, data = cv2.imencode(ending, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    write_bytes(path, data.tobytes())
