"""What is particular to an export of a clip classifier."""

from accel_tf.serving.export.classifier_signatures import (
    MAX_FRAMES,
    ClassifierSignatures,
)
from accel_tf.serving.export.description import state_size
from accel_tf.serving.export.stream_signatures import WARM_UP_STREAM


class ClassifierExport:
    """Signatures and facts of a `ClipClassifier`.

    Args:
        model: a `ClipClassifier`.
    """

    def __init__(self, model):
        self.model = model

    def state_size(self, frame_size):
        """Bytes of the state of one stream, whatever its frames' size."""
        if not self.model.causal:
            return 0
        return state_size(self.model, *[self.model.crop_size] * 2)

    def signatures(self, **settings):
        """The `ClassifierSignatures`.

        Args:
            **settings: what was chosen for the export.
        """
        return ClassifierSignatures(self.model, **settings)

    def facts(self):
        """What the description says beyond what any export says."""
        model = self.model
        return {
            "uses_key_frames": False,
            "class_names": list(model.class_names),
            "frames": model.frames,
            "frame_step": model.frame_step,
            "crop_size": model.crop_size,
            "causal": model.causal,
            "max_frames": MAX_FRAMES,
            "warm_up_stream": WARM_UP_STREAM,
        }
