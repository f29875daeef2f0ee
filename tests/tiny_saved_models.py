"""SavedModels that TensorFlow writes in a moment."""

import tensorflow as tf

from accel_tf.serving.export.warm_up import prediction_log


def save_tiny_model(path, offset=2.0, warm_up=None):
    """Writes a SavedModel with a signature for each kind of value.

    Args:
        path: `pathlib.Path` of its folder.
        offset: what `serving_default` adds to half of `x`.
        warm_up: list of (signature name, inputs) for warm-up requests.
    """
    module = tf.Module()
    module.offset = tf.Variable(offset)
    module.count = tf.Variable(0, dtype=tf.int64)

    def half_plus(x):
        return {"y": 0.5 * x + module.offset}

    def join(text, number):
        parts = [text, tf.strings.as_string(number)]
        return {
            "joined_bytes": tf.strings.join(parts),
            "number": number,
            "length": tf.strings.length(text),
        }

    def scalar(text):
        return {"same_bytes": text, "copy_bytes": text}

    def count():
        return {"count": module.count.assign_add(1)}

    def remember(stream_id, value):
        """Counts up by the sum of all values."""
        count = module.count.assign_add(tf.reduce_sum(value))
        return {"sums": tf.fill(tf.shape(stream_id), count)}

    def close(stream_id):
        return {"closed": stream_id >= 0}

    def stats(stream_id):
        return {
            "streams": tf.fill(tf.shape(stream_id), tf.constant(3, tf.int64)),
            "stream_bytes": stream_id,
        }

    def check(x):
        ok = tf.debugging.Assert(tf.reduce_all(x > 0), ["x must be positive"])
        with tf.control_dependencies([ok]):
            return {"y": tf.identity(x)}

    def spec(dtype, *shape, name):
        return tf.TensorSpec(shape, dtype, name)

    floats = spec(tf.float32, None, name="x")
    ids = spec(tf.int64, None, name="stream_id")
    signatures = {
        "serving_default": (half_plus, [floats]),
        "column": (half_plus, [spec(tf.float32, None, 1, name="x")]),
        "join": (
            join,
            [
                spec(tf.string, None, name="text"),
                spec(tf.int64, None, name="number"),
            ],
        ),
        "scalar": (scalar, [spec(tf.string, name="text")]),
        "count": (count, []),
        "remember": (remember, [ids, spec(tf.int64, None, name="value")]),
        "close": (close, [ids]),
        "stats": (stats, [ids]),
        "check": (check, [floats]),
    }
    tf.saved_model.save(
        module,
        str(path),
        {
            name: tf.function(
                function, input_signature=inputs
            ).get_concrete_function()
            for name, (function, inputs) in signatures.items()
        },
    )
    if warm_up is not None:
        extra = path / "assets.extra"
        extra.mkdir()
        file = extra / "tf_serving_warmup_requests"
        with tf.io.TFRecordWriter(str(file)) as writer:
            for name, inputs in warm_up:
                writer.write(prediction_log(name, inputs))
