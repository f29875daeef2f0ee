"""DeepLab's head, cut after the linear part of its first convolution."""

import keras
import numpy as np

from accel_tf.layers.blocks import network_scope, relu
from accel_tf.layers.folding import FoldedNetwork, fold_batch_normalization
from accel_tf.layers.inference_conv2d import InferenceConv2D
from accel_tf.layers.inference_normalization import InferenceNormalization
from accel_tf.layers.inference_precision import policy_of_products


def fuse_with_fc6(backbone, head):
    """A backbone with `fc6` at its end, without its bias and its ReLU.

    What warping and up-sampling by the backbone's last layer do is linear
    and the same for every channel; so is a 1x1 convolution, and the two
    can change places. A transposed convolution at the end of the backbone
    becomes one with it.

    Args:
        backbone: network from images to features; left as it is.
        head: `segmentation_head` for these features; left as it is.

    Returns:
        A `FoldedNetwork` from images to what `fc6` adds its bias to, in the
        backbone's type even where it is computed in another, for it is
        warped and added to.
    """
    folded = fold_batch_normalization(backbone, gives_features=True)
    fc6, _ = (float64(x) for x in head.get_layer("fc6").get_weights())
    filters = fc6.shape[-1]
    last = folded.layers[-1]
    with network_scope(backbone.name, backbone.dtype_policy):
        if is_linear_upsampling(last):
            config = {**last.get_config(), "filters": filters, "name": "fc6"}
            layer, x = type(last).from_config(config), last.input
            # Kernels [k, k, filters, channels].
            kernel = np.tensordot(
                float64(last.kernel.numpy()), fc6[0, 0], (2, 0)
            )
            fc6 = np.swapaxes(kernel, 2, 3)
        else:
            policy = policy_of_products(backbone.dtype_policy)
            layer = InferenceConv2D(
                filters, 1, use_bias=False, name="fc6", dtype=policy
            )
            x = folded.output
        x = layer(x)
        if x.dtype != backbone.compute_dtype:
            x = keras.ops.cast(x, backbone.compute_dtype)
        network = FoldedNetwork(folded.input, x, name=backbone.name)
    layer.set_weights([fc6])
    return network.describe(backbone)


def fuse_rest_of_head(head, name, fusion=None):
    """What comes after `fuse_with_fc6`: bias, ReLU and scores.

    Args:
        head: `segmentation_head`; left as it is.
        name: of the returned model.
        fusion: matrix `[classes, classes]` that the scores are multiplied
            by; it becomes a part of the convolution before.

    Returns:
        A functional model from `[B, h, w, filters]` to scores.
    """
    fc6, score = (head.get_layer(name) for name in ("fc6", "score"))
    kernel, bias = (float64(weight) for weight in score.get_weights())
    if fusion is not None:
        kernel, bias = kernel @ fusion, bias @ fusion
    with network_scope(name, fc6.dtype_policy):
        features = keras.Input((None, None, fc6.filters), name="features")
        add_bias = InferenceNormalization(name="fc6_bias")
        convolution = InferenceConv2D(bias.size, 1, name="score")
        scores = convolution(relu(add_bias(features), "fc6_relu"))
        add_bias.set_weights([np.ones(fc6.filters), fc6.get_weights()[1]])
        convolution.set_weights([kernel, bias])
        return keras.Model(features, scores, name=name)


def is_linear_upsampling(layer):
    """Whether it is a transposed convolution and nothing else."""
    return (
        isinstance(layer, keras.layers.Conv2DTranspose)
        and layer.activation is keras.activations.linear
        and not layer.use_bias
    )


def float64(weight):
    return np.asarray(weight, "float64")
