import json

import numpy as np
import pytest

from accel_tf.data.label_maps import (
    CAMVID_11,
    CITYSCAPES,
    CITYSCAPES_PALETTE,
    PASCAL_VOC,
    STREETS,
    LabelMap,
    default_label_map,
)


def test_cityscapes_classes_are_in_train_id_order():
    assert len(CITYSCAPES) == 19
    assert CITYSCAPES.names[0] == "road"
    assert CITYSCAPES.names[5:8] == ("pole", "traffic light", "traffic sign")
    assert CITYSCAPES.names[18] == "bicycle"
    assert CITYSCAPES.colors[13] == (0, 0, 142)  # car
    ids = CITYSCAPES.cityscapes_ids()
    assert ids.dtype == np.uint8
    assert ids.tolist() == [7, 8, 11, 12, 13, 17, 19, 20, 21, 22] + [
        *(23, 24, 25, 26, 27, 28, 31, 32, 33)
    ]
    assert len(CITYSCAPES_PALETTE) == 34


def test_street_classes_are_cityscapes_classes():
    assert STREETS.names == (
        *("road", "sidewalk", "building", "pole"),
        *("vegetation", "sky", "person", "car"),
    )
    assert STREETS.cityscapes_ids().tolist() == [7, 8, 11, 17, 21, 23, 24, 26]
    colors = dict(zip(CITYSCAPES.names, CITYSCAPES.colors, strict=True))
    for name, color in zip(STREETS.names, STREETS.colors, strict=True):
        assert color == colors[name]


def test_camvid_classes():
    assert len(CAMVID_11) == 11
    assert CAMVID_11.names[3] == "road" and CAMVID_11.names[10] == "bicyclist"
    assert CAMVID_11.colors[3] == (128, 64, 128)
    assert CAMVID_11.cityscapes_ids() is None


def test_pascal_voc_has_the_background_and_20_classes():
    colors = dict(zip(PASCAL_VOC.names, PASCAL_VOC.colors, strict=True))
    assert len(colors) == 21
    assert PASCAL_VOC.names[3] == "bird" and PASCAL_VOC.names[12] == "dog"
    assert colors["background"] == (0, 0, 0)
    assert colors["person"] == (192, 128, 128)
    assert colors["tvmonitor"] == (0, 64, 128)


@pytest.mark.parametrize(
    "label_map", [CITYSCAPES, CAMVID_11, PASCAL_VOC, STREETS]
)
def test_config_survives_json(label_map):
    config = json.loads(json.dumps(label_map.to_config()))
    restored = LabelMap.from_config(config)
    assert restored == label_map
    assert hash(restored) == hash(label_map)


def test_numpy_colors_become_plain_integers():
    label_map = LabelMap(["a"], np.array([[1, 2, 3]]))
    assert label_map.names == ("a",) and label_map.colors == ((1, 2, 3),)
    json.dumps(label_map.to_config())


def test_palette_is_black_outside_the_classes():
    palette = STREETS.palette()
    assert palette.shape == (256, 3) and palette.dtype == np.uint8
    assert tuple(palette[7]) == STREETS.colors[7]
    assert not palette[8:].any()


@pytest.mark.parametrize(
    "names, colors, words",
    [
        ((), (), "1 to 255 classes"),
        (("a", "b"), ((1, 2, 3),), "1 colours for 2 names"),
        (("a", "a"), ((1, 2, 3), (4, 5, 6)), "'a' occurs twice"),
        ((" ",), ((1, 2, 3),), "not empty"),
        ((3,), ((1, 2, 3),), "not empty"),
        (("a",), ((1, 2),), "'a' must be three integers"),
        (("a",), ((1, 2, 256),), "three integers from 0 to 255"),
        (("a",), ((0.5, 0.5, 0.5),), "three integers"),
        (("a",), ("red",), "three integers"),
        (tuple(map(str, range(256))), ((0, 0, 0),) * 256, "not 256"),
    ],
)
def test_label_maps_that_are_not_valid(names, colors, words):
    with pytest.raises(ValueError, match=words) as caught:
        LabelMap(names, colors)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("config", [{}, {"names": ["a"]}, None, ["a"]])
def test_configs_that_are_not_valid(config):
    with pytest.raises(ValueError, match="'names' and 'colors'"):
        LabelMap.from_config(config)


@pytest.mark.parametrize("num_classes", [1, 2, 11, 20, 255])
def test_default_label_map_has_distinct_lasting_colors(num_classes):
    label_map = default_label_map(num_classes)
    assert label_map.names[0] == "class_0" and len(label_map) == num_classes
    assert len(set(label_map.colors)) == num_classes
    assert label_map == default_label_map(num_classes)
    # A class keeps its colour when classes are added.
    assert label_map.colors == default_label_map(255).colors[:num_classes]


def test_default_label_map_of_19_classes_is_cityscapes():
    assert default_label_map(19) is CITYSCAPES
    assert default_label_map(21) is PASCAL_VOC
    for num_classes in (0, 256):
        with pytest.raises(ValueError, match="1 to 255"):
            default_label_map(num_classes)
