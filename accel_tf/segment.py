"""Segmentation of a whole video."""

import contextlib
import functools
import itertools
import time
import warnings

import numpy as np
import tqdm

from accel_tf.messages import is_quiet
from accel_tf.segmentation.frames import expected_count, wanted_frames
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.segmentation.outputs import Outputs
from accel_tf.segmentation.report import SegmentReport
from accel_tf.segmentation.sinks import Segmented, Sinks
from accel_tf.streaming import FixedInterval, SceneCuts, VideoStream
from accel_tf.streaming.enlarge_labels import enlarge_labels
from accel_tf.video import open_video, read_ahead, write_behind

__all__ = ["SegmentReport", "segment_stream", "segment_video"]


def segment_video(model, source, output=None, interval=5, **options):
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
    keep_scores = options.get("scores") is not None
    stream = VideoStream(model, FixedInterval(interval), keep_scores)
    return segment_stream(stream, model.label_map, source, output, **options)


def segment_stream(
    stream,
    label_map,
    source,
    output=None,
    labels=None,
    *,
    scores=None,
    json=None,
    report=None,
    progress=True,
    on_note=None,
    on_frame=None,
    about=None,
    open_source=open_video,
    **options,
):
    """Sends a video through a stream and writes it with the classes laid over.

    Decoding and resizing, drawing and encoding, and the label PNGs have a
    thread each, so that a frame takes as long as the slowest of them, mostly
    the stream, rather than all together. No more than a few frames are held
    at a time. The outputs appear when all is done; after a
    `KeyboardInterrupt`, and when a camera or stream is lost for good, they
    hold the frames so far, after another error nothing.

    Frames are made smaller for a model that knows at which size it was
    trained (`SegmentOptions.size`); the outputs keep the size of the source.

    Args:
        stream: a `VideoStream` or what is called like one. It is not reset
            before.
        label_map: the `LabelMap` of its labels.
        source: what `open_video` takes: a file, a folder or pattern of
            frames, a URL, `"-"` or the index of a camera.
        output: the video to write, such as `.mp4` or `.mkv`, or an image if
            the source is one; `None` for none.
        labels: folder for palette PNGs, one a frame, see `LabelWriter`;
            `None` for none.
        scores: folder for the scores and the trust of every frame, see
            `ScoresWriter`; for a `VideoStream` with `keep_scores`.
        json: file that says what is known of every frame, see
            `RecordWriter`.
        report: a `SegmentReport` to fill, for those who interrupt.
        progress: whether to show a progress bar; or what it is called.
        on_note: called with one line about what is worth knowing of the
            source; by default `warnings.warn`.
        on_frame: called with each `accel_tf.segmentation.frames.Wanted`
            before it is segmented. With it there need not be an output.
        about: dict of plain JSON types that the header of `json` and
            `scores` gets, too.
        open_source: function that is called as `open_video`.
        **options: of `accel_tf.segmentation.options.SegmentOptions`.

    Returns:
        `SegmentReport`.

    Raises:
        ValueError, OSError: one line, if the source or a frame of it cannot
            be read or an output cannot be written, or an option is none.
        SourceLostError: if a camera or stream is lost; what was written
            before is kept.
    """
    options = SegmentOptions(**options)
    outputs = Outputs(output, labels, scores, json)
    if on_frame is None or outputs.given():
        outputs.check(source, options.codec, options.quality)
    report = SegmentReport() if report is None else report
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        video = enter(
            open_source(source, on_note=on_note, **options.reader_options())
        )
        if options.frame_rate not in (None, video.frame_rate):
            (on_note or warnings.warn)(
                f"{source} states its frame rate, {video.frame_rate:g}, which "
                f"wins over the given {options.frame_rate:g}"
            )
        report.frame_size = (video.height, video.width)
        report.model_size = options.model_size(report.frame_size, stream)
        chosen = options.start, options.end, options.stride
        frames = wanted_frames(video, report.model_size, *chosen)
        frames = read_ahead(frames, size=4, stop=video.stop)
        frames = enter(contextlib.closing(frames))
        first = _first(frames, source, options)
        sinks = enter(
            Sinks(
                outputs,
                options,
                label_map,
                video,
                source,
                options.sound_range(first.frame.time),
                _header(source, stream, label_map, video, report, about),
                report,
                on_note,
            )
        )
        bar = enter(
            tqdm.tqdm(
                total=expected_count(video, *chosen),
                unit=" frames",
                disable=progress is False or is_quiet(),
                desc=progress if isinstance(progress, str) else None,
            )
        )
        stack.push(functools.partial(_complete, bar))

        def finish(frame):
            sinks.write(frame)
            if frame.is_damaged:
                report.damaged.append(frame.index)
            report.add(
                frame.is_key,
                frame.seconds,
                frame.is_compiled,
                frame.is_cut,
            )
            report.seconds = time.perf_counter() - start
            report.dropped, report.reconnects = video.dropped, video.reconnects
            bar.set_postfix_str(_postfix(report), refresh=False)
            bar.update()

        finish_behind = enter(write_behind(finish))
        step = _Step(stream, report.frame_size, scores is not None)
        start = time.perf_counter()
        for wanted in itertools.chain([first], frames):
            if on_frame is not None:
                on_frame(wanted)
            finish_behind(step(wanted, first.frame.time))
    return report


