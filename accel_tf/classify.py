"""Classification of a whole video."""

import contextlib
import os
import time
import warnings

import numpy as np
import tqdm

from accel_tf.classification.clips import SlidingWindow, views_of
from accel_tf.classification.drawing import ClassesWriter
from accel_tf.classification.found import ClassesOfVideo, ClassesOfWindow
from accel_tf.classification.options import ClassifyOptions
from accel_tf.classification.record import write_record
from accel_tf.data.clip_sampling import crop_views
from accel_tf.data.frame_steps import note_of_unknown_step
from accel_tf.messages import is_quiet
from accel_tf.segmentation.frames import expected_count, wanted_frames
from accel_tf.segmentation.in_turn import is_camera
from accel_tf.video import SourceLostError, open_video, read_ahead

__all__ = ["ClassesOfVideo", "ClassesOfWindow", "classify_video"]


def classify_video(
    model,
    source,
    output=None,
    *,
    json=None,
    found=None,
    progress=True,
    on_note=None,
    on_window=None,
    **options,
):
    """Finds the classes of what happens in a video, over time.

        found = classify_video(model, "drive.mp4", "out.mp4", every=1.0)
        print(found)

    Windows of one clip each slide along the video; or the clips are those of
    a test (`views`). Of a camera or stream each window is classified as soon
    as it is there.

    Args:
        model: a `ClipClassifier`, best from `fuse_for_inference`, or a
            `RuntimeClassifier`.
        source: what `open_video` takes: a file, a folder or pattern of
            frames, a URL, `"-"` or the index of a camera.
        output: the video to write, with the top classes of the window around
            each frame drawn on it, and its sound; of what can be read but
            once, those of the newest window. `None` for none.
        json: the file to write with the top classes of all windows; `None`
            for none.
        found: a `ClassesOfVideo` to fill, for those who interrupt.
        progress: whether to show a progress bar; or what it is called.
        on_note: called with one line about what is worth knowing, of the
            source or of a model that does not tell the step of its clips
            and gets none in the options; by default `warnings.warn`.
        on_window: called with each `ClassesOfWindow` when it is found.
        **options: of `ClassifyOptions`.

    Returns:
        `ClassesOfVideo`.

    Raises:
        ValueError, OSError: one line, if the source or a frame of it cannot
            be read, is shorter than a clip, or an output cannot be written;
            or an option is none.
        SourceLostError: if a camera or stream is lost; what was found before
            is written.
    """
    options = ClassifyOptions(**options)
    note = note_of_unknown_step(model, options.step, options.frames)
    if note:
        (on_note or warnings.warn)(note)
    options = options.of(model)
    if found is None:
        found = ClassesOfVideo(())
    found.class_names, found.count = model.class_names, options.top
    run = _Run(model, source, options, found, progress, on_note, on_window)
    is_drawn_at_once = output is not None and reads_once(source)
    with _recorded(json, run.header(), found):
        if options.slides:
            run.slide(output if is_drawn_at_once else None)
        else:
            run.classify_views()
        if output is not None and not is_drawn_at_once:
            run.draw(output)
    return found


def reads_once(source):
    """Whether a source cannot be read from its start again."""
    if isinstance(source, int):
        return True
    text = os.fspath(source)
    return text == "-" or "://" in text or is_camera(text)


@contextlib.contextmanager
def _recorded(path, header, found):
    """Writes the record at the end, also at one that is no mistake."""
    end = "end"
    try:
        yield
    except (KeyboardInterrupt, SourceLostError) as error:
        end = "lost" if isinstance(error, SourceLostError) else "interrupt"
        raise
    except BaseException:
        path = None
        raise
    finally:
        if path is not None and found.windows:
            write_record(path, header, found, end)


def _compiled(model):
    """A function from clips to probabilities, as `compile_probabilities`."""
    if hasattr(model, "compile_probabilities"):
        return model.compile_probabilities()  # It runs outside of Keras.
    from accel_tf.classification.compiled import compile_probabilities

    return compile_probabilities(model)


