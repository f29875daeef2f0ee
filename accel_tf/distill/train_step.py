"""One iteration of training as a pure function, compiled."""

import dataclasses

import keras
from keras import ops

from accel_tf.distill.class_subset import places_of_classes
from accel_tf.distill.masked_adam import masked_adam
from accel_tf.training.fused_normalization import fused_normalization


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What an iteration gives; vectors are tensors.

    Attributes:
        weights, change, gradient: float32 `[trainable_size]`.
        statistics: float32 `[size - trainable_size]`.
        moments: the two float32 `[trainable_size]`.
        counters: list of tensors, see `TrainStep.fresh_counters`.
        loss: float.
        pixels: how many it is the mean of; without any, nothing else counts.
        is_finite: whether loss, gradients and statistics are.
    """

    weights: object
    statistics: object
    moments: tuple
    counters: list
    change: object
    gradient: object
    loss: float
    pixels: int
    is_finite: bool


class TrainStep:
    """A masked step of Adam on one minibatch; see `PhaseTrainer`.

    Args:
        model: a `VideoSegmenter`.
        space: its `ParameterSpace`.
        class_indices: the classes that count; all by default.
        training: whether to use the batch's statistics and dropout.

    Raises:
        ValueError: if the model has not these classes.
    """

    def __init__(self, model, space, class_indices, training):
        import tensorflow as tf

        if class_indices is None:
            class_indices = range(model.num_classes)
        self.class_indices = [int(each) for each in class_indices]
        self._places = places_of_classes(self.class_indices)
        if max(self.class_indices) >= model.num_classes:
            raise ValueError(
                f"class_indices has {max(self.class_indices)}; the model has "
                f"the classes 0 to {model.num_classes - 1}."
            )
        self._model, self._space, self._training = model, space, training
        known = {id(each) for each in space.variables}
        self._counters = [
            each for each in model.variables if id(each) not in known
        ]
        self._program = tf.function(self._run, autograph=False)

    def fresh_counters(self, rng):
        """Values of what the space leaves out: seeds, drawn, and counters.

        Args:
            rng: `numpy.random.Generator`; dropout depends on it too.

        Returns:
            list of numpy arrays.
        """
        return [
            rng.integers(2**31, size=each.shape).astype(each.dtype)
            if each.name == "seed_generator_state"
            else each.numpy()
            for each in self._counters
        ]

    def __call__(
        self, weights, statistics, counters, moments, mask, rate, frames, labels
    ):
        """Runs it.

        Args:
            weights: float32 `[trainable_size]`.
            statistics: float32 `[size - trainable_size]`.
            counters: from `fresh_counters` or the step before.
            moments: Adam's, two float32 `[trainable_size]`.
            mask: bool `[trainable_size]`.
            rate: from `adam_rate`.
            frames: uint8 `[B, H, W, 3]`.
            labels: uint8 `[B, H, W]`.

        Returns:
            `StepResult`.
        """
        out = self._program(
            *(ops.convert_to_tensor(each) for each in (weights, statistics)),
            [ops.convert_to_tensor(each) for each in counters],
            [ops.convert_to_tensor(each) for each in moments],
            ops.convert_to_tensor(mask),
            ops.convert_to_tensor(rate, "float32"),
            ops.convert_to_tensor(frames),
            ops.convert_to_tensor(labels),
        )
        out["loss"] = float(out["loss"])
        out["pixels"] = int(out["pixels"])
        out["is_finite"] = bool(out["is_finite"])
        return StepResult(**out)

    def _run(
        self, weights, statistics, counters, moments, mask, rate, frames, labels
    ):
        import tensorflow as tf

        vector = ops.concatenate([weights, statistics])
        parts = self._space.split(vector)
        trainable = parts[: len(self._space.trainable)]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(trainable)
            logits, moved, counters = self._forward(parts, counters, frames)
            loss, pixels = subset_cross_entropy(logits, labels, self._places)
        gradients = tape.gradient(
            loss, trainable, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        gradient = _joined(gradients)
        after, *moments, change = masked_adam(
            weights, gradient, *moments, mask, rate
        )
        statistics = _joined(moved) if moved else statistics
        sums = ops.sum(gradient) + ops.sum(statistics) + loss
        return {
            "weights": after,
            "statistics": statistics,
            "moments": tuple(moments),
            "counters": counters,
            "change": change,
            "gradient": gradient,
            "loss": loss,
            "pixels": pixels,
            "is_finite": ops.isfinite(sums),
        }

    def _forward(self, parts, counters, frames):
        """Logits of the subset, the statistics after it and the counters."""
        model, space = self._model, self._space
        batch, height, width, _ = frames.shape
        mapping = [
            *zip(space.variables, parts, strict=True),
            *zip(self._counters, counters, strict=True),
        ]
        with (
            keras.StatelessScope(state_mapping=mapping) as scope,
            # A third of the time of a MobileNet's step on a processor.
            fused_normalization(model),
        ):
            state = model.clip_state(batch, height, width)
            scores, bias, _ = model.segment(frames, state, True, self._training)
            # Fewer classes are cheaper to bring to the frame's size.
            scores, bias = self._subset(scores), self._subset(bias)
            logits = model.logits(scores, bias, (height, width))
        moved = [_current(scope, each) for each in space.statistics]
        return logits, moved, [_current(scope, c) for c in self._counters]

    def _subset(self, scores):
        if scores is None or self.class_indices == list(
            range(self._model.num_classes)
        ):
            return scores
        return ops.take(scores, self.class_indices, axis=-1)


def subset_cross_entropy(logits, labels, places):
    """Mean cross entropy over the pixels whose label is in a subset.

    Args:
        logits: float32 `[B, H, W, n]` of the classes of the subset.
        labels: uint8 `[B, H, W]`.
        places: from `places_of_classes`.

    Returns:
        `(loss, pixels)`: scalars, float32 and int32, the mean and over how
        many pixels; 0 without any.
    """
    labels = ops.take(places, ops.cast(labels, "int32"))
    counts = labels >= 0
    losses = ops.sparse_categorical_crossentropy(
        ops.maximum(labels, 0), logits, from_logits=True
    )
    pixels = ops.sum(ops.cast(counts, "int32"))
    # Not by a product: a logit that is infinite there would make it NaN.
    total = ops.sum(ops.where(counts, losses, 0.0))
    return total / ops.cast(ops.maximum(pixels, 1), "float32"), pixels


def _current(scope, variable):
    value = scope.get_current_value(variable)
    return variable.value if value is None else value


def _joined(parts):
    return ops.concatenate([ops.reshape(each, (-1,)) for each in parts])
