"""Clip classifiers for inference."""

from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.fuse import FusedForm
from accel_tf.models.segmenter import fused_form
from accel_tf.models.x3d.backbone_classifier import BackboneClassifier


@fused_form.register(BackboneClassifier)
class FusedClassifier(FusedForm, ClipClassifier):
    """A classifier whose normalisation is folded into its convolutions.

    Args:
        model: a `BackboneClassifier`.
    """

    def __init__(self, model):
        super().__init__(
            model.num_classes,
            frames=model.frames,
            crop_size=model.crop_size,
            channel_order=model.channel_order,
            class_names=model.class_names,
            causal=model.causal,
            frame_step=model.frame_step,
            name=model.name,
            dtype=model.dtype_policy,
            trainable=False,
        )
        self.backbone = fold_batch_normalization(
            model.backbone, gives_features=True
        )
        self.head = fold_batch_normalization(model.head)
        self.built = True
