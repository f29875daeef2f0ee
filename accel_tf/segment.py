"""Segmentation of a whole video."""

import contextlib
import dataclasses
import os
import time

import numpy as np
import tqdm

from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.video import LabelWriter, VideoWriter, open_video, read_ahead
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
):
    """Sends a video through a stream and writes it with the classes laid over.

    Frames are decoded ahead in a thread of its own, and no more than a few
    are held at a time. The outputs appear when all is done; after a
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

    Returns:
        `SegmentReport`.

    Raises:
        ValueError, OSError: one line, if the source or a frame of it cannot
            be read or an output cannot be written.
    """
    if not isinstance(source, int) and os.path.exists(output):
        if os.path.exists(source) and os.path.samefile(source, output):
            raise ValueError(f"{output} is the input; give another --output.")
    report = SegmentReport() if report is None else report
    with contextlib.ExitStack() as stack:
        video = stack.enter_context(open_video(source, frame_rate))
        writer = stack.enter_context(
            VideoWriter(output, video.height, video.width, video.frame_rate)
        )
        label_writer = labels and stack.enter_context(
            LabelWriter(labels, label_map)
        )
        frames = stack.enter_context(contextlib.closing(read_ahead(video)))
        bar = stack.enter_context(
            tqdm.tqdm(
                total=video.frame_count, unit=" frames", disable=not progress
            )
        )
        start = time.perf_counter()
        for frame in frames:
            predicted = stream(np.asarray(frame)[None])[0]
            writer.write(overlay(frame, predicted, label_map))
            if label_writer:
                label_writer.write(predicted)
            report.frames += 1
            report.key_frames += stream.is_key
            report.seconds = time.perf_counter() - start
            share = report.key_frames / report.frames
            bar.set_postfix_str(f"{share:.0%} key frames", refresh=False)
            bar.update()
    return report
