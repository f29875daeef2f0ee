import types

import pytest

from accel_tf.data.camvid_classes import CAMVID_32
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.label_maps import (
    CAMVID_11,
    CITYSCAPES,
    STREETS,
    default_label_map,
)


def builder_of(names, metadata=None):
    """As much of a TFDS builder as `label_map_of` looks at."""
    labels = types.SimpleNamespace(
        feature=types.SimpleNamespace(names=list(names))
    )
    info = types.SimpleNamespace(
        features={"labels": labels}, metadata=metadata, full_name="some/data"
    )
    return types.SimpleNamespace(info=info)


@pytest.mark.parametrize(
    "label_map", [CITYSCAPES, CAMVID_11, CAMVID_32, STREETS]
)
def test_known_names_have_their_own_colours(label_map):
    assert label_map_of(builder_of(label_map.names)) == label_map


def test_stored_colours_come_first():
    builder = builder_of(("road", "car"), {"colors": [[1, 2, 3], [4, 5, 6]]})
    assert label_map_of(builder).colors == ((1, 2, 3), (4, 5, 6))


def test_other_names_get_the_default_colours():
    label_map = label_map_of(builder_of(("road", "cow", "sheep")))
    assert label_map.names == ("road", "cow", "sheep")
    assert label_map.colors == default_label_map(3).colors


@pytest.mark.parametrize("features", [None, {}])
def test_a_data_set_without_class_names_is_refused(features):
    builder = builder_of(("road",))
    builder.info.features = features
    with pytest.raises(ValueError, match="some/data has no class names"):
        label_map_of(builder)
