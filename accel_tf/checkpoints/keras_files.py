"""What is in Keras' own files of weights."""

import io
import pathlib
import tempfile
import zipfile

import h5py


def classes_of_file(model, path):
    """For how many classes a file has the weights, by the tensors' shapes.

    Args:
        model: a `VideoSegmenter` with another number of classes.
        path: of a `.weights.h5` or `.keras` file.

    Returns:
        The number; None if the file differs from the model in other things,
        or cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        own_path = pathlib.Path(folder) / "model.weights.h5"
        model.save_weights(own_path)
        own = shapes_of_file(own_path)
    try:
        others = shapes_of_file(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    if set(own) != set(others):
        return None
    numbers = set()
    for name, shape in own.items():
        if len(shape) != len(others[name]):
            return None
        for side, other in zip(shape, others[name], strict=True):
            if side != other:
                # Some layers have several times as many channels.
                numbers.add(other * model.num_classes / side)
    if len(numbers) != 1:
        return None
    (number,) = numbers
    return int(number) if number == int(number) else None


def shapes_of_file(path):
    """dict of the name of a model's tensor -> shape.

    Args:
        path: of a `.weights.h5` or `.keras` file.

    Raises:
        OSError, KeyError, zipfile.BadZipFile: if it is none.
    """
    source = path
    if str(path).endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read("model.weights.h5"))
    shapes = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer/"):
            shapes[name] = item.shape

    with h5py.File(source) as file:
        file.visititems(note)
    return shapes
