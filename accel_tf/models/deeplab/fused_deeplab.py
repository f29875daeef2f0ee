"""DeepLab for inference."""

from accel_tf.models.deeplab.deeplab import DeepLab, DeepLabStep
from accel_tf.models.deeplab.fused_head import fuse_rest_of_head, fuse_with_fc6
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.segmenter import fused_form


@fused_form.register(DeepLab)
class FusedDeepLab(FusedSegmenter, DeepLabStep):
    """`DeepLab` whose backbone is folded and ends with `fc6`.

    Args:
        model: a `DeepLab`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.backbone = fuse_with_fc6(model.backbone, model.head)
        self.head = fuse_rest_of_head(model.head, "head")
        self.built = True
