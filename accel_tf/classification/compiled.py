"""A classifier's probabilities, compiled by whichever backend is in use."""

import keras
import numpy as np

from accel_tf.ops.kernels import kernels_for


def compile_probabilities(model):
    """Compiles `model.probabilities`.

    Args:
        model: a `ClipClassifier`.

    Returns:
        Function from clips, uint8 or float `[B, T, H, W, 3]`, to float32
        `[B, classes]`, a numpy array. It stays with the model, whose weights
        it reads as they are when it runs.
    """
    if "_compiled_probabilities" not in vars(model):
        # Not as Keras sets an attribute: it would belong to what is saved.
        compiled = _compile(model)
        object.__setattr__(model, "_compiled_probabilities", compiled)
    return model._compiled_probabilities


def _compile(model):
    network = _Probabilities(model)
    # On processors XLA takes longer to compile than it saves.
    network.compile(jit_compile=keras.backend.backend() == "jax")

    def probabilities(clips):
        with kernels_for("tensorflow"):
            return np.asarray(network.predict_on_batch(clips))

    return probabilities


class _Probabilities(keras.Model):
    def __init__(self, classifier):
        super().__init__(name="probabilities")
        self.classifier = classifier

    def call(self, clips):
        return self.classifier.probabilities(clips)
