"""Writes a model as a SavedModel with a version."""

import json
import logging

import keras
import tensorflow as tf

from accel_tf.files import write_text
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.models.signal_names import check_signals
from accel_tf.quiet_start import quiet_tensorflow
from accel_tf.serving.export.classifier_export import ClassifierExport
from accel_tf.serving.export.description import describe, fingerprint
from accel_tf.serving.export.segmenter_export import SegmenterExport
from accel_tf.serving.export.settings import (
    MAX_PIXELS,
    MEMORY_LIMIT,
    WARM_UP_SIZE,
    check_settings,
)
from accel_tf.serving.export.stored_states import STREAM_OVERHEAD
from accel_tf.serving.export.versions import new_version
from accel_tf.serving.export.warm_up import write_warm_up
from accel_tf.streaming.adaptive_rule import SIGNAL
from accel_tf.tensorflow_files import writing

# Bytes that a request may well carry to and fro on every frame.
EXPLICIT_STATE_LIMIT = 2**20

_EXPORTS = {VideoSegmenter: SegmenterExport, ClipClassifier: ClassifierExport}


def export_saved_model(
    model,
    directory,
    interval=5,
    version=None,
    memory_limit=MEMORY_LIMIT,
    warm_up_size=WARM_UP_SIZE,
    max_pixels=MAX_PIXELS,
    key_share=None,
):
    """Writes `directory/<version>/`, which TensorFlow Serving can load.

    The folder appears whole or not at all, so a server may watch it.
    Signatures of a segmenter, with image files JPEG or PNG and label maps
    grey PNG files of class indices:

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

    Signatures of a clip classifier, which brings frames of any size to its
    `crop_size`, as `accel_tf.data.clip_sampling.crop_views` does for the
    centre:

    - `serving_default`, clips: `clips` uint8 `[B, T, H, W, 3]` to `logits`
      and `probabilities`, float32 `[B, classes]`.
    - `classify`, clips of image files: `image_bytes` string `[B, T]` and
      `top` int64 `[B]` (how many classes, the same for all) to
      `class_names` string, `class_indices` int64 and `probabilities`
      float32, all `[B, top]`, the likeliest first.
    - `classify_gif`, animated GIF files: `gif_bytes` string `[B]` and `top`
      to the same.
    - `stream`, `close`, `stats`, `key` and `nonkey` of classifiers that see
      no later frames (`causal=True`), as above, with `probabilities`
      float32 `[N, classes]` in place of label maps.

    Beside the weights lie `assets/accel_tf.json`, which describes the model,
    and warm-up requests in `assets.extra`.

    Args:
        model: a `VideoSegmenter` or a `ClipClassifier`.
        directory: folder of all versions; created if need be.
        interval: frames from one key frame to the next; without effect for
            models that have none.
        version: whole number, 1 or more; by default the next one.
        memory_limit: bytes that the states of all streams may take; the
            least recently used make room.
        warm_up_size: `(height, width)` of the warm-up requests' frames, such
            as are expected; `None` for no warm-up and no `key` and `nonkey`.
        max_pixels: height times width of the largest frame that is taken.
        key_share: share of key frames among all; they are chosen where they
            pay, as by `accel_tf.AdaptiveKeyframes`, and not at the interval.
            `None` for the interval.

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
    export = _export_of(model)
    settings = check_settings(
        directory,
        interval,
        version,
        memory_limit,
        warm_up_size,
        max_pixels,
        key_share,
    )
    if key_share is not None:
        check_signals(model, (SIGNAL,), "an adaptive export")
    explicit_state = False
    if warm_up_size is not None:
        size = export.state_size(warm_up_size)
        explicit_state = 0 < size <= EXPLICIT_STATE_LIMIT
        _check_memory(warm_up_size, size + STREAM_OVERHEAD, memory_limit)
    with new_version(directory, version) as (folder, publish):
        settings["fingerprint"] = fingerprint(model, key_share)
        signatures = export.signatures(**settings)
        programs = _programs(signatures.functions(explicit_state))
        with writing(directory):
            _save(model, programs, folder)
        settings["signatures"] = sorted(programs)
        settings["warm_up_size"] = warm_up_size
        description = describe(model, export.facts(), settings)
        text = json.dumps(description, indent=1) + "\n"
        write_text(folder / "assets" / "accel_tf.json", text)
        if warm_up_size is not None:
            image = tf.io.encode_jpeg(tf.zeros([*warm_up_size, 3], tf.uint8))
            requests = list(signatures.requests(programs, image))
            with writing(directory):
                write_warm_up(folder, requests)
        return publish()


def _export_of(model):
    for kind, export in _EXPORTS.items():
        if isinstance(model, kind):
            return export(model)
    raise ValueError(
        "only a VideoSegmenter or a ClipClassifier can be exported, not a "
        f"{type(model).__name__}."
    )


def _check_memory(frame_size, needed, limit):
    if needed > limit:
        height, width = frame_size
        raise ValueError(
            f"one stream of {height}x{width} frames takes {needed} bytes; "
            f"memory_limit must not be less, got {limit}."
        )


def _programs(functions):
    """Concrete functions with keyword arguments, by name."""
    return {
        name: tf.function(
            function, input_signature=inputs, autograph=False
        ).get_concrete_function()
        for name, (function, inputs) in functions.items()
    }


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
    # It would say where the assets were written.
    with quiet_tensorflow(logging.WARNING):
        tf.saved_model.save(module, str(folder), signatures=programs)
