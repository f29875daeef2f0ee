"""PIDNet for inference."""

from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.pidnet.pidnet import PIDNet, PIDNetStep
from accel_tf.models.segmenter import fused_form


@fused_form.register(PIDNet)
class FusedPIDNet(FusedSegmenter, PIDNetStep):
    """`PIDNet` whose batch normalisation is folded into its convolutions.

    Args:
        model: a `PIDNet`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.backbone = fold_batch_normalization(
            model.backbone, gives_features=True
        )
        self.head = fold_batch_normalization(model.head)
        self.built = True
