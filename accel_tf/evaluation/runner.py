"""Running several models over one sequence."""

import copy
import functools
import operator

import numpy as np

from accel_tf.evaluation.flow import match_with_previous
from accel_tf.evaluation.map_classes import class_mapping
from accel_tf.evaluation.plan import plan_passes
from accel_tf.metrics import (
    TemporalConsistency,
    confusion_matrix,
    iou_per_class,
)
from accel_tf.metrics.temporal_consistency import AFTER_KEY, KEY, OTHER
from accel_tf.streaming import FixedInterval, KeyframePolicy, VideoStream

_COUNTS = ("frames", "skipped", "frames_run", "key_frames")


class Run:
    """One model at one interval, and what it has scored so far.

    Args:
        model: a `VideoSegmenter`.
        keyframes: frames from one key frame to the next; or, in the mode
            `"stream"`, a `KeyframePolicy`, of which a copy is used.
        mode: one of `MODES`.
        temporal: whether to measure temporal consistency.
        class_names: of the data; `None` for the model's.
        steady: as of `VideoStream`, if the model has key frames.

    Attributes:
        passes: over the sequence at hand, as from `plan_passes`.
        end: the last frame of the present pass.
        confusions: dict of distance -> confusion matrix.
        frame_scores: list of the mean IoU of each frame that was scored.
        frames_run, key_frames: all that were run, and of these key frames.
        frames: scores counted.
        skipped: scores left out.
        temporal: `TemporalConsistency` or `None`.
        kind: of the last frame, one of `temporal_consistency.KINDS`; `None`
            of models without key frames.
    """

    def __init__(
        self,
        model,
        keyframes,
        mode,
        temporal,
        class_names=None,
        steady=False,
    ):
        self.policy, self.interval = None, keyframes
        if isinstance(keyframes, KeyframePolicy):
            self.policy, self.interval = copy.deepcopy(keyframes), 1
        self.stream = VideoStream(
            model,
            self.policy or FixedInterval(keyframes),
            steady=model.uses_key_frames and steady,
        )
        self.model, self.mode = model, mode
        self._mapping, self._classes = None, self.model.num_classes
        if class_names is not None:
            self._mapping = class_mapping(self.model, class_names)
            self._classes = len(class_names)
        self.passes, self.end = {}, -1
        self.confusions, self.frame_scores = {}, []
        self.frames = self.skipped = self.frames_run = self.key_frames = 0
        self.kind, self._age = None, None
        self.temporal = None
        if temporal:
            self.temporal = TemporalConsistency(self._classes)

    def plan(self, positions, number, height, width):
        """Plans the passes over the next sequence.

        Args:
            positions: of its labelled frames.
            number: labelled frames before this sequence.
            height, width: of its frames, in pixels.
        """
        if self.model.uses_key_frames:
            independent = self.interval == 1 and self.policy is None
        else:
            independent = not self.model.initial_state(1, height, width)
        self.passes, skipped = plan_passes(
            positions,
            self.interval,
            self.mode,
            number,
            self.model.uses_key_frames,
            independent,
        )
        self.skipped += skipped
        self._scored, self.end = set(), -1
        self._age = None
        self.stream.reset_state()
        if self.temporal:
            self.temporal.reset()

    def start_pass(self, start):
        """Forgets the frames before the pass."""
        self._age = None
        self.stream.reset_state()
        self._scored = set(self.passes[start])
        self.end = max(self._scored)

    def needs(self, index):
        """Whether the frame has to be run; starts the pass that begins."""
        if index in self.passes:
            self.start_pass(index)
        return self.temporal is not None or index <= self.end

    def step(self, index, frame, truth):
        """Runs a frame and scores it if it is among those to score.

        Args:
            index: of the frame.
            frame: uint8 `[H, W, 3]`.
            truth: function of the index that gives uint8 `[H, W]`.

        Returns:
            The predicted classes of the data, uint8 `[H, W]`.
        """
        predicted = self.stream(frame[None])[0]
        self._tell_kind()
        self.frames_run += 1
        self.key_frames += self.stream.is_key
        if self._mapping is not None:
            predicted = self._mapping[predicted]
        if index in self._scored:
            distance = self.stream.frames_since_key
            counts = confusion_matrix(
                truth(index),
                predicted,
                self._classes,
                with_none=self.model.runs_on_host,
            )
            self.confusions[distance] = (
                self.confusions.get(distance, 0) + counts
            )
            self.frames += 1
            if counts.any():
                self.frame_scores.append(_frame_score(counts))
        return predicted

    def _tell_kind(self):
        """Of the frame; a steady stream comes to its key frames late."""
        if not self.model.uses_key_frames:
            return
        age, before = self.stream.frames_since_key, self._age
        if before is None or age <= before:
            self.kind = KEY
        else:
            self.kind = AFTER_KEY if self.kind == KEY else OTHER
        self._age = age

    def scored(self):
        """What was scored so far, as `add` of another process' run takes it.

        Returns:
            dict.
        """
        if self.temporal:
            self.temporal.reset()
        names = ("confusions", "frame_scores", "temporal", *_COUNTS)
        return {name: getattr(self, name) for name in names}

    def add(self, scored):
        """Adds what a run with the same arguments has scored.

        Args:
            scored: dict from `scored`. In the order of the sequences the sum
                is what one run over all of them scores.
        """
        for distance, counts in scored["confusions"].items():
            before = self.confusions.get(distance, 0)
            self.confusions[distance] = before + counts
        self.frame_scores += scored["frame_scores"]
        if self.temporal:
            self.temporal.add(scored["temporal"])
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + scored[name])

    @property
    def key_frame_share(self):
        """Of all frames that were run; `None` where that says nothing."""
        if self.mode != "stream" or not self.model.uses_key_frames:
            return None
        return self.key_frames / max(self.frames_run, 1)


