"""The weights that a student has before it meets a drive."""

import keras
import numpy as np

from accel_tf.distill import ParameterSpace
from accel_tf.distill.phase_trainer import PhaseTrainer
from accel_tf.distill.replay_buffer import ReplayBuffer
from accel_tf.distill.selectors import Full
from accel_tf.distill.student_state import StudentState


def measure_statistics(model, frames):
    """Gives batch normalisation statistics of its own, with equal outputs.

    Some published files have normalisation folded into the convolutions, so
    that its statistics are 0 and 1. Training with the statistics of batches
    would change what such a model computes; this measures the true ones and
    changes scale and shift so that the outputs stay.

    Args:
        model: a per-frame `VideoSegmenter` of functional parts.
        frames: uint8 RGB `[B, H, W, 3]` to measure on.
    """
    seen = {}
    layers = [
        layer
        for layer in _all_layers(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]

    def watch(layer):
        call = layer.call

        def watched(inputs, *arguments, **options):
            seen[layer] = keras.ops.moments(inputs, _all_but_channels(inputs))
            return call(inputs, *arguments, **options)

        layer.call = watched
        return call

    calls = [watch(layer) for layer in layers]
    try:
        model.step(frames, {})
    finally:
        for layer, call in zip(layers, calls, strict=True):
            layer.call = call
    for layer, (mean, variance) in seen.items():
        scale = layer.gamma / keras.ops.sqrt(
            layer.moving_variance + layer.epsilon
        )
        shift = layer.beta - layer.moving_mean * scale
        layer.gamma.assign(scale * keras.ops.sqrt(variance + layer.epsilon))
        layer.beta.assign(shift + mean * scale)
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)


def _all_layers(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer)
        else:
            yield layer


def _all_but_channels(inputs):
    return list(range(len(inputs.shape) - 1))


def train_first(
    model, frames, labels, iterations, batch_size=8, progress=iter, seed=0
):
    """Trains all weights on labelled frames, as AMS trains a few.

    Args:
        model: a `VideoSegmenter`; has the weights afterwards.
        frames: uint8 `[N, H, W, 3]`.
        labels: uint8 `[N, H, W]`.
        iterations: of Adam; the learning rate falls to a tenth in the last
            quarter of them.
        batch_size: frames of each.
        progress: wraps the parts of 25 iterations, as `tqdm.tqdm` does.
        seed: of the choice of the frames.

    Returns:
        float, the mean loss of the last part.
    """
    space = ParameterSpace(model)
    buffer = ReplayBuffer(float(len(frames)) + 1, 2**33)
    for index, pair in enumerate(zip(frames, labels, strict=True)):
        buffer.add(float(index), *pair)
    state = StudentState.fresh(space, space.read())
    rng, parts = np.random.default_rng(seed), max(1, iterations // 25)
    trainers = [PhaseTrainer(model, space, rate) for rate in (1e-3, 1e-4)]
    for part in progress(range(parts)):
        trainer = trainers[part >= 0.75 * parts]
        result = trainer.run_phase(state, buffer, Full(), 25, batch_size, rng)
        state = result.state
    space.write(state.weights)
    return float(result.losses.mean())