class _Run:
    """One video; the arguments are those of `classify_video`."""

    def __init__(
        self, model, source, options, found, progress, on_note, on_window
    ):
        self._compute = _compiled(model)
        self._model, self._source = model, source
        self._options, self._found = options, found
        self._progress, self._note = progress, on_note
        self._tell = on_window or (lambda window: None)

    def header(self):
        """Facts that hold for all windows, as plain JSON types."""
        options = self._options
        return {
            "input": str(self._source),
            "model": self._model.name,
            "frames": options.frames,
            "step": options.step,
            "views": options.views and list(options.views),
            "size": options.size,
            "classes": list(self._model.class_names),
        }

    def slide(self, output=None):
        """Classifies window after window, and draws in the same pass."""
        with contextlib.ExitStack() as stack:
            video = stack.enter_context(self._open())
            window = SlidingWindow(self._options, video.frame_rate)
            writer = output and stack.enter_context(self._writer(output, video))
            total = self._expected_count(video)
            bar = stack.enter_context(self._bar(total, " frames"))
            for wanted, crop in self._frames(video, stack, self._crop):
                if wanted.frame.starts_anew:
                    window.start_anew()
                self._add(window.add(wanted.frame.time, crop))
                self._count(wanted, video)
                if writer:
                    writer.write(wanted.frame)
                bar.update()
            self._add(window.finish())
            self._check_length(video)

    def classify_views(self):
        """Classifies the clips of a test."""
        if reads_once(self._source):
            raise ValueError(
                f"{self._source} can be read only once, and the clips of a "
                "test lie all over a video; give a file or a folder, or a "
                "step in --frames and no --views."
            )
        options, found = self._options, self._found
        with contextlib.ExitStack() as stack:
            video = stack.enter_context(self._open())
            for wanted, _ in self._frames(video, stack):
                self._count(wanted, video)
        options.check_length(self._source, found.frames, video.frame_rate)
        with contextlib.ExitStack() as stack:
            video = stack.enter_context(self._open())
            frames = (
                (wanted.frame.time, wanted.frame.image)
                for wanted, _ in self._frames(video, stack)
            )
            clips = views_of(frames, found.frames, options, video.frame_rate)
        with self._bar(len(clips), " clips") as bar:
            for clip in clips:
                self._add(clip)
                bar.update()

    def draw(self, output):
        """Reads the video again and writes it with all that was found."""
        with contextlib.ExitStack() as stack:
            video = stack.enter_context(self._open())
            writer = stack.enter_context(self._writer(output, video))
            for wanted, _ in self._frames(video, stack):
                writer.write(wanted.frame)

    def _open(self):
        return open_video(
            self._source, on_note=self._note, **self._options.reader_options()
        )

    def _frames(self, video, stack, prepare=lambda image: None):
        """`(Wanted, prepared image)`; decoding and preparing run ahead."""
        size = video.height, video.width
        frames = (
            (wanted, prepare(wanted.frame.image))
            for wanted in wanted_frames(video, size, *self._range())
        )
        frames = read_ahead(frames, size=4, stop=video.stop)
        return stack.enter_context(contextlib.closing(frames))

    def _range(self):
        return self._options.start, self._options.end

    def _expected_count(self, video):
        return expected_count(video, *self._range())

    def _crop(self, image):
        return crop_views(image[None], self._options.size, 1)[0, 0]

    def _writer(self, output, video):
        return ClassesWriter(
            output, video, self._source, self._options, self._found, self._note
        )

    def _bar(self, total, unit):
        name = self._progress if isinstance(self._progress, str) else None
        return tqdm.tqdm(
            total=total,
            unit=unit,
            disable=self._progress is False or is_quiet(),
            desc=name,
            leave=False,
        )

    def _count(self, wanted, video):
        self._found.frames += 1
        self._found.dropped = video.dropped
        if wanted.frame.is_damaged:
            self._found.damaged.append(wanted.index)

    def _add(self, clip):
        if clip is None:
            return
        start = time.perf_counter()
        probabilities = self._compute(clip.crops).mean(0)
        self._found.seconds += time.perf_counter() - start
        if not np.isfinite(probabilities).all():
            raise ValueError(
                f"{self._model.name} gives NaN rather than probabilities; its "
                "weights are damaged, or too large for its dtype."
            )
        window = ClassesOfWindow(clip.start, clip.end, probabilities)
        self._found.windows.append(window)
        self._tell(window)

    def _check_length(self, video):
        if self._found.windows:
            return
        if not self._found.frames:
            raise ValueError(self._options.why_no_frame(self._source))
        rate = video.frame_rate
        self._options.check_length(self._source, self._found.frames, rate)
        raise ValueError(
            f"{self._source} was never whole for "
            f"{self._options.span_at(rate)} frames, which a clip needs."
        )
