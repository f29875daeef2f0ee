import errno
import os

import keras
import pytest
import tensorflow as tf

from accel_tf.checkpoints.keras_files import save_weights
from accel_tf.tensorflow_files import writing
from accel_tf.training.summaries import Summaries

_FULL = "{{node}} /a/.partial-1/b; No space left on device\n\tmore [Op:SaveV2]"


def test_tensorflows_errors_name_what_is_written():
    with pytest.raises(OSError) as raised:
        with writing("exports"):
            raise tf.errors.ResourceExhaustedError(None, None, _FULL)
    message = "cannot write to exports: No space left on device"
    assert str(raised.value) == message


def test_logs_on_a_full_disk(tmp_path, monkeypatch):
    def scalar(*arguments, **options):
        raise tf.errors.ResourceExhaustedError(None, None, _FULL)

    summaries = Summaries(tmp_path, "settings")
    monkeypatch.setattr(tf.summary, "scalar", scalar)
    with pytest.raises(OSError, match=f"^cannot write to {tmp_path}: No space"):
        summaries.scalars({"loss": 1.0}, 1)


def test_weights_on_a_full_disk(tmp_path, monkeypatch):
    """HDF5 itself would end the process."""

    def allocate(file, start, size):
        sizes.append(size)
        raise OSError(error, os.strerror(error))

    sizes, error = [], errno.ENOSPC
    model = keras.Sequential([keras.layers.Dense(100)])
    model.build((1, 100))
    path = tmp_path / "a.weights.h5"
    monkeypatch.setattr(os, "posix_fallocate", allocate)
    with pytest.raises(OSError, match=f"^cannot write {path}: No space left"):
        save_weights(model, path)
    assert list(tmp_path.iterdir()) == []
    error = errno.EOPNOTSUPP  # The disk cannot tell.
    save_weights(model, path)
    assert path.stat().st_size <= min(sizes)
    assert list(tmp_path.iterdir()) == [path]
