"""Statistics of batch normalisation of the weights as they are."""

import contextlib

import keras
import numpy as np

from accel_tf.models.keras_files import copy_of
from accel_tf.training.freezing import batch_normalizations
from accel_tf.training.fused_normalization import fuse_normalization


def precise_batch_norm(model, batches):
    """Replaces moving statistics by those of some batches.

    The moving ones are of the weights of some updates ago. PySlowFast (X3D,
    VoV3D) takes 200 batches before every validation. The mean is that of the
    batches' means, the variance that of all values together.

    Args:
        model: a `keras.Model` with batch normalisation, whose weights exist.
        batches: iterable of inputs of the model; of tuples the first entry
            counts. As large as those that the model is trained on.

    Returns:
        The number of batches; where it is 0, nothing has changed.
    """
    return PreciseStatistics(model).update(batches)


class PreciseStatistics:
    """`precise_batch_norm` several times, by one compiled program.

    Args:
        model: as there.
        fused: whether to normalise by TensorFlow's fused operation.
    """

    def __init__(self, model, fused=False):
        self._layers = batch_normalizations(model)
        if fused:
            fuse_normalization(model)
        self._pass = _TrainingPass(model)
        # XLA would take longer to compile than it saves.
        self._pass.compile(jit_compile=keras.backend.backend() == "jax")

    def update(self, batches):
        """As `precise_batch_norm` does."""
        count, sums = 0, [(0.0, 0.0)] * len(self._layers)
        with self._latest_batch_only():
            for batch in batches:
                inputs = batch[0] if isinstance(batch, tuple) else batch
                self._pass.predict_on_batch(inputs)
                sums = [
                    (mean + seen_mean, square + seen_variance + seen_mean**2)
                    for (mean, square), (seen_mean, seen_variance) in zip(
                        sums, map(_statistics, self._layers), strict=True
                    )
                ]
                count += 1
        if count:
            for layer, (mean, square) in zip(self._layers, sums, strict=True):
                mean = mean / count
                layer.moving_mean.assign(mean)
                layer.moving_variance.assign(square / count - mean**2)
        return count

    @contextlib.contextmanager
    def _latest_batch_only(self):
        """Moving statistics are those of the last batch alone."""
        momenta = [layer.momentum for layer in self._layers]
        for layer in self._layers:
            layer.momentum = 0.0
        try:
            yield
        finally:
            for layer, momentum in zip(self._layers, momenta, strict=True):
                layer.momentum = momentum


class PreciseCopy:
    """A copy of a network in training, with precise statistics.

    The training does not notice: its own statistics, and the random numbers
    of its dropout, stay as they are.

    Args:
        network: in training.
        batches: function of the epoch that gives batches of inputs, as of
            `precise_batch_norm`.
        fused: as of `PreciseStatistics`.

    Attributes:
        network: the copy.
    """

    def __init__(self, network, batches, fused=False):
        self.network = copy_of(network)
        self._original = network
        self._batches = batches
        self._statistics = PreciseStatistics(self.network, fused)
        self._epoch = None

    def update(self, epoch):
        """Makes it what the network is after an epoch; once for each."""
        if epoch != self._epoch:
            self.network.set_weights(self._original.get_weights())
            self._statistics.update(self._batches(epoch))
            self._epoch = epoch


class _TrainingPass(keras.Model):
    """Calls a network as its training does, without an update."""

    def __init__(self, network):
        super().__init__(name="training_pass")
        self.network = network

    def call(self, inputs):
        outputs = self.network(inputs, training=True)
        # What comes out is not looked at, and should not be copied.
        return keras.ops.mean(outputs)[None]


def _statistics(layer):
    return tuple(
        keras.ops.convert_to_numpy(value).astype(np.float64)
        for value in (layer.moving_mean, layer.moving_variance)
    )
