import numpy as np
import pytest
from recipe_scripts import load_script

from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES, IGNORE
from accel_tf.evaluation.map_classes import CITYSCAPES_TO_CAMVID

streets_labels = load_script("streets_labels")
train_streets = load_script("train_streets")


def city(*names):
    indices = [
        IGNORE if name is None else CITYSCAPES.names.index(name)
        for name in names
    ]
    return np.array([indices], np.uint8)


def camvid(*names):
    indices = [
        11 if name is None else CAMVID_11.names.index(name) for name in names
    ]
    return np.array([indices], np.uint8)


@pytest.mark.parametrize(
    ("truth", "network", "merged"),
    [
        ("tree", "terrain", "terrain"),  # finer
        ("tree", "building", "vegetation"),  # the truth knows better
        ("car", "bus", "bus"),
        ("car", None, "car"),
        ("sign", "traffic light", "traffic light"),
        ("sign", "building", None),  # could be either
        ("bicyclist", "rider", "rider"),
        ("bicyclist", "person", None),
        (None, "pole", "pole"),
        (None, None, None),
    ],
)
def test_camvid_and_the_network_together(truth, network, merged):
    result = streets_labels.merge_camvid(camvid(truth), city(network))
    np.testing.assert_array_equal(result, city(merged))


def test_scores_find_the_truth_that_was_merged():
    names = ("sky", "building", "pole", "road", "pavement", "tree", "car")
    truth = camvid(*names)
    merged = streets_labels.merge_camvid(truth, np.full_like(truth, IGNORE))
    found = [CITYSCAPES.names[index] for index in merged[0]]
    assert tuple(CITYSCAPES_TO_CAMVID[name] for name in found) == names


def test_a_video_loses_what_cannot_be():
    road, car, sky = (city(name)[0, 0] for name in ("road", "car", "sky"))
    labels = np.full((100, 200), sky)
    labels[40:] = road
    labels[60:90, 20:120] = car  # far too large
    labels[50:54, 150:156] = car
    labels[70, 30] = road  # a speck within
    rules = streets_labels.VideoRules(horizon=0.45, largest_vehicle=0.01)
    result = streets_labels.clean_video(labels, rules)
    assert (result[:40] == sky).all()
    assert (result[40:45] == IGNORE).all()
    assert (result[60:90, 20:120] == IGNORE).all()
    assert (result[50:54, 150:156] == car).all()
    assert (result[45:50] == road).all()


def test_absent_classes_are_dropped():
    labels = np.repeat(city("person", "road"), 20, 1).repeat(20, 0)
    rules = streets_labels.VideoRules(absent=("person",))
    result = streets_labels.clean_video(labels, rules)
    assert set(np.unique(result)) == {city("road")[0, 0], IGNORE}


@pytest.mark.parametrize("text", ["steps=4", "other.steps=4", "update.steps"])
def test_a_setting_names_its_stage(text):
    stages = load_script("stages")
    names = train_streets.stages_of("out", flow=None)
    with pytest.raises(ValueError, match="a stage of reference, settled"):
        stages.settings_of([text], names)


def test_a_trained_flow_network_is_taken():
    stages = train_streets.stages_of("out", flow="flow.keras")
    assert stages["flow"][0] is None
    assert stages["accel"][2]["flow"] == "flow.keras"
