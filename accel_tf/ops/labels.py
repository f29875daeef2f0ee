"""From class scores to labels."""

from keras import ops

from accel_tf.ops.kernels import program_kind


def class_labels(scores):
    """The class of the greatest score, the first of equal ones.

    Args:
        scores: float tensor `[..., classes]`, at most 256 classes.

    Returns:
        uint8 tensor `[...]`.
    """
    program = program_kind()
    if program in ("any", "tensorflow"):
        import tensorflow as tf

        # Three times as fast as its argmax on a CPU.
        labels = tf.math.top_k(scores, k=1, sorted=False).indices[..., 0]
    elif program == "xla":
        import tensorflow as tf

        # Keras puts a pass over the scores before it.
        labels = tf.argmax(scores, axis=-1, output_type="int32")
    else:
        labels = ops.argmax(scores, axis=-1)
    return ops.cast(labels, "uint8")
