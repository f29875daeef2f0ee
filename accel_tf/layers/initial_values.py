"""Initial values of weights that are replaced at once."""

import contextlib

import keras


@contextlib.contextmanager
def without_random_values():
    """Weights of models that are built inside are zeros where usually random.

    Drawing millions of random numbers takes seconds, in vain if a file has
    the weights. It concerns initializers that layers are given by name.
    """
    names = [
        name
        for name, value in vars(keras.initializers).items()
        if isinstance(value, type) and _is_random(value)
    ]
    with keras.saving.custom_object_scope(dict.fromkeys(names, _Zeros)):
        yield


def with_zeros_for_random_values(config):
    """A layer's config whose weights are zeros where they were random.

    Args:
        config: dict of `get_config`; left as it is.
    """
    return {
        key: "zeros"
        if key.endswith("_initializer") and _draws(value)
        else value
        for key, value in config.items()
    }


class _Zeros:
    """Keras makes of it what layers then know as its own."""

    @classmethod
    def from_config(cls, config):
        return keras.initializers.Zeros()


def _is_random(kind):
    return issubclass(kind, keras.initializers.Initializer) and hasattr(
        kind(), "seed"
    )


def _draws(config):
    return isinstance(config, dict) and "seed" in (config.get("config") or {})
