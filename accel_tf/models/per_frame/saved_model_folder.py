"""A TensorFlow SavedModel as a program."""

from accel_tf.messages import one_line
from accel_tf.models.per_frame.foreign_program import ForeignProgram
from accel_tf.models.per_frame.image_layout import (
    ImageLayout,
    choose_output,
    only_input,
)
from accel_tf.quiet_start import quiet_tensorflow

_SIGNATURE = "serving_default"


class SavedModelFolder(ForeignProgram):
    """Runs a SavedModel's signature `serving_default`, or its only one.

    Args:
        path: of the folder.
        normalization, size: as for `ForeignProgram`.
        output: name of the output; by default the only one.

    Raises:
        ValueError: if it is damaged or takes no images.
    """

    def __init__(self, path, normalization, size=None, output=None):
        import tensorflow as tf

        kind = f"the SavedModel {path}"
        try:
            with quiet_tensorflow():
                # Its variables live as long as the model.
                self._model = tf.saved_model.load(str(path))
            signatures = dict(self._model.signatures)
        except Exception as error:
            reason = one_line(error)
            raise ValueError(f"{kind} cannot be read: {reason}") from error
        name = _SIGNATURE if _SIGNATURE in signatures else None
        if len(signatures) == 1:
            (name,) = signatures
        if name is None:
            raise ValueError(
                f"{kind} must have the signature {_SIGNATURE}; it has "
                f"{', '.join(sorted(signatures)) or 'none'}."
            )
        self._function = signatures[name]
        inputs = self._function.structured_input_signature[1]
        self._input = only_input(sorted(inputs), kind)
        spec = inputs[self._input]
        if spec.dtype == tf.string:
            raise ValueError(
                f"{kind} takes strings, as exports of accel-tf do, and not "
                "images [B, H, W, 3]."
            )
        if spec.dtype not in (tf.float32, tf.float16, tf.uint8):
            raise ValueError(
                f"{kind} takes {spec.dtype.name}, not float32, float16 or "
                "uint8."
            )
        shape = [] if spec.shape.rank is None else spec.shape.as_list()
        self._layout = ImageLayout.of_shape(shape, kind)
        outputs = sorted(self._function.structured_outputs)
        self._output = outputs[choose_output(outputs, output, kind)]
        super().__init__(
            kind, normalization, size, self._layout, dtype=spec.dtype.name
        )

    def call(self, images):
        import tensorflow as tf

        images = tf.constant(self._layout.to_input(images))
        result = self._function(**{self._input: images})[self._output]
        return self._layout.from_output(result.numpy())
