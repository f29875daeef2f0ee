"""A Python function as a program."""

from accel_tf.models.per_frame.foreign_program import ForeignProgram


class CallableProgram(ForeignProgram):
    """Calls a function of images.

    Args:
        function: from NumPy uint8 RGB `[B, H, W, 3]` to labels or scores;
            where there is something to normalise, from float32.
        normalization, size: as for `ForeignProgram`.
    """

    def __init__(self, function, normalization, size=None):
        dtype = "uint8" if normalization.changes_nothing else "float32"
        super().__init__("a Python function", normalization, size, dtype=dtype)
        self.call = function
