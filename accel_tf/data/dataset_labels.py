"""The label map of a data set that was built."""

from accel_tf.data.camvid_classes import CAMVID_32
from accel_tf.data.label_maps import (
    CAMVID_11,
    CITYSCAPES,
    LabelMap,
    default_label_map,
)

COLORS_KEY = "colors"
"""Under this key of `builder.info.metadata` builders keep the colours."""
NOTES_KEY = "notes"
"""Under this key builders keep lines about what they found in the files."""

_KNOWN = (CITYSCAPES, CAMVID_11, CAMVID_32)


def label_map_of(builder):
    """Names and colours of the classes of a data set.

    The names are those of the `labels` feature. The colours are those that
    the builder stored; otherwise those of Cityscapes or CamVid, if all names
    are classes there; otherwise those of `default_label_map`.

    Args:
        builder: a `tfds.core.DatasetBuilder` with the features of
            `accel_tf.datasets.sequence_features`; also one that
            `tfds.builder_from_directory` made.

    Returns:
        A `LabelMap`.

    Raises:
        ValueError: The data set has no class names.
    """
    try:
        names = tuple(builder.info.features["labels"].feature.names or ())
    except (AttributeError, KeyError, TypeError):
        names = ()
    if not names:
        raise ValueError(
            f"the data set {builder.info.full_name} has no class names; "
            f"build it before its label map is asked for"
        )
    stored = (builder.info.metadata or {}).get(COLORS_KEY)
    if stored is not None:
        return LabelMap(names, tuple(map(tuple, stored)))
    for known in _KNOWN:
        colors = dict(zip(known.names, known.colors, strict=True))
        if set(names) <= set(colors):
            return LabelMap(names, tuple(colors[name] for name in names))
    return LabelMap(names, default_label_map(len(names)).colors)
