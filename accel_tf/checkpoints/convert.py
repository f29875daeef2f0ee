"""From official checkpoints to Keras' own weights files."""

import pathlib

from accel_tf.checkpoints.keras_files import save_weights
from accel_tf.checkpoints.load import load_checkpoint


def convert_checkpoint(model, files, output, skip_last=False):
    """Writes a model's official weights as `.weights.h5`.

    Args:
        model: a `VideoSegmenter`; holds the weights afterwards.
        files: official checkpoints, each laid over those before it.
        output: the file to write, ending in `.weights.h5`.
        skip_last: as for `load_checkpoint`.

    Returns:
        `CheckpointReport`.

    Raises:
        FileNotFoundError: if a file or the folder of `output` is missing.
        ValueError: if the files are not this model's, or `output` does not
            end in `.weights.h5`.
    """
    output = pathlib.Path(output)
    if not output.name.endswith(".weights.h5"):
        raise ValueError(f"{output} must end in .weights.h5.")
    if not output.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {output.parent}.")
    report = load_checkpoint(model, *files, skip_last=skip_last)
    save_weights(model, output)
    return report
