"""Label maps: the name and the colour of every class a model predicts."""

import colorsys
import dataclasses

import numpy as np

IGNORE = 255
"""Label of pixels that belong to no class."""

# Name, label id and colour as in the Cityscapes scripts (labels.py); `train`
# marks the 19 classes that benchmarks score, in the order of their train ids.
_CITYSCAPES_LABELS = (
    # id, name, colour, train
    (0, "unlabeled", (0, 0, 0), False),
    (1, "ego vehicle", (0, 0, 0), False),
    (2, "rectification border", (0, 0, 0), False),
    (3, "out of roi", (0, 0, 0), False),
    (4, "static", (0, 0, 0), False),
    (5, "dynamic", (111, 74, 0), False),
    (6, "ground", (81, 0, 81), False),
    (7, "road", (128, 64, 128), True),
    (8, "sidewalk", (244, 35, 232), True),
    (9, "parking", (250, 170, 160), False),
    (10, "rail track", (230, 150, 140), False),
    (11, "building", (70, 70, 70), True),
    (12, "wall", (102, 102, 156), True),
    (13, "fence", (190, 153, 153), True),
    (14, "guard rail", (180, 165, 180), False),
    (15, "bridge", (150, 100, 100), False),
    (16, "tunnel", (150, 120, 90), False),
    (17, "pole", (153, 153, 153), True),
    (18, "polegroup", (153, 153, 153), False),
    (19, "traffic light", (250, 170, 30), True),
    (20, "traffic sign", (220, 220, 0), True),
    (21, "vegetation", (107, 142, 35), True),
    (22, "terrain", (152, 251, 152), True),
    (23, "sky", (70, 130, 180), True),
    (24, "person", (220, 20, 60), True),
    (25, "rider", (255, 0, 0), True),
    (26, "car", (0, 0, 142), True),
    (27, "truck", (0, 0, 70), True),
    (28, "bus", (0, 60, 100), True),
    (29, "caravan", (0, 0, 90), False),
    (30, "trailer", (0, 0, 110), False),
    (31, "train", (0, 80, 100), True),
    (32, "motorcycle", (0, 0, 230), True),
    (33, "bicycle", (119, 11, 32), True),
)
_CITYSCAPES_IDS = {name: id_ for id_, name, _, _ in _CITYSCAPES_LABELS}
CITYSCAPES_PALETTE = tuple(color for _, _, color, _ in _CITYSCAPES_LABELS)
"""Colour (red, green, blue) of every Cityscapes label id, 0 to 33."""


@dataclasses.dataclass(frozen=True)
class LabelMap:
    """Names and colours of the classes, in the order of the class index.

    Label images hold class indices as uint8; 255 marks pixels without a
    class, so there can be at most 255 classes.

    Attributes:
        names: Tuple of the class names, all different.
        colors: Tuple of (red, green, blue), each 0 to 255, one per class.

    Raises:
        ValueError: Names and colours differ in number, a name is empty or
            occurs twice, or a colour is not three integers from 0 to 255.
    """

    names: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]

    def __post_init__(self):
        names, colors = tuple(self.names), tuple(self.colors)
        if not 1 <= len(names) <= IGNORE:
            raise ValueError(
                f"a label map has 1 to {IGNORE} classes, not {len(names)}"
            )
        if len(names) != len(colors):
            raise ValueError(
                f"a label map needs one colour for each name, not "
                f"{len(colors)} colours for {len(names)} names"
            )
        for index, name in enumerate(names):
            if not isinstance(name, str) or not name.strip():
                raise ValueError(
                    f"class {index} needs a name that is not empty, not "
                    f"{name!r}"
                )
            if names.index(name) != index:
                raise ValueError(f"the class name {name!r} occurs twice")
        # Frozen dataclasses are filled through object.__setattr__.
        object.__setattr__(self, "names", names)
        object.__setattr__(
            self, "colors", tuple(map(_checked_color, names, colors))
        )

    def __len__(self):
        return len(self.names)

    def palette(self):
        """Colours as uint8 [256, 3]; indices without a class are black."""
        palette = np.zeros((256, 3), np.uint8)
        palette[: len(self)] = self.colors
        return palette

    def cityscapes_ids(self):
        """Cityscapes label id of every class, or None.

        Returns:
            uint8 [classes], where entry i is the label id (road = 7, ...) of
            class i; None if any name is not one of the Cityscapes labels.
        """
        if not all(name in _CITYSCAPES_IDS for name in self.names):
            return None
        ids = [_CITYSCAPES_IDS[name] for name in self.names]
        return np.array(ids, np.uint8)

    def to_config(self):
        """The label map as plain JSON types: lists, strings and integers."""
        return {
            "names": list(self.names),
            "colors": [list(color) for color in self.colors],
        }

    @classmethod
    def from_config(cls, config):
        """The label map that `to_config` described.

        Raises:
            ValueError: An entry is missing, unknown or not valid.
        """
        if not isinstance(config, dict) or set(config) != {"names", "colors"}:
            raise ValueError(
                f"a label map is a dict of 'names' and 'colors', not {config!r}"
            )
        return cls(names=config["names"], colors=config["colors"])


