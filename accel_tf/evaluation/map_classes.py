"""From the classes of a model to those of the data it is scored on."""

import numpy as np

from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES, IGNORE, STREETS

# Class of Cityscapes -> class of CamVid's 11, as CamVid's own 32 classes are
# grouped (`accel_tf.data.camvid_classes`).
CITYSCAPES_TO_CAMVID = {
    "road": "road",
    "sidewalk": "pavement",
    "building": "building",
    "wall": "building",
    "fence": "fence",
    "pole": "pole",
    "traffic light": "sign",
    "traffic sign": "sign",
    "vegetation": "tree",
    "terrain": "tree",
    "sky": "sky",
    "person": "pedestrian",
    "rider": "bicyclist",
    "car": "car",
    "truck": "car",
    "bus": "car",
    "train": "car",
    "motorcycle": "bicyclist",
    "bicycle": "bicyclist",
}
# The same for the drawn streets of `accel_tf.data.streets`.
CITYSCAPES_TO_STREETS = {
    **{name: name for name in STREETS.names},
    **dict.fromkeys(("wall", "fence"), "building"),
    **dict.fromkeys(("traffic light", "traffic sign"), "pole"),
    "terrain": "vegetation",
    "rider": "person",
    **dict.fromkeys(("truck", "bus", "train", "motorcycle", "bicycle"), "car"),
}
_KNOWN = {
    CAMVID_11.names: CITYSCAPES_TO_CAMVID,
    STREETS.names: CITYSCAPES_TO_STREETS,
}


def class_mapping(model, class_names):
    """Which class of the data stands for each class of a model.

    Args:
        model: a `VideoSegmenter`.
        class_names: of the data, in the order of the class index.

    Returns:
        uint8 `[256]`: label of the model -> label of the data, 255 -> 255;
        or `None` where the classes are the same, or the model's are numbered
        only.

    Raises:
        ValueError: if they differ and nothing says which is which.
    """
    names = tuple(model.label_map.names)
    class_names = tuple(class_names)
    numbered = tuple(f"class_{index}" for index in range(len(names)))
    if names == class_names or (
        names == numbered and len(names) == len(class_names)
    ):
        return None
    if names == CITYSCAPES.names and class_names in _KNOWN:
        table = np.full(256, IGNORE, np.uint8)
        for index, name in enumerate(names):
            table[index] = class_names.index(_KNOWN[class_names][name])
        return table
    if len(names) != len(class_names):
        raise ValueError(
            f"{model.name} has {len(names)} classes, the data has "
            f"{len(class_names)} ({', '.join(class_names)})."
        )
    pairs = zip(names, class_names, strict=True)
    index = [name == wanted for name, wanted in pairs].index(False)
    raise ValueError(
        f"class {index} is {names[index]!r} to {model.name}, but "
        f"{class_names[index]!r} in the data."
    )
