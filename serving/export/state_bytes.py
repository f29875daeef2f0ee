"""A stream's state as one opaque string, for servers that keep none."""

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require

_HEADER = tf.TensorSpec([3], tf.int64)
_INT64 = 8


class StateBytes:
    """Writes states to strings and reads them back, inside the graph.

    A string holds a mark of the model, a checksum, and every tensor as its
    shape and its bytes. No more memory is asked for than the string is
    long, whatever shapes a forged one claims.

    Args:
        mark: 16 characters that differ from model to model.
        stored: the `StoredStates` of the model.
    """

    def __init__(self, mark, stored):
        self.mark = mark.encode()
        self.stored = stored

    def serialize(self, state):
        """A scalar of type variant to a scalar string."""
        header, tensors = self.stored.unpack(state)
        parts = [_raw(header)]
        for tensor in tensors:
            parts += [_raw(tf.shape(tensor, tf.int64)), _raw(tensor)]
        content = tf.strings.join(parts)
        return tf.strings.join([self.mark, _checksum(content), content])

    def parse(self, data, row):
        """A scalar string to a scalar of type variant.

        Args:
            data: from `serialize`.
            row: its place in the request, for messages; scalar tensor.

        Returns:
            Scalar of type variant. Fails with INVALID_ARGUMENT for a string
            of another model or a damaged one.
        """
        name = "state_bytes["
        start = len(self.mark)
        own = tf.equal(tf.strings.substr(data, 0, start), self.mark)
        foreign = require(own, name, row, "] is not a state of this model")
        data = checked(data, foreign)
        length = tf.strings.length(data)
        begin = tf.minimum(start + _INT64, length)
        content = tf.strings.substr(data, begin, length - begin)
        checksum = tf.strings.substr(data, start, begin - start)
        whole = tf.equal(checksum, _checksum(content))
        damaged = require(whole, name, row, "] is damaged")
        content = checked(content, damaged)
        header, content = _take(content, _HEADER.shape, _HEADER.dtype)
        state = []
        for spec in self.stored.specs[1:]:
            shape, content = _take(content, [spec.shape.rank], tf.int64)
            tensor, content = _take(content, shape, spec.dtype)
            state.append(tf.ensure_shape(tensor, spec.shape))
        return self.stored.pack(header, state)


def _raw(tensor):
    """The bytes of a tensor, in the machine's order.

    They are what a serialised tensor ends with.
    """
    count = tf.size(tensor) * tensor.dtype.size
    return tf.strings.substr(tf.io.serialize_tensor(tensor), -count, count)


def _checksum(content):
    # Not against forgery: a forged state harms no other stream.
    return _raw(tf.strings.to_hash_bucket_fast(content, 2**63 - 1))


def _take(content, shape, dtype):
    """The tensor at the start of a string, and the rest of it."""
    count = tf.cast(tf.reduce_prod(shape), tf.int32) * dtype.size
    values = tf.io.decode_raw(tf.strings.substr(content, 0, count), dtype)
    rest = tf.strings.length(content) - count
    content = tf.strings.substr(content, count, rest)
    return tf.reshape(values, shape), content