def _frame_score(counts):
    """Mean IoU of the classes that the frame has.

    In a single frame a stray pixel of another class would cost as much as a
    class that is missed.
    """
    return float(iou_per_class(counts)[counts.any(axis=1)].mean())


def make_runs(pairs, mode, temporal, class_names=None, steady=False):
    """A `Run` for each `(model, keyframes)`; a model is compiled once."""
    return [Run(*pair, mode, temporal, class_names, steady) for pair in pairs]


def run_sequence(runs, sequence, number, on_progress, estimator="dis"):
    """Runs all models over what they need of one sequence.

    Args:
        runs: list of `Run`, all of one mode.
        sequence: dict of `frames`, `labels`, `label_positions`.
        number: labelled frames before this sequence.
        on_progress: called with shares that sum to 1.
        estimator: of the flow for temporal consistency, see
            `match_with_previous`.

    Returns:
        How many labelled frames the sequence has.

    Raises:
        ValueError: if the label positions do not fit the frames.
    """
    positions = _label_positions(sequence)
    order = sorted(positions)
    # Windows of neighbouring labels overlap: images stay for as long.
    kept = 1 + max(run.interval for run in runs)

    @functools.lru_cache(maxsize=kept)
    def frame(index):
        return np.asarray(sequence["frames"][index])

    @functools.lru_cache(maxsize=kept)
    def truth(index):
        return np.asarray(sequence["labels"][positions[index]])[..., 0]

    height, width = frame(order[0] if order else 0).shape[:2]
    for run in runs:
        run.plan(order, number, height, width)
    if runs[0].mode == "stream":
        _run_streams(runs, sequence, frame, truth, on_progress, estimator)
    else:
        _run_windows(runs, frame, truth, on_progress)
    return len(positions)


def _run_streams(runs, sequence, frame, truth, on_progress, estimator):
    """Frame by frame, all runs side by side: nothing needs to be stored."""
    length = len(sequence["frames"])
    for index in range(length):
        pixels = None
        if index and any(run.temporal for run in runs):
            pixels = match_with_previous(sequence, frame, index, estimator)
        for run in runs:
            if run.needs(index):
                predicted = run.step(index, frame(index), truth)
                if run.temporal:
                    run.temporal.update(predicted, pixels, run.kind)
        on_progress(1 / length)


def _run_windows(runs, frame, truth, on_progress):
    """Pass by pass, those with neighbouring frames after each other."""
    passes = sorted(
        (start, number)
        for number, run in enumerate(runs)
        for start in run.passes
    )
    for start, number in passes:
        run = runs[number]
        run.start_pass(start)
        for index in range(start, run.end + 1):
            run.step(index, frame(index), truth)
        on_progress(1 / len(passes))
    if not passes:
        on_progress(1)


def _label_positions(sequence):
    """dict of the frame's index -> index of its label map."""
    given = [operator.index(p) for p in sequence["label_positions"]]
    length = len(sequence["frames"])
    if len(given) != len(sequence["labels"]) or not all(
        0 <= position < length for position in given
    ):
        raise ValueError(
            f"a sequence of {length} frames has {len(sequence['labels'])} "
            f"label maps at the positions {given}."
        )
    return {position: number for number, position in enumerate(given)}
