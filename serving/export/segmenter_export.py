"""What is particular to an export of a segmenter."""

from accel_tf.frame_size import size_at_trained_scale
from accel_tf.serving.export.description import state_size
from accel_tf.serving.export.signatures import Signatures
from accel_tf.serving.export.stream_signatures import WARM_UP_STREAM


class SegmenterExport:
    """Signatures and facts of a `VideoSegmenter`.

    Args:
        model: a `VideoSegmenter`.

    Raises:
        ValueError: if it cannot be exported.
    """

    def __init__(self, model):
        model.check_exportable()
        self.model = model

    def state_size(self, frame_size):
        """Bytes of the state of one stream of such frames."""
        seen = size_at_trained_scale(frame_size, self.model.trained_size)
        return state_size(self.model, *seen)

    def signatures(self, **settings):
        """The `Signatures`.

        Args:
            **settings: what was chosen for the export.
        """
        return Signatures(self.model, **settings)

    def facts(self):
        """What the description says beyond what any export says."""
        model = self.model
        return {
            "uses_key_frames": model.uses_key_frames,
            "class_names": list(model.label_map.names),
            "palette": [list(color) for color in model.label_map.colors],
            "output_stride": model.output_stride,
            "trained_size": model.trained_size,
            "warm_up_stream": WARM_UP_STREAM,
        }
