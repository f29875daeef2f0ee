"""The initial model of a training that starts from a preset."""

import accel_tf


def preset_model(config, label_map, kind):
    """The preset `config.model`, with `config.weights` if there are any.

    Args:
        config: `SegmentationConfig`.
        label_map: `LabelMap` of the data.
        kind: class, or tuple of classes, that the preset must be of.

    Raises:
        ValueError: if the preset is of another class, or a file doesn't fit.
    """
    model = accel_tf.from_preset(
        config.model,
        num_classes=len(label_map),
        label_map=label_map,
        dtype=config.precision,
    )
    if not isinstance(model, kind):
        raise ValueError(
            f"{config.model} is a {type(model).__name__}, which another "
            "script trains"
        )
    if config.weights:
        print(accel_tf.load_checkpoint(model, *config.weights))
    return model
