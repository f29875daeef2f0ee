"""What TensorFlow and TFDS raise about a data set's files, in one line."""

import contextlib

import tensorflow as tf

from accel_tf.files import naming
from accel_tf.messages import tensorflow_line

# The second: there are fewer records than TFDS counted.
_OF_DAMAGE = tf.errors.DataLossError, tf.errors.FailedPreconditionError


@contextlib.contextmanager
def naming_damage(*builders):
    """Makes the errors of damaged or missing records name their file.

    TensorFlow says at which byte a file is damaged, but not which file.

    Args:
        *builders: TFDS builders, of which something is read inside.

    Raises:
        ValueError: one line, if a file of theirs is damaged.
        OSError: one line, if one is missing or cannot be read.
        tf.errors.OpError: others, as they are.
    """
    try:
        yield
    except (tf.errors.NotFoundError, tf.errors.PermissionDeniedError) as error:
        raise OSError(tensorflow_line(error)) from error
    except _OF_DAMAGE as error:
        for builder in builders:
            for path, reason in damaged_files(builder):
                raise ValueError(
                    f"{path} is damaged ({reason}); remove the folder it is "
                    "in and build the data set again."
                ) from error
        raise


def damaged_files(builder):
    """Reads all files of a built data set.

    Args:
        builder: TFDS builder.

    Yields:
        `(path, reason)` of each that is damaged.
    """
    for split in builder.info.splits.values():
        for path, count in zip(
            split.filepaths, split.shard_lengths, strict=True
        ):
            try:
                found = sum(1 for _ in tf.data.TFRecordDataset(str(path)))
            except tf.errors.OpError as error:
                yield path, tensorflow_line(error)
                continue
            if found != count:
                yield path, f"{found} records instead of {count}"


@contextlib.contextmanager
def naming_folder(folder):
    """Makes the errors of building a data set name its folder.

    TFDS turns many into others; the first is what went wrong.

    Args:
        folder: `pathlib.Path` of the data set to be.

    Raises:
        OSError: one line, such as for a full disk.
    """
    try:
        yield
    except Exception as error:
        for cause in _causes(error):
            if isinstance(cause, tf.errors.ResourceExhaustedError):
                # Before it is the name of a file that is gone by now.
                reason = tensorflow_line(cause).rpartition("; ")[2]
                raise OSError(f"cannot write {folder}: {reason}") from error
            if isinstance(cause, tf.errors.OpError):
                raise OSError(tensorflow_line(cause)) from error
            if isinstance(cause, OSError) and cause.errno:
                with naming(folder, folder.parent):
                    raise cause from None
        raise


def _causes(error):
    while error is not None:
        yield error
        error = error.__cause__