class _Step:
    """From a frame to what is written of it."""

    def __init__(self, stream, size, wants_scores):
        self._stream, self._size = stream, size
        self._enlarges = getattr(stream, "labels_any_size", False)
        self._wants_scores = wants_scores
        self._labels, self._kinds = None, set()

    def __call__(self, wanted, time_of_first):
        stream, frame = self._stream, wanted.frame
        if frame.starts_anew:
            stream.reset_state()
        begin = time.perf_counter()
        # A frame that does not decode shows the one before.
        is_repeated = frame.is_damaged and self._labels is not None
        if not is_repeated:
            self._labels = self._segmented(wanted.resized)
        is_key = not is_repeated and bool(stream.is_key)
        kind = None if is_repeated else is_key
        is_compiled = kind is not None and kind not in self._kinds
        self._kinds.add(kind)
        return Segmented(
            index=wanted.index,
            name=frame.name,
            time=frame.time,
            time_written=frame.time - time_of_first,
            image=frame.image,
            labels=self._labels,
            is_key=is_key,
            # Streams of a server do not tell.
            is_cut=not is_repeated and bool(getattr(stream, "is_cut", False)),
            seconds=time.perf_counter() - begin,
            is_damaged=frame.is_damaged,
            is_compiled=is_compiled,
            scores=self._first_of("scores") if self._wants_scores else None,
            trust=self._first_of("trust"),
        )

    def _segmented(self, image):
        if self._enlarges:
            return self._stream(image[None], size=self._size)[0]
        return enlarge_labels(self._stream(image[None])[0], self._size)

    def _first_of(self, name):
        """Scores or trust of the last frame; `None` if there are none."""
        values = getattr(self._stream, name, None)
        if values is None and name == "scores":
            raise ValueError(
                "this stream gives no scores; make a VideoStream with "
                "keep_scores=True."
            )
        return None if values is None else np.asarray(values[0])


def _first(frames, source, options):
    """The first of the frames, before which outputs have no sense."""
    for frame in frames:
        return frame
    raise ValueError(options.why_no_frame(source))


def _header(source, stream, label_map, video, report, about):
    """Facts that hold for all frames, as plain JSON types."""
    policy = getattr(stream, "policy", None)
    finds_cuts = isinstance(policy, SceneCuts)
    policy = policy.policy if finds_cuts else policy
    model = getattr(stream, "model", None)
    return {
        "input": str(source),
        "model": getattr(model, "name", None),
        "interval": getattr(policy, "interval", None),
        "key_share": getattr(policy, "target_share", None),
        "finds_cuts": finds_cuts,
        # Programs of other runtimes give no scores and have none.
        "output_stride": getattr(model, "output_stride", None),
        "frame_size": list(report.frame_size),
        "model_size": list(report.model_size),
        "frame_rate": video.frame_rate,
        "classes": list(label_map.names),
        **(about or {}),
    }


def _complete(bar, error, *_):
    """Ends a bar as full: what a container states is often off by frames."""
    if error is None:
        bar.total = bar.n
        bar.refresh()


def _postfix(report):
    text = f"{report.key_frames / report.frames:.0%} key frames"
    if report.dropped:
        text += f", {report.dropped} dropped"
    return text
