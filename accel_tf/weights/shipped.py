"""The model that segments streets without any file of the user's."""

import pathlib

from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.models.presets import from_preset

PRESET = "accel_tiny"
TRAINED_SIZE = (360, 640)
"""Of the frames: stills of 360 rows, videos brought to as many."""
PARTS = {
    PRESET: lambda accel: accel,
    "dff_tiny": lambda accel: accel.without_update("dff_tiny"),
    "deeplab_tiny": lambda accel: accel.reference_segmenter("deeplab_tiny"),
    "deeplab_tiny_light": lambda accel: accel.update_segmenter(
        "deeplab_tiny_light"
    ),
}
"""Presets that have weights here -> how they are made of `PRESET`."""

IN_A_PLAN = (PRESET, "dff_tiny", "deeplab_tiny+dis", "deeplab_tiny_light")
"""Those that `accel-tf plan` compares by default.

`deeplab_tiny` is what the others do on key frames.
"""


def describe(preset=PRESET):
    """One line for users who gave no weights."""
    return (
        f"{preset} with the weights that come with the package: streets, the "
        f"{len(CITYSCAPES)} classes of Cityscapes; small and of modest accuracy"
    )


def default_weights():
    """The `pathlib.Path` of the file, for `load_checkpoint` and `--weights`."""
    return pathlib.Path(__file__).with_name(f"{PRESET}_streets.weights.h5")


def default_model(preset=PRESET, dtype=None):
    """The trained model of the package, for street scenes.

    Args:
        preset: `accel_tiny`, or another of `PARTS`.
        dtype: dtype policy of all layers; `None` is Keras' default. The file
            holds kernels in float16; they are computed with in this type.

    Returns:
        `Accel`, or the part of it, with the label map `CITYSCAPES`.

    Raises:
        FileNotFoundError: if the package was installed without its data.
    """
    path = default_weights()
    if not path.is_file():
        raise FileNotFoundError(
            f"the installed package lacks its weights {path}; install it anew "
            "or train them with recipes/train_streets.py"
        )
    model = from_preset(
        PRESET,
        num_classes=len(CITYSCAPES),
        label_map=CITYSCAPES,
        trained_size=TRAINED_SIZE,
        dtype=dtype,
    )
    model.load_weights(path)
    return PARTS[preset](model)
