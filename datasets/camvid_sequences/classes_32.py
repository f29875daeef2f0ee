"""What the layouts with CamVid's 32 classes share."""

from accel_tf.data.camvid_classes import CAMVID_32, CAMVID_32_TO_11
from accel_tf.data.label_maps import IGNORE
from accel_tf.datasets import image_files

_VOID = CAMVID_32.names.index("Void")
_TARGETS = {
    32: tuple(IGNORE if i == _VOID else i for i in range(len(CAMVID_32))),
    11: CAMVID_32_TO_11,
}


def targets_of(path, names, classes):
    """The class index of each of CamVid's classes that a file lists.

    Args:
        path: of the list, for messages.
        names: of the classes, in its order.
        classes: 32, or 11 to group them as `CAMVID_32_TO_11`. Void is 255
            (ignore) either way.

    Returns:
        A list.

    Raises:
        ValueError: A name is none of `CAMVID_32`.
    """
    known = {name.lower(): i for i, name in enumerate(CAMVID_32.names)}
    for name in names:
        if name.lower() not in known:
            raise ValueError(
                f"{path} lists the class {name!r}; CamVid's are: "
                f"{', '.join(CAMVID_32.names)}"
            )
    return [_TARGETS[classes][known[name.lower()]] for name in names]


def color_reader(table):
    """Class indices of colour-coded label images.

    Args:
        table: `ColorTable`.

    Returns:
        Function as `ClassList.read_classes`.
    """

    def read_classes(path, faults=None):
        image = image_files.read_label(path)
        if image.ndim != 3:
            raise ValueError(
                f"{path} holds class indices; this layout has label images of "
                f"RGB colours"
            )
        return table.indices(path, image, faults)

    return read_classes
