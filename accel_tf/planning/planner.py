"""What `accel-tf plan` does."""

import contextlib
import json as json_module
import math
import pathlib
import time

import tqdm

from accel_tf import optional
from accel_tf.benchmark.measure import load_average
from accel_tf.files import write_text
from accel_tf.messages import hide_deprecations, is_quiet, tell
from accel_tf.planning import candidates
from accel_tf.planning.bench import Bench
from accel_tf.planning.candidates import ModelName
from accel_tf.planning.finding import Finding
from accel_tf.planning.reference import costliest, label_windows
from accel_tf.planning.results import Goal
from accel_tf.planning.scores import OnData
from accel_tf.planning.search import Search
from accel_tf.planning.windows import read_sample
from accel_tf.runtimes.restore import restore_segmenter
from accel_tf.visualize.plot_files import checked_png


def plan_video(
    video,
    fps,
    models=None,
    runtimes=None,
    precisions=("float32",),
    sizes=None,
    intervals=(1, 2, 5, 10),
    reference=None,
    data=None,
    data_dir=None,
    split="validation",
    threads=None,
    margin=0.1,
    seconds=180.0,
    json=None,
    plot=None,
):
    """Finds out how this machine can segment a video at a frame rate.

    Measures candidates on frames of the video, as `accel-tf segment` runs
    them, prints those that reach the rate and the command line of the best
    of them, which it has run on the beginning of the video.

    Args:
        video: path of a video, or a folder or pattern of frames.
        fps: frames per second that are to be reached.
        models: names as `accel_tf.planning.candidates.ModelName.parse` takes
            them; by default the models for streets whose weights are at hand.
        runtimes: `"tensorflow"` and names of `accel_tf.runtimes.RUNTIMES`; by
            default those installed.
        precisions: of the runtimes; int8 is calibrated on the video.
        sizes: list of `(height, width)`, `"full"`, or `None` for the scale
            that a model was trained at; by default that, and smaller ones if
            it does not reach the rate.
        intervals: frames from one key frame to the next.
        reference: name of the model whose labels, of every frame by itself,
            are compared with; by default the one of the candidates with the
            most operations.
        data: name of a built data set whose labels are compared with instead.
        data_dir, split: of the data set.
        threads: of other runtimes than TensorFlow; `None` for their choice.
        margin: share of the rate that must be to spare by the times of
            single frames; the run need not have it.
        seconds: that it may take, about.
        json: path for everything measured; `None` for none.
        plot: path of a PNG of labels against time; `None` for none.

    Returns:
        dict, what `json` gets: see `accel_tf.planning.finding.Finding.record`.

    Raises:
        ValueError, OSError, ImportError: one line, if something of this is
            wrong, before the long work where possible.
    """
    start, load = time.monotonic(), load_average()
    goal = _checked_goal(fps, margin, seconds)
    _check_targets(json, plot, data, reference)
    intervals = _checked_intervals(intervals)
    names = list(map(ModelName.parse, models or candidates.default_models()))
    runtimes = list(runtimes or candidates.installed_runtimes())
    candidates.check_runtimes(runtimes, precisions)
    hide_deprecations()
    with _Steps() as steps:
        steps.begin("reading the video")
        sample = read_sample(video, intervals[-1])
        steps.begin("loading models")
        restored, lower = candidates.forms(
            {name: _restored(name, bool(models)) for name in names},
            "bfloat16" in precisions,
        )
        stages, reasons = _stages(
            restored, lower, runtimes, precisions, sizes, sample.size
        )
        steps.add(sum(map(len, stages)))
        steps.begin("labels to compare with")
        scorer, against = _scorer(
            restored, reference, sample, (data, data_dir, split), seconds
        )
        bench = Bench(restored, sample, scorer, threads, lower)
        left = seconds - (time.monotonic() - start)
        search = Search(bench, goal, intervals, left, on_step=steps.begin)
        search.run(stages)
    conditions = {
        "runtimes": runtimes,
        "threads": threads,
        "seconds": seconds,
        "seconds_taken": round(time.monotonic() - start, 1),
        "load_average_before": load,
    }
    finding = Finding(sample, goal, against, search, reasons, conditions)
    print(finding.text(), flush=True)
    return _written(finding, json, plot)


def _written(finding, json, plot):
    found = finding.record()
    if json:
        text = json_module.dumps(found, indent=1, allow_nan=False)
        write_text(json, text + "\n")
    if plot:
        finding.plot(plot)
    return found


def _checked_goal(fps, margin, seconds):
    for name, value in (("fps", fps), ("seconds", seconds)):
        if not (0 < value < math.inf):
            raise ValueError(f"{name} must be above 0, not {value}.")
    if not 0 <= margin < math.inf:
        raise ValueError(f"margin must be a share, 0 or more, not {margin}.")
    return Goal(fps, margin)


def _checked_intervals(intervals):
    from accel_tf.streaming import FixedInterval

    intervals = sorted({FixedInterval(each).interval for each in intervals})
    if not intervals:
        raise ValueError("intervals must name one interval or more.")
    return intervals


def _check_targets(json, plot, data, reference):
    if data is not None and reference is not None:
        raise ValueError(
            "labels are compared with --data or with --reference; give one "
            "of them."
        )
    if json and not pathlib.Path(json).absolute().parent.is_dir():
        raise FileNotFoundError(
            f"no such folder: {pathlib.Path(json).absolute().parent}."
        )
    if plot:
        checked_png(plot)
        optional.matplotlib_pyplot()


def _restored(name, tells):
    model, message = restore_segmenter(name.model, name.weights)
    if tells:
        tell(message)
    return model


def _stages(restored, lower, runtimes, precisions, sizes, frame_size):
    """`(stages, reasons)`: see `Search.run`; and of what cannot be, why."""
    given = list(sizes or [None])
    variants, reasons = candidates.make_variants(
        restored, runtimes, precisions, given, lower
    )
    stages = [variants]
    if sizes is None:
        smaller = [
            variant
            for each in variants
            for variant in candidates.smaller(
                each, restored[each.name], frame_size
            )
        ]
        stages.append(smaller)
    return stages, reasons


def _scorer(restored, reference, sample, data, seconds):
    """`(scorer, against)`: what gives scores, and a dict that tells of it."""
    if data[0] is not None:
        scorer = OnData(*data)
        return scorer, {"data": scorer.name, "frames": scorer.count}
    name = reference and ModelName.parse(reference)
    if name is None:
        name = costliest(restored, sample.size)
    model = restored.get(name)
    if model is None:
        model = candidates.form(name, _restored(name, True))
    scorer, told = label_windows(name.text, model, sample, seconds)
    return scorer, {
        "reference": told.name,
        "model_size": list(told.model_size),
        "frames": told.frames,
        "seconds": round(told.seconds, 2),
    }


class _Steps:
    """A progress bar whose steps have titles."""

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self._bar = self._stack.enter_context(
            tqdm.tqdm(total=3, unit=" steps", leave=False, disable=is_quiet())
        )
        self._is_first = True
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def add(self, count):
        """There are so many more steps."""
        self._bar.total += count
        self._bar.refresh()

    def begin(self, title):
        """The step before is done, and the next one has this title."""
        if not self._is_first:
            self._bar.update()
        self._is_first = False
        self._bar.set_description(f"plan: {title}")
