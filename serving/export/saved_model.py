"""Writes a video segmenter as a SavedModel with a version."""

import json
import logging

import keras
import tensorflow as tf

from accel_tf.files import write_text
from accel_tf.frame_size import size_at_trained_scale
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.quiet_start import quiet_tensorflow
from accel_tf.serving.export.description import (
    describe,
    fingerprint,
    state_size,
)
from accel_tf.serving.export.settings import (
    MAX_PIXELS,
    MEMORY_LIMIT,
    WARM_UP_SIZE,
    check_settings,
)
from accel_tf.serving.export.signatures import Signatures
from accel_tf.serving.export.stored_states import STREAM_OVERHEAD
from accel_tf.serving.export.versions import new_version
from accel_tf.serving.export.warm_up import write_warm_up

# Bytes that a request may well carry to and fro on every frame.
EXPLICIT_STATE_LIMIT = 2**20


def export_saved_model(
    model,
    directory,
    interval=5,
    version=None,
    memory_limit=MEMORY_LIMIT,
    warm_up_size=WARM_UP_SIZE,
    max_pixels=MAX_PIXELS,
):
    """Writes `directory/<version>/`, which TensorFlow Serving can load.

    The folder appears whole or not at all, so a server may watch it.
    Signatures, with image files JPEG or PNG and label maps grey PNG files of
    class indices:

    - `serving_default`, a clip: `image_bytes` string `[T]` to
      `label_png_bytes` string `[T]` and `is_key` bool `[T]`. Remembers
      nothing; the first frame is a key frame.
    - `stream`, frames of any streams in order: `image_bytes` string `[N]`,
      `stream_id` int64 `[N]` (0 or more) and `force_key` bool `[N]` to
      `label_png_bytes`, `is_key` and `frames_since_key` int64 `[N]`. The
      states stay in the loaded model. A stream that is new, was evicted or
      changes its resolution starts with a key frame. If a request fails,
      all streams are as before. Requests of different streams may run side
      by side; those of one stream must follow each other.
    - `close`: `stream_id` to `closed` bool `[N]`, whether there was such a
      stream.
    - `stats`: `stream_id` to int64 `[N]`: `stream_bytes` of these streams
      and, the same in every row, `streams`, `bytes`, `memory_limit`,
      `frames`, `key_frames` and `evictions` of all together.
    - `scores`: `image_bytes` `[N]`, frames of one size, each by itself, to
      `scores` float32 `[N, h, w, classes]` at the network's stride, of the
      frames as the model sees them.
    - `key` and `nonkey`, for models whose state at `warm_up_size` is at most
      1 MiB: `image_bytes` `[N]` to `label_png_bytes` `[N]` and
      `state_bytes` string `[N]`; `nonkey` also takes the `state_bytes` of
      the frame before. Without key frames `key` begins a stream.

    Frames are brought to the scale at which the model was trained, where it
    knows that (`trained_size`); labels have the size of the frames that came.

    Beside the weights lie `assets/accel_tf.json`, which describes the model,
    and warm-up requests in `assets.extra`.

    Args:
        model: a `VideoSegmenter`.
        directory: folder of all versions; created if need be.
        interval: frames from one key frame to the next; without effect for
            models that have none.
        version: whole number, 1 or more; by default the next one.
        memory_limit: bytes that the states of all streams may take; the
            least recently used make room.
        warm_up_size: `(height, width)` of the warm-up requests' frames, such
            as are expected; `None` for no warm-up and no `key` and `nonkey`.
        max_pixels: height times width of the largest frame that is taken.

    Returns:
        `pathlib.Path` of the version's folder.

    Raises:
        ValueError: if an argument is not as described, the version exists,
            or Keras does not run on TensorFlow.
        OSError: if the folder cannot be written.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "an export needs Keras on TensorFlow, not on "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow."
        )
    if not isinstance(model, VideoSegmenter):
        raise ValueError(
            "only a VideoSegmenter can be exported, not a "
            f"{type(model).__name__}."
        )
    model.check_exportable()
    settings = check_settings(
        directory, interval, version, memory_limit, warm_up_size, max_pixels
    )
    explicit_state = False
    if warm_up_size is not None:
        seen = size_at_trained_scale(warm_up_size, model.trained_size)
        size = state_size(model, *seen)
        explicit_state = 0 < size <= EXPLICIT_STATE_LIMIT
        if size + STREAM_OVERHEAD > memory_limit:
            raise ValueError(
                f"one stream of {warm_up_size[0]}x{warm_up_size[1]} frames "
                f"takes {size + STREAM_OVERHEAD} bytes; memory_limit must "
                f"not be less, got {memory_limit}."
            )
    with new_version(directory, version) as (folder, publish):
        settings["fingerprint"] = fingerprint(model)
        programs = Signatures(model, **settings).programs(explicit_state)
        _save(model, programs, folder)
        settings["signatures"] = sorted(programs)
        settings["warm_up_size"] = warm_up_size
        text = json.dumps(describe(model, settings), indent=1) + "\n"
        write_text(folder / "assets" / "accel_tf.json", text)
        if warm_up_size is not None:
            write_warm_up(folder, programs, warm_up_size)
        return publish()


def _save(model, programs, folder):
    captured = {
        id(tensor)
        for program in programs.values()
        for tensor in program.captured_inputs
    }
    module = tf.Module()
    # A Keras model would bring programs of its own; and a fused one has
    # weights that are constants of the programs.
    module.weights = [
        variable.value
        for variable in model.variables
        if id(variable.value.handle) in captured
    ]
    try:
        # It would say where the assets were written.
        with quiet_tensorflow(logging.WARNING):
            tf.saved_model.save(module, str(folder), signatures=programs)
    except tf.errors.OpError as error:
        raise OSError(f"cannot write to {folder}: {error.message}") from error
