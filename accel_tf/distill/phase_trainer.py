"""Phases of training with a few weights free."""

import dataclasses
import time

import keras
import numpy as np

from accel_tf.distill.masked_adam import adam_rate
from accel_tf.distill.phase_result import PhaseResult
from accel_tf.distill.train_step import TrainStep

STATISTICS = ("sent", "frozen")


class PhaseTrainer:
    """Trains students, each a `StudentState`, with one model as their form.

        space = ParameterSpace(model)
        trainer = PhaseTrainer(model, space, class_indices=[0, 2, 8, 10])
        state = StudentState.fresh(space, space.read())
        rng = np.random.default_rng(0)
        result = trainer.run_phase(
            state, buffer, GradientGuided(0.05), 20, 8, rng
        )

    The loss is the mean cross entropy of the classes of the subset over the
    pixels whose label is one of them. Adam goes on from phase to phase, with
    an epsilon of 1e-8; its moments follow all weights, also those that do
    not move. The model's own weights are neither read nor written, and its
    program is compiled once for each size of minibatch; threads may share a
    trainer. Frames are key frames: of models with a second branch for the
    others, that branch is not trained.

    Args:
        model: a `VideoSegmenter`.
        space: its `ParameterSpace`.
        learning_rate: of Adam.
        class_indices: the classes that the video has; all by default.
        statistics: `"sent"`: batches are normalised with their own
            statistics, and the moving ones follow (the variance by the
            unbiased one of the batch, as in TensorFlow 1), which the edge
            must be sent. `"frozen"`: with the moving statistics, which stay;
            other parts behave as in inference too (no dropout).

    Raises:
        ValueError: if an argument is not of that kind, or Keras does not run
            on TensorFlow.
    """

    def __init__(
        self,
        model,
        space,
        learning_rate=1e-3,
        class_indices=None,
        statistics="sent",
    ):
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                "learning on the go runs on TensorFlow; set "
                "KERAS_BACKEND=tensorflow."
            )
        if statistics not in STATISTICS:
            raise ValueError(
                f'statistics is "{statistics}"; it is one of '
                f"{', '.join(STATISTICS)}."
            )
        if not learning_rate > 0:
            raise ValueError(
                f"learning_rate is {learning_rate}; above 0 is right."
            )
        self.space = space
        self.learning_rate = float(learning_rate)
        self.statistics = statistics
        self._step = TrainStep(
            model, space, class_indices, statistics == "sent"
        )

    def run_phase(self, state, buffer, selector, iterations, batch_size, rng):
        """Runs one phase.

        Args:
            state: `StudentState` that it goes on from.
            buffer: `ReplayBuffer`.
            selector: `Selector` of the weights that it may change.
            iterations: of Adam.
            batch_size: frames of each.
            rng: `numpy.random.Generator`; minibatches and selectors draw
                from it.

        Returns:
            `PhaseResult`. Where there is nothing to learn from (an empty
            buffer, labels of no class), or the loss or a gradient is NaN or
            infinite, the phase is skipped and the result says why.

        Raises:
            ValueError: if the state is of another model, or a number is less
                than 1.
        """
        for name, number in (
            ("iterations", iterations),
            ("batch_size", batch_size),
        ):
            if number < 1:
                raise ValueError(f"{name} is {number}; 1 is the least.")
        phase = _Phase(self, state.checked(self.space), selector, rng)
        if not len(buffer):
            return phase.skipped("there are no frames yet")
        for _ in range(iterations):
            fault = phase.iterate(*buffer.sample(batch_size, rng))
            if fault:
                return phase.skipped(fault)
        if not phase.losses:
            return phase.skipped("no pixel has a label of the classes")
        return phase.result()


class _Phase:
    """A phase on its way."""

    def __init__(self, trainer, state, selector, rng):
        self.trainer, self.start = trainer, state
        self.selector, self.rng = selector, rng
        self.began = time.perf_counter()
        self.losses, self.empty = [], 0
        size = trainer.space.trainable_size
        self.weights = state.weights[:size]
        self.statistics = state.weights[size:]
        self.moments = state.first_moment, state.second_moment
        self.steps, self.change = state.steps, state.last_change
        self.counters = trainer._step.fresh_counters(rng)
        self.mask = None
        if selector.source != "first_step":
            ranking = None
            if selector.source and self.change is not None:
                ranking = np.abs(self.change)
            self.mask = selector.select(trainer.space, rng, ranking)

    def iterate(self, frames, labels):
        """One iteration; gives what is wrong with it, if anything is."""
        is_first = self.mask is None
        mask = np.ones(self.weights.shape, bool) if is_first else self.mask
        rate = adam_rate(self.steps + 1, self.trainer.learning_rate)
        out = self.trainer._step(
            self.weights, self.statistics, self.counters, self.moments,
            mask, rate, frames, labels,
        )  # fmt: skip
        if not out.pixels:
            self.empty += 1
            return None
        if not out.is_finite:
            return f"iteration {len(self.losses) + 1} gave NaN or infinity"
        weights = out.weights
        if is_first:
            weights = self._choose(out)
        self.weights, self.statistics = weights, out.statistics
        self.counters, self.moments = out.counters, out.moments
        self.change = out.change
        self.steps += 1
        self.losses.append(out.loss)
        return None

    def _choose(self, out):
        """Makes the mask, and gives the weights with the others put back."""
        # Of moments that were zero, the first step changes all weights by
        # the rate, but for epsilon and rounding. Without rounding the order
        # would be that of the gradients.
        ranked = out.change if self.steps else out.gradient
        self.mask = self.selector.select(
            self.trainer.space, self.rng, np.abs(ranked.numpy())
        )
        return np.where(self.mask, out.weights.numpy(), self.weights)

    def result(self):
        state = dataclasses.replace(
            self.start,
            weights=np.concatenate([self.weights, self.statistics]),
            first_moment=np.array(self.moments[0]),
            second_moment=np.array(self.moments[1]),
            steps=self.steps,
            last_change=np.array(self.change),
        )
        return self._result(state, self.mask)

    def skipped(self, reason):
        mask = np.zeros(self.trainer.space.trainable_size, bool)
        return self._result(self.start, mask, reason)

    def _result(self, state, mask, reason=None):
        return PhaseResult(
            state=state,
            mask=mask,
            losses=np.array(self.losses, np.float32),
            seconds=time.perf_counter() - self.began,
            empty_iterations=self.empty,
            skipped=reason,
        )
