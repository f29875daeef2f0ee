"""Initial weights of TDNet's sub-networks from one trained PSPNet."""

import numpy as np

from accel_tf.models.tdnet.teacher import group_channels


def start_from_pspnet(tdnet, pspnet, values="paper"):
    """Gives every path the weights of a PSPNet, as far as it has them.

    As published (CVPR 2020, section 4): backbone and pyramid of every path
    start alike. Where a head fits the path's group of channels, which in
    TD4-PSP18 it does and in TD2-PSP50 not, it starts as that part of the
    PSPNet's head. Queries, keys, values, attention and normalisation have
    no counterpart and keep their values.

    That head then sees a random projection of the features that it knows,
    which takes long to mend. `values="features"`, which is not published,
    starts with values that are the path's features, and with a tenth of what
    attention adds to them.

    Args:
        tdnet: a `TDNet` with pyramids; changed in place.
        pspnet: a `PSPNet` with a backbone like those of the paths.
        values: "paper" or "features"; the latter needs as many channels of
            values as of features, as TD4-PSP18 has.

    Returns:
        Names of the parts of a path that were filled: `("backbone",
        "pyramid")`, and `"head"` where it fits.

    Raises:
        ValueError: if the paths have no pyramid or other backbones, or
            other numbers of values and features; nothing is changed.
    """
    if values not in ("paper", "features"):
        raise ValueError(
            f"values must be 'paper' or 'features', not {values!r}."
        )
    backbone = pspnet.backbone.get_weights()
    pyramid = pspnet.pyramid.get_weights()
    for path in tdnet.paths:
        if path.pyramid is None:
            raise ValueError(
                f"{tdnet.name} has no pyramid pooling; it cannot start from "
                "a PSPNet."
            )
        if _shapes(path.backbone.get_weights()) != _shapes(backbone):
            raise ValueError(
                f"the backbones of {tdnet.name} are not like that of "
                f"{pspnet.name}; start from a PSPNet of the same depth."
            )
        kernel, _ = path.value.get_weights()
        if values == "features" and kernel.shape[2] != kernel.shape[3]:
            raise ValueError(
                f"{tdnet.name} has {kernel.shape[3]} channels of values and "
                f"{kernel.shape[2]} of features; start with values='paper'."
            )
    heads = [_head_weights(path, pspnet) for path in tdnet.paths]
    fits = all(
        _shapes(path.head.get_weights()) == _shapes(head)
        for path, head in zip(tdnet.paths, heads, strict=True)
    )
    for path, head in zip(tdnet.paths, heads, strict=True):
        path.backbone.set_weights(backbone)
        path.pyramid.set_weights(pyramid)
        if fits:
            path.head.set_weights(head)
        if values == "features":
            _start_with_features(path)
    return ("backbone", "pyramid", "head") if fits else ("backbone", "pyramid")


def _head_weights(path, pspnet):
    """The PSPNet's head, on what the path sees of the pyramid."""
    kernel, *others = pspnet.head.get_weights()
    pyramid = path.pyramid
    channels = group_channels(pyramid.channels, pyramid.groups, pyramid.group)
    return [kernel[:, :, channels], *others]


def _start_with_features(path):
    kernel, bias = path.value.get_weights()
    identity = np.eye(kernel.shape[2])[None, None]
    path.value.set_weights([identity, np.zeros_like(bias)])
    for attention in path.attentions:
        kernel, bias = attention.projection.get_weights()
        attention.projection.set_weights([0.1 * kernel, bias])


def _shapes(arrays):
    return [array.shape for array in arrays]
