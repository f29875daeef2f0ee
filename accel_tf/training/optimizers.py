"""Optimizers with learning rates and weight decay by variable.

As MXNet's, with which the published models were trained: weight decay is
part of the gradient (not decoupled from it, as Keras' `weight_decay`), and
every variable has a factor to the learning rate. Accel (CVPR 2019) trains
its fusion layer with `{"fusion/kernel": 2, "fusion/bias": 4}`.

The original adds up the gradients of its devices, one image each; Keras
averages over the batch. For the original's steps, multiply the learning
rate by the number of images.
"""

import keras
from keras import ops

from accel_tf.training.patterns import check_patterns, matches

DECAYED = ("kernel", "gamma")


class _ByVariable:
    """Goes before a Keras optimizer among the bases."""

    def __init__(self, *args, decay, multipliers, decayed, **kwargs):
        super().__init__(*args, **kwargs)
        self.decay = decay
        self.multipliers = dict(multipliers or {})
        self.decayed = tuple(decayed)
        for pattern, factor in self.multipliers.items():
            if factor < 0:
                raise ValueError(
                    f"multipliers: {pattern!r} has {factor}, a factor must "
                    "not be negative."
                )

    def build(self, variables):
        if self.built:
            return
        paths = [variable.path for variable in variables]
        check_patterns(self.multipliers, paths, "multipliers")
        # The default names what a model may have, not what it must have.
        if self.decayed != DECAYED:
            check_patterns(self.decayed, paths, "decayed")
        self.factors = [self._factor(path) for path in paths]
        self.decays = [self._decay(path) for path in paths]
        super().build(variables)

    def _factor(self, path):
        for pattern, factor in self.multipliers.items():
            if matches(path, pattern):
                return factor
        return 1.0

    def _decay(self, path):
        decays = any(matches(path, pattern) for pattern in self.decayed)
        return self.decay if decays else 0.0

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        if self.decays[index]:
            decayed = ops.multiply(variable, self.decays[index])
            gradient = ops.add(gradient, decayed)
        learning_rate = ops.multiply(learning_rate, self.factors[index])
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "decay": self.decay,
            "multipliers": dict(self.multipliers),
            "decayed": list(self.decayed),
        }


@keras.saving.register_keras_serializable(package="accel_tf")
class SGD(_ByVariable, keras.optimizers.SGD):
    """Gradient descent with momentum, weight decay and factors by variable.

    `m = momentum * m - learning_rate * factor * (gradient + decay * w)`,
    then `w = w + m`.

    Args:
        learning_rate: float or schedule.
        momentum: float.
        decay: weight decay, part of the gradient.
        multipliers: dict of pattern -> factor to the learning rate; the
            first pattern that fits counts. Patterns are those of `fnmatch`
            and may fit a variable's `path` or the end of it: `fc6/bias`,
            `update_head/*`.
        decayed: patterns of the variables with weight decay; `["kernel"]`
            leaves out the gammas, as TDNet (CVPR 2020) does.
        **kwargs: of `keras.optimizers.SGD`.

    Raises:
        ValueError: for a negative factor and, once the variables are known,
            for a pattern of `multipliers`, or one of `decayed` that is not
            there by default, that fits none of them.
    """

    def __init__(
        self,
        learning_rate=5e-4,
        momentum=0.9,
        decay=5e-4,
        multipliers=None,
        decayed=DECAYED,
        **kwargs,
    ):
        super().__init__(
            learning_rate,
            momentum=momentum,
            decay=decay,
            multipliers=multipliers,
            decayed=decayed,
            **kwargs,
        )


@keras.saving.register_keras_serializable(package="accel_tf")
class Adam(_ByVariable, keras.optimizers.Adam):
    """Adam (ICLR 2015) with the arguments of `SGD`.

    Args:
        learning_rate, decay, multipliers, decayed: as in `SGD`; without
            weight decay unless asked for.
        **kwargs: of `keras.optimizers.Adam`.

    Raises:
        ValueError: as `SGD`.
    """

    def __init__(
        self,
        learning_rate=1e-4,
        decay=0.0,
        multipliers=None,
        decayed=DECAYED,
        **kwargs,
    ):
        super().__init__(
            learning_rate,
            decay=decay,
            multipliers=multipliers,
            decayed=decayed,
            **kwargs,
        )
