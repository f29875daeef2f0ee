"""How PIDNet's branches meet."""

import keras
from keras import ops

from accel_tf.layers import ResizeLike
from accel_tf.layers.blocks import conv2d
from accel_tf.models.pidnet.units import conv_norm, norm_relu


def attention_fusion(detail, context, filters, name):
    """Pag (PIDNet, section 4.1): context where it is like the detail.

    Both maps are projected to `filters` channels; the sigmoid of the dot
    product at each pixel is the share of the context.

    Args:
        detail: `[B, h, w, C]`.
        context: `[B, h', w', C]`, resized to the size of `detail`.
        filters: channels of the projections.
        name: what the names of the layers start with.

    Returns:
        tensor `[B, h, w, C]`.
    """
    query = conv_norm(context, filters, 1, f"{name}_context")
    query = ResizeLike(align_corners=False)([query, detail])
    key = conv_norm(detail, filters, 1, f"{name}_detail")
    share = ops.sigmoid(ops.sum(key * query, axis=-1, keepdims=True))
    context = ResizeLike(align_corners=False)([context, detail])
    return _blend(share, context, detail)


def boundary_fusion(detail, context, boundary, filters, name):
    """Bag (PIDNet, section 4.3): detail on boundaries, else context.

    Args:
        detail, context, boundary: `[B, h, w, C]`; the sigmoid of the last
            is the share of the detail.
        filters: channels of the result.
        name: what the names of the layers start with.

    Returns:
        tensor `[B, h, w, filters]`.
    """
    x = _blend(ops.sigmoid(boundary), detail, context)
    x = norm_relu(x, f"{name}_conv")
    return conv2d(x, filters, 3, f"{name}_conv_2")


def light_boundary_fusion(detail, context, boundary, filters, name):
    """The same with two 1x1 convolutions, one for each of the branches.

    Arguments and result are those of `boundary_fusion`.
    """
    share = ops.sigmoid(boundary)
    for_detail = conv_norm(
        detail + (1.0 - share) * context, filters, 1, f"{name}_detail"
    )
    for_context = conv_norm(
        context + share * detail, filters, 1, f"{name}_context"
    )
    return keras.layers.Add(name=name)([for_detail, for_context])


def _blend(share, one, other):
    return share * one + (1.0 - share) * other
