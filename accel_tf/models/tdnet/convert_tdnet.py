"""Official names of TDNet's tensors."""

import functools
import re

from accel_tf.checkpoints.entries import CheckpointEntry, torch_layer_entries
from accel_tf.models.pspnet.convert_pspnet import (
    backbone_entries,
    dotted,
    head_entries,
    pyramid_entries,
)

# ImageNet's classifiers; the heads and the teacher that only training has;
# and what TD2-FA18 holds and never uses.
UNUSED = (
    "pretrained?.fc.*",
    "auxlayer?.*",
    "teacher.*",
    "head_aux?.*",
    "ffm_32_?.smooth.*",
    "ffm_8_?.smooth.*",
    "ffm_4_?.up.*",
)
_FANET_PARTS = {
    "query": "w_qs",
    "key": "w_ks",
    "value": "w_vs",
    "lateral": "latlayer3",
    "up": "up",
    "smooth": "smooth",
}


def tdnet_entries(model):
    """Entries of a `TDNet`."""
    return [
        entry
        for number, path in enumerate(model.paths, 1)
        for entry in _path_entries(path, number, len(model.paths))
    ]


def _path_entries(path, number, paths):
    if path.pyramid is None:
        entries = _fanet_entries(path.backbone, number)
    else:
        entries = backbone_entries(path.backbone, f"pretrained{number}.")
        entries += pyramid_entries(path.pyramid, f"psp{number}.")

    for part, official in (
        ("query", "w_qs"),
        ("key", "w_ks"),
        ("value", "w_vs"),
    ):
        for layer in getattr(path, part).layers:
            if layer.weights:
                kind, place = layer.name[:-1], layer.name[-1]
                name = f"enc{number}.{official}.{place}.{kind}"
                entries += torch_layer_entries(layer, name)

    for step, attention in enumerate(path.attentions, 1):
        # Two paths have one source each, which needs no name.
        source = f"_{(number + step - 1) % paths + 1}" if paths > 2 else ""
        name = f"atn{number}{source}.fc.0.conv"
        entries += torch_layer_entries(attention.projection, name)

    for variable, suffix in (("gamma", "weight"), ("beta", "bias")):
        entries.append(
            CheckpointEntry(
                (f"layer_norm{number}.ln.{suffix}",),
                path.norm.size,
                getattr(path.norm, variable),
                assign=functools.partial(path.norm.assign_affine, variable),
            )
        )
    if path.pyramid is None:
        places = ("conv.conv", "conv.bn", "conv_out")
        return entries + head_entries(path.head, f"head{number}.", places)
    places = ("0", "1", "4")
    return entries + head_entries(path.head, f"head{number}.conv5.", places)


def _fanet_entries(backbone, number):
    """Entries of a `FANet`; officially its strides are called half."""
    entries = []
    for layer in backbone.layers:
        if not layer.weights:
            continue
        name = f"pretrained{number}.{dotted(layer.name)}"
        match = re.match(r"stride(\d+)_(\w+)_(conv|bn)$", layer.name)
        if match:
            part = _FANET_PARTS[match[2]]
            stage = f"ffm_{int(match[1]) // 2}_{number}"
            name = f"{stage}.{part}.{match[3]}"
        entries += torch_layer_entries(layer, name)
    return entries
