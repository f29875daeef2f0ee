"""Official names of PIDNet's tensors."""

import dataclasses

from accel_tf.checkpoints.entries import torch_layer_entries

# Training wraps the network and its losses into one module.
_WRAPPED = "model."
# The heads that only training has, and the weights of the classes.
UNUSED = (
    "seghead_p.*",
    "seghead_d.*",
    f"{_WRAPPED}seghead_p.*",
    f"{_WRAPPED}seghead_d.*",
    "sem_loss.*",
    "bd_loss.*",
)
# Official names say `layer3_` for the detail branch, `layer3_d` for the
# boundary branch, x and p for detail, y and i for context.
_PARTS = {
    "pag3_detail": "pag3.f_x",
    "pag3_context": "pag3.f_y",
    "pag4_detail": "pag4.f_x",
    "pag4_context": "pag4.f_y",
    "spp_scales": "spp.scale_process",
    "dfm_detail": "dfm.conv_p",
    "dfm_context": "dfm.conv_i",
}
for _stage in (3, 4, 5):
    _PARTS[f"layer{_stage}_detail"] = f"layer{_stage}_"
    _PARTS[f"layer{_stage}_boundary"] = f"layer{_stage}_d"
_HEAD = {"bn1": "bn1", "conv": "conv1", "bn2": "bn2", "score": "conv2"}


def pidnet_entries(model):
    """Entries of a `PIDNet`."""
    layers = [
        (layer, official_name(layer.name))
        for layer in model.backbone.layers
        if layer.weights
    ]
    layers += [
        (model.head.get_layer(name), f"final_layer.{official}")
        for name, official in _HEAD.items()
    ]
    return [
        dataclasses.replace(entry, names=(name, _WRAPPED + name))
        for layer, official in layers
        for entry in torch_layer_entries(layer, official)
        for name in entry.names
    ]


def official_name(name):
    """`layer3_detail_0_conv1` as PyTorch has it: `layer3_.0.conv1`."""
    for part, official in _PARTS.items():
        if name.startswith(f"{part}_"):
            return official + name.removeprefix(part).replace("_", ".")
    return name.replace("_", ".")
