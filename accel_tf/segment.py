"""Segmentation of a whole video."""

import contextlib
import dataclasses
import operator
import os
import time

import tqdm

from accel_tf import optional
from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.video import (
    LabelWriter,
    VideoWriter,
    open_video,
    read_ahead,
    write_behind,
)
from accel_tf.visualize.overlay import overlay


@dataclasses.dataclass
class SegmentReport:
    """What `segment_video` did so far.

    Attributes:
        frames: frames segmented.
        key_frames: of these, key frames.
        seconds: time since the first frame.
    """

    frames: int = 0
    key_frames: int = 0
    seconds: float = 0.0

    def __str__(self):
        rate = self.frames / self.seconds if self.seconds else 0.0
        return (
            f"{self.frames} frames, {self.key_frames} key frames, "
            f"{rate:.1f} frames per second"
        )


def segment_video(model, source, output, interval=5, **options):
    """Segments a video and writes it with the classes laid over.

    Args:
        model: a `VideoSegmenter`.
        source, output: as for `segment_stream`.
        interval: frames from one key frame to the next.
        **options: further arguments of `segment_stream`.

    Returns:
        `SegmentReport`.

    Raises:
        ValueError, OSError: one line, as `segment_stream`.
    """
    stream = VideoStream(model, FixedInterval(interval))
    return segment_stream(stream, model.label_map, source, output, **options)


def segment_stream(
    stream,
    label_map,
    source,
    output,
    labels=None,
    frame_rate=25.0,
    report=None,
    progress=True,
    size=None,
):
    """Sends a video through a stream and writes it with the classes laid over.

    Decoding and resizing, drawing and encoding, and the label PNGs have a
    thread each, so that a frame takes as long as the slowest of them, mostly
    the stream, rather than all together. No more than a few frames are held
    at a time. The outputs appear when all is done; after a
    `KeyboardInterrupt` they hold the frames so far, after an error nothing.

    Args:
        stream: a `VideoStream` or what is called like one.
        label_map: the `LabelMap` of its labels.
        source: video file, folder of frames, or camera index.
        output: the video to write: `.mp4`, `.avi` or `.mkv`.
        labels: folder for palette PNGs, one a frame; `None` for none.
        frame_rate: of a source that has none.
        report: a `SegmentReport` to fill, for those who interrupt.
        progress: whether to show a progress bar.
        size: `(height, width)` in pixels to which frames are resized for the
            stream, which takes the less time the smaller they are; the
            outputs keep the size of the source, the labels enlarged to it
            without new values. `None` for that of the source.

    Returns:
        `SegmentReport`.

    Raises:
        ValueError, OSError: one line, if the source or a frame of it cannot
            be read or an output cannot be written, or `size` is none.
    """
    if not isinstance(source, int) and os.path.exists(output):
        if os.path.exists(source) and os.path.samefile(source, output):
            raise ValueError(f"{output} is the input; give another --output.")
    size = _checked(size)
    report = SegmentReport() if report is None else report
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        video = enter(open_video(source, frame_rate))
        full_size = (video.height, video.width)
        writer = enter(VideoWriter(output, *full_size, video.frame_rate))
        bar = enter(
            tqdm.tqdm(
                total=video.frame_count, unit=" frames", disable=not progress
            )
        )
        write_labels = labels and enter(
            write_behind(enter(LabelWriter(labels, label_map)).write)
        )

        def finish(frame, predicted, is_key):
            predicted = _resized(predicted, full_size, "INTER_NEAREST")
            writer.write(overlay(frame, predicted, label_map))
            if write_labels:
                write_labels(predicted)
            report.frames += 1
            report.key_frames += is_key
            report.seconds = time.perf_counter() - start
            share = report.key_frames / report.frames
            bar.set_postfix_str(f"{share:.0%} key frames", refresh=False)
            bar.update()

        finish_behind = enter(write_behind(finish))
        frames = ((frame, _resized(frame, size)) for frame in video)
        frames = enter(contextlib.closing(read_ahead(frames, size=4)))
        start = time.perf_counter()
        for frame, resized in frames:
            predicted = stream(resized[None])[0]
            finish_behind(frame, predicted, stream.is_key)
    return report


def _checked(size):
    if size is None:
        return None
    try:
        height, width = map(operator.index, size)
        is_size = height >= 1 and width >= 1
    except (TypeError, ValueError):
        is_size = False
    if not is_size:
        raise ValueError(
            f"size must be (height, width) in pixels, 1 or more, not {size!r}."
        )
    return height, width


def _resized(image, size, interpolation=None):
    """The image at `size`; itself, if it has that size or `size` is `None`."""
    if size in (None, image.shape[:2]):
        return image
    cv2 = optional.cv2()
    if interpolation is None:
        # Means where pixels become fewer, as data sets are made.
        shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
        interpolation = "INTER_AREA" if shrinks else "INTER_LINEAR"
    return cv2.resize(
        image, size[::-1], interpolation=getattr(cv2, interpolation)
    )
