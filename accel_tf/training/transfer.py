"""A start from weights that were trained on other classes."""

from accel_tf.data.label_maps import default_label_map


def copy_weights(source, target):
    """Copies all weights, those of the scores by the names of the classes.

    Classes that only `target` has keep their own weights.

    Args:
        source, target: per-frame `VideoSegmenter`s of one architecture.

    Returns:
        The names of the classes that both have, in the order of `target`.

    Raises:
        ValueError: if they are of different architectures.
    """
    names, others = target.label_map.names, source.label_map.names
    if names == others:
        _check(source, target, [False] * len(target.weights))
        target.set_weights(source.get_weights())
        return list(names)
    are_scores = _are_scores(target)
    _check(source, target, are_scores)
    shared = [name for name in names if name in others]
    places = [names.index(name) for name in shared]
    others = [others.index(name) for name in shared]
    values = source.get_weights()
    for index, own in enumerate(target.get_weights()):
        if are_scores[index]:
            own[..., places] = values[index][..., others]
            values[index] = own
    target.set_weights(values)
    return shared


def with_classes(model, label_map):
    """A model like another, for other classes, with its weights.

    Args:
        model: per-frame `VideoSegmenter` that is made anew from its config.
        label_map: `LabelMap` of the new one.

    Returns:
        `(model, shared)`: `shared` as from `copy_weights`.

    Raises:
        ValueError: if a model of this kind cannot get other classes.
    """
    if model.label_map.names == label_map.names:
        return model, list(label_map.names)
    try:
        new = _remade(model, label_map)
    except (TypeError, ValueError, KeyError) as error:
        raise ValueError(
            f"{model.name} has {model.num_classes} classes of its own, and a "
            f"{type(model).__name__} cannot be made for others."
        ) from error
    return new, copy_weights(model, new)


def _remade(model, label_map):
    return type(model).from_config(
        {
            **model.get_config(),
            "num_classes": len(label_map),
            "label_map": label_map.to_config(),
        }
    )


def _are_scores(model):
    """Of each weight, whether its last axis is the classes.

    Other layers may have as many channels by chance: one class more shows.
    """
    more = _remade(model, default_label_map(model.num_classes % 255 + 1))
    return [
        one.shape != other.shape
        for one, other in zip(model.weights, more.weights, strict=True)
    ]


def _check(source, target, are_scores):
    same = len(source.weights) == len(target.weights) and all(
        tuple(one.shape)[:-1] == tuple(other.shape)[:-1]
        and (is_score or one.shape == other.shape)
        for one, other, is_score in zip(
            source.weights, target.weights, are_scores, strict=True
        )
    )
    if not same:
        raise ValueError(
            f"{source.name} is of another architecture than {target.name}."
        )
