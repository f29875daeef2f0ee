"""Plots as PNG files that appear whole or not at all."""

import contextlib
import pathlib

from accel_tf import optional
from accel_tf.files import replacing


def checked_png(path):
    """The path of a plot.

    Raises:
        ValueError: if it does not end in .png.
        FileNotFoundError: if its folder does not exist.
    """
    path = pathlib.Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"the plot is a PNG file; {path} must end in .png")
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.absolute().parent}")
    return path


@contextlib.contextmanager
def picture(path):
    """Axes to draw on; the file appears when the block ends without error."""
    pyplot = optional.matplotlib_pyplot()
    figure, axes = pyplot.subplots(figsize=(10, 5), layout="constrained")
    try:
        yield axes
        axes.grid(alpha=0.3)
        with replacing(path) as partial:
            figure.savefig(partial, format="png", dpi=120)
    finally:
        pyplot.close(figure)
