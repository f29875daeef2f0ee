"""Writes weights in half of the bytes."""

from accel_tf.files import replacing
from accel_tf.partial_folders import temporary_folder


def save_half(model, path):
    """Writes `.weights.h5` with all kernels in float16.

    Vectors, such as biases and the statistics of normalisations, stay in
    float32: they are few, and a variance can be out of float16's range.
    `model.load_weights` reads the file like any other.

    Args:
        model: a `keras.Model` whose weights exist.
        path: of the file, ending in `.weights.h5`.

    Raises:
        ValueError: if a kernel is not finite in float16.
    """
    import h5py

    with temporary_folder() as folder:
        whole = folder / "whole.weights.h5"
        model.save_weights(whole)
        with h5py.File(whole) as source, replacing(path) as partial:
            # The newer format has a small part of the older one's overhead.
            with h5py.File(partial, "w", libver="latest") as target:
                _copy(source, target)


def _copy(source, target):
    for name, value in source.attrs.items():
        target.attrs[name] = value
    for name, entry in source.items():
        if hasattr(entry, "items"):
            _copy(entry, target.create_group(name))
            continue
        values = entry[()]
        if values.ndim > 1 and values.dtype == "float32":
            if not abs(values).max() < 65504:  # the greatest number
                raise ValueError(f"{entry.name} does not fit into float16.")
            values = values.astype("float16")
        target.create_dataset(name, data=values).attrs.update(entry.attrs)
