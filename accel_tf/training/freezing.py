"""Which parts of a model are trained, by name."""

import keras

from accel_tf.training.patterns import check_patterns, matches

# Accel (CVPR 2019): only the fusion learns.
ACCEL_TRAINED = ("fusion/*",)
# DeepLab-101 of the official configuration: the first convolution, the
# first stage and every batch normalisation keep their ImageNet values.
DEEPLAB_101_FROZEN = ("conv1/*", "res2_*", "gamma", "beta")


def freeze(model, patterns):
    """Freezes variables by name; what was frozen before stays so.

    A layer of which nothing is trained becomes `trainable = False`, so that
    batch normalisation uses its stored statistics and leaves them as they
    are. Call it before `compile`; it is not saved with the model.

    Args:
        model: a `keras.Model` whose weights exist. Models inside it are
            looked into; any other layer is one unit.
        patterns: one, or a sequence, as `fnmatch` takes them. Each may fit
            a variable's `path` or the end of it: `flow_network/*`, `res2_*`,
            `gamma`, `*bias`.

    Returns:
        The number of variables that are still trained.

    Raises:
        ValueError: if a pattern fits no variable; nothing is changed.
    """
    trained = _keys(model.trainable_variables)
    return _train(
        model, patterns, lambda key, fits: key in trained and not fits
    )


def train_only(model, patterns):
    """Trains the variables of these names and freezes all others.

    Args:
        model, patterns: as in `freeze`; "all" is every variable.

    Returns:
        The number of variables that are trained.

    Raises:
        ValueError: if a pattern fits no variable; nothing is changed.
    """
    return _train(model, patterns, lambda key, fits: fits)


def synchronize_batch_norm(model):
    """Makes batch normalisation take its statistics over all devices.

    For `tf.distribute`: without it every device normalises by its own part
    of the batch. Under JAX's `DataParallel` that is so by itself. Call it
    before `compile`; it is not saved with the model.

    Args:
        model: a `keras.Model`.

    Returns:
        The number of layers.

    Raises:
        ValueError: if the Keras backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "batch normalisation can be synchronised on the TensorFlow "
            f"backend only, not on {keras.backend.backend()}."
        )
    normalizations = batch_normalizations(model)
    for layer in normalizations:
        layer.synchronized = True
    return len(normalizations)


def batch_normalizations(model):
    """The layers of batch normalisation inside a model, at any depth."""
    return [
        layer
        for layer in _leaves(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]


def _train(model, patterns, decide):
    """Trains the variables for whose `id` `decide(id, fits)` is true."""
    patterns = [patterns] if isinstance(patterns, str) else list(patterns)
    patterns = ["*" if pattern == "all" else pattern for pattern in patterns]
    before = _keys(model.trainable_variables)
    _unfreeze(model)  # only now it shows what can be trained at all
    paths = {
        id(variable): variable.path for variable in model.trainable_variables
    }
    try:
        check_patterns(patterns, list(paths.values()), "patterns")
    except ValueError:
        _set(model, before, paths)
        raise
    chosen = {
        key
        for key, path in paths.items()
        if decide(key, any(matches(path, pattern) for pattern in patterns))
    }
    _set(model, chosen, paths)
    return len(chosen)


def _unfreeze(layer):
    # Keras ignores a flag that has its value already, though layers further
    # inside may have the other.
    layer.trainable = False
    layer.trainable = True
    for part in getattr(layer, "layers", ()):
        _unfreeze(part)


def _set(model, chosen, able):
    # A model's flag would set those of all its layers.
    for layer in _leaves(model):
        variables = [v for v in layer.weights if id(v) in able]
        if variables and chosen.isdisjoint(_keys(variables)):
            layer.trainable = False
        else:
            for variable in variables:
                variable.trainable = id(variable) in chosen


def _leaves(model):
    for layer in model.layers:
        if getattr(layer, "layers", None):
            yield from _leaves(layer)
        elif layer.weights:
            yield layer


def _keys(variables):
    return {id(variable) for variable in variables}
