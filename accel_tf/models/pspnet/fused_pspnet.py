"""PSPNet for inference."""

import keras

from accel_tf.layers import AdaptiveAveragePooling, ResizeLike
from accel_tf.layers.blocks import network_scope, relu
from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.layers.inference_precision import policy_of_products
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.pspnet.pspnet import PSPNet, PSPNetStep
from accel_tf.models.pspnet.pyramid_pooling import BINS
from accel_tf.models.segmenter import fused_form


@fused_form.register(PSPNet)
class FusedPSPNet(FusedSegmenter, PSPNetStep):
    """`PSPNet` whose batch normalisation is folded into its convolutions.

    Args:
        model: a `PSPNet`.
    """

    def __init__(self, model):
        super().__init__(model)
        self.backbone = fold_batch_normalization(
            model.backbone, gives_features=True
        )
        self.pyramid = fold_batch_normalization(
            model.pyramid, gives_features=True
        )
        self.head = fold_batch_normalization(model.head)
        self.built = True


def fuse_pyramid_pooling(pyramid):
    """Pyramid pooling that convolves only to the channels that it gives.

    Args:
        pyramid: `PyramidPooling`; left as it is.

    Returns:
        A functional model of the same inputs, outputs and name.
    """
    folded = fold_batch_normalization(pyramid, gives_features=True)
    if pyramid.groups == 1:
        return folded
    size = pyramid.channels // pyramid.groups

    def kept(size):
        return slice(pyramid.group * size, (pyramid.group + 1) * size)

    policy = pyramid.dtype_policy
    with network_scope(pyramid.name, policy_of_products(policy)):
        features = keras.Input((None, None, pyramid.channels), name="features")
        parts = [features[..., kept(size)]]
        for index, bins in enumerate(BINS, start=1):
            name = f"conv{index}_0"
            convolution = keras.layers.Conv2D(size // 4, 1, name=name)
            x = AdaptiveAveragePooling(bins, name=f"pool{bins}", dtype=policy)(
                features
            )
            x = relu(convolution(x))
            parts.append(ResizeLike(name=f"resize{bins}")([x, features]))
            convolution.set_weights(
                [
                    weight[..., kept(size // 4)]
                    for weight in folded.get_layer(name).get_weights()
                ]
            )
        x = keras.layers.Concatenate(name="pyramid")(parts)
        return keras.Model(features, x, name=pyramid.name)
