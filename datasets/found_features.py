"""Features that a builder only knows once it has seen the user's files."""

import tensorflow_datasets as tfds


def stored_features(builder):
    """The features of the built data set, or None if it is not built.

    Args:
        builder: a `tfds.core.DatasetBuilder`.

    Returns:
        A `tfds.features.FeaturesDict` as it was when the data were written,
        or None.
    """
    try:
        return tfds.features.FeatureConnector.from_config(builder.data_dir)
    except FileNotFoundError:
        return None


def replace_features(builder, features):
    """Gives a builder the features that describe the files it found.

    Must be called before anything is written.

    Args:
        builder: a `tfds.core.DatasetBuilder`.
        features: a `tfds.features.FeaturesDict`.
    """
    # TFDS has no setter; it fills this attribute itself when it reads the
    # description of a data set from disk.
    builder.info._features = features
