"""Training of PSPNet with its auxiliary loss."""

import keras
from keras import ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.pspnet.convert_pspnet import (
    auxiliary_entries,
    pspnet_entries,
)
from accel_tf.models.pspnet.heads import auxiliary_head
from accel_tf.training.training_model import TrainingModel

# Pyramid Scene Parsing Network, section 4.2.
LOSS_WEIGHTS = {"full": 1.0, "aux": 0.4}


class PSPNetTraining(TrainingModel):
    """A `PSPNet` and the head on its third stage that only training has.

        model = PSPNetTraining(segmenter)
        model.compile(optimizer, **model.objectives(OhemCrossEntropy()))
        model.fit(model.training_data(clips, 1), steps_per_epoch=...)

    Pyramid Scene Parsing Network (CVPR 2017, section 3.3). Called on clips
    of one frame, RGB 0..255 `[B, 1, H, W, 3]`, as `clip_dataset` gives them
    with `length=1`. Gives float32 logits `[B, H, W, classes]`: `full`, the
    network's own, and `aux`, those of the head.

    Args:
        segmenter: a `PSPNet`; trained in place.
        dropout: share of the head's channels that is dropped.
        name: of the model.

    Attributes:
        segmenter: as given.
        auxiliary_heads: a list of the one head.
    """

    unused_checkpoint_tensors = ("pretrained.fc.*",)

    def __init__(self, segmenter, dropout=0.1, name="pspnet_training"):
        super().__init__(
            autocast=False, dtype=segmenter.dtype_policy, name=name
        )
        self.segmenter = segmenter
        backbone = segmenter.backbone
        with dtype_scope(self.dtype_policy):
            self.auxiliary_heads = [
                auxiliary_head(
                    backbone, segmenter.num_classes, "auxiliary", dropout
                )
            ]
        stages = keras.Model(
            backbone.inputs, [backbone.stage_output(3), *backbone.outputs]
        )
        # A function, because the stages are the segmenter's already.
        self._stages = lambda image, training: stages(image, training=training)
        self.built = True

    @property
    def trained_network(self):
        return self.segmenter

    def objectives(self, loss):
        return {
            "loss": dict.fromkeys(LOSS_WEIGHTS, loss),
            "loss_weights": LOSS_WEIGHTS,
        }

    def training_data(self, dataset, first):
        return dataset.map(
            lambda clip, labels: (clip, dict.fromkeys(LOSS_WEIGHTS, labels))
        )

    def call(self, clip, training=None):
        if len(clip.shape) != 5 or clip.shape[1] != 1:
            raise ValueError(
                "clip must be [B, 1, H, W, 3], one frame, got shape "
                f"{tuple(clip.shape)}."
            )
        segmenter = self.segmenter
        image = normalize_image(clip[:, 0])
        third, features = self._stages(image, training)
        pyramid = segmenter.pyramid(features, training=training)
        scores = {
            "full": segmenter.head(pyramid, training=training),
            "aux": self.auxiliary_heads[0](third, training=training),
        }
        size = ops.shape(clip)[2:4]
        return {
            name: ops.cast(segmenter.upsample(x, size), "float32")
            for name, x in scores.items()
        }

    def checkpoint_entries(self):
        """Of an official file, the auxiliary head included."""
        return [
            *pspnet_entries(self.segmenter),
            *auxiliary_entries(self.auxiliary_heads[0], "auxlayer"),
        ]
