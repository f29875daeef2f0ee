"""PSPNet for inference."""

from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.pspnet.pspnet import PSPNet, PSPNetStep
from accel_tf.models.segmenter import fused_form


@fused_form.register(PSPNet)
class FusedPSPNet(FusedSegmenter, PSPNetStep):
    """`PSPNet` whose batch normalisation is folded into its convolutions.

    Args:
        model: a `PSPNet`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.backbone = fold_batch_normalization(model.backbone)
        self.pyramid = fold_batch_normalization(model.pyramid)
        self.head = fold_batch_normalization(model.head)
        self.built = True