def _checked_color(name, color):
    try:
        channels = tuple(int(channel) for channel in color)
        exact = channels == tuple(color)
    except (TypeError, ValueError):
        channels, exact = (), False
    if (
        not exact
        or len(channels) != 3
        or not all(0 <= channel <= 255 for channel in channels)
    ):
        raise ValueError(
            f"the colour of {name!r} must be three integers from 0 to 255, "
            f"not {color!r}"
        )
    return channels


def _bit_color(index):
    """The colour that PASCAL VOC gives a class: its bits, in turn."""
    color = [0, 0, 0]
    for bit in range(8):
        color[bit % 3] |= (index >> bit & 1) << (7 - bit // 3)
    return tuple(color)


def _from_cityscapes(names):
    ids = [_CITYSCAPES_IDS[name] for name in names]
    return LabelMap(tuple(names), tuple(CITYSCAPES_PALETTE[i] for i in ids))


CITYSCAPES = _from_cityscapes(
    [name for _, name, _, train in _CITYSCAPES_LABELS if train]
)
"""The 19 Cityscapes classes in the order of their train ids."""

STREETS = _from_cityscapes(
    ["road", "sidewalk", "building", "pole"]
    + ["vegetation", "sky", "person", "car"]
)
"""The classes of the procedural street scenes, in Cityscapes' colours."""

CAMVID_11 = LabelMap(
    names=("sky", "building", "pole", "road", "pavement", "tree", "sign")
    + ("fence", "car", "pedestrian", "bicyclist"),
    colors=(
        (128, 128, 128),
        (128, 0, 0),
        (192, 192, 128),
        (128, 64, 128),
        (60, 40, 222),
        (128, 128, 0),
        (192, 128, 128),
        (64, 64, 128),
        (64, 0, 128),
        (64, 64, 0),
        (0, 128, 192),
    ),
)
"""The 11 CamVid classes with the colours of the SegNet tutorial."""

PASCAL_VOC = LabelMap(
    names=("background", "aeroplane", "bicycle", "bird", "boat", "bottle")
    + ("bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse")
    + ("motorbike", "person", "pottedplant", "sheep", "sofa", "train")
    + ("tvmonitor",),
    colors=tuple(_bit_color(index) for index in range(21)),
)
"""The 20 classes of PASCAL VOC and the background, in its colours."""


def default_label_map(num_classes):
    """A label map for a model that carries none.

    Args:
        num_classes: Number of classes, 1 to 255.

    Returns:
        `CITYSCAPES` for 19 classes, `PASCAL_VOC` for 21; otherwise
        `class_0`, `class_1`, ... with colours that all differ and are the
        same on every call.

    Raises:
        ValueError: `num_classes` is out of range.
    """
    for known in (CITYSCAPES, PASCAL_VOC):
        if num_classes == len(known):
            return known
    if not 1 <= num_classes <= IGNORE:
        raise ValueError(
            f"num_classes must be 1 to {IGNORE}, not {num_classes}"
        )
    return LabelMap(
        names=tuple(f"class_{index}" for index in range(num_classes)),
        colors=tuple(_spread_color(index) for index in range(num_classes)),
    )


def _spread_color(index):
    # Steps of the golden ratio keep neighbouring hues apart however many
    # classes there are; three levels of brightness separate the hues that
    # come near each other again.
    hue = (index * 0.61803398875) % 1.0
    value = (1.0, 0.75, 0.55)[index % 3]
    saturation = (0.75, 0.55)[index // 3 % 2]
    channels = colorsys.hsv_to_rgb(hue, saturation, value)
    return tuple(round(255 * channel) for channel in channels)
