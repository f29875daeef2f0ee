"""States of streams as values that a vector or a table can hold."""

import tensorflow as tf

# Besides its tensors every stream takes some room in the tables.
STREAM_OVERHEAD = 256
_HEADER = tf.TensorSpec([3], tf.int64)


class StoredStates:
    """Packs a model's state and a header into a scalar of type variant.

    The header is int64 `[frames_since_key, height, width]`. Nothing is
    copied on the way in or out, and the states in one vector may differ in
    size or be absent.

    Args:
        specs: list of the `tf.TensorSpec` of the model's tensors.
    """

    def __init__(self, specs):
        self.specs = [_HEADER, *specs]

    def pack(self, header, state):
        """A scalar of type variant, from the header and a list of tensors."""
        # The tables exist on the CPU only.
        with tf.device("/CPU:0"):
            return tf.raw_ops.OptionalFromValue(components=[header, *state])

    def unpack(self, stored):
        """`(header, state)`; fails if there is none."""
        with tf.device("/CPU:0"):
            header, *state = tf.raw_ops.OptionalGetValue(
                optional=stored,
                output_types=[spec.dtype for spec in self.specs],
                output_shapes=[spec.shape for spec in self.specs],
            )
        return header, state

    def header(self, stored):
        """The header; zeros if there is none."""
        with tf.device("/CPU:0"):
            present = tf.raw_ops.OptionalHasValue(optional=stored)
        return tf.cond(
            present,
            lambda: self.unpack(stored)[0],
            lambda: tf.zeros([3], tf.int64),
        )

    def first(self, stored, otherwise):
        """The first tensor of the state, or `otherwise` if there is none."""
        with tf.device("/CPU:0"):
            present = tf.raw_ops.OptionalHasValue(optional=stored)
        return tf.cond(
            present, lambda: self.unpack(stored)[1][0], lambda: otherwise
        )

    @staticmethod
    def absent(count):
        """`[count]` times no state."""
        with tf.device("/CPU:0"):
            return tf.fill([count], tf.raw_ops.OptionalNone())

    @staticmethod
    def memory(state):
        """Bytes that a stream takes, scalar int64."""
        sizes = [
            tf.size(tensor, tf.int64) * tensor.dtype.size for tensor in state
        ]
        return tf.add_n(sizes) + STREAM_OVERHEAD
