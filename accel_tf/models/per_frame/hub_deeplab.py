"""KerasHub's DeepLabV3+ with scores at their own stride."""

import keras
from keras import ops

from accel_tf.models.per_frame.per_frame import PerFrame


@keras.saving.register_keras_serializable(package="accel_tf")
class HubDeepLab(PerFrame):
    """DeepLabV3+ with the layers of a `keras_hub` model.

    KerasHub brings 256 channels to the image's size and classifies there.
    The classifier is a 1x1 convolution, so scores of the small map that are
    then brought to that size are the same.

    Encoder-Decoder with Atrous Separable Convolution for Semantic Image
    Segmentation (ECCV 2018).

    Args:
        network: `keras_hub.models.DeepLabV3ImageSegmenter`.
        num_classes, others: as for `PerFrame`; the stride is the network's.
    """

    def __init__(
        self,
        network,
        num_classes,
        output_stride=None,
        multiple_of=None,
        **kwargs,
    ):
        backbone = network.backbone
        (stride, _) = backbone.get_layer("backbone_output_upsampling").size
        level = int(backbone.spatial_pyramid_pooling_key[1:])
        super().__init__(network, num_classes, stride, 2**level, **kwargs)
        head = backbone.get_layer("segmentation_head_relu")
        features = keras.Model(backbone.inputs, head.output)
        # In a function, so that Keras does not find its layers twice.
        self._features = lambda image, training: features(
            image, training=training
        )

    def network_scores(self, image, training=False):
        features = self._features(image, training)
        classify = self.network.output_conv
        return ops.conv(
            features, ops.cast(classify.kernel, features.dtype), padding="same"
        )
