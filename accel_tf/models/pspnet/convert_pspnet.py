"""Official names of PSPNet's tensors and of its parts in TDNet."""

from accel_tf.checkpoints.entries import torch_layer_entries

# ImageNet's classifier, and the head that only training has.
UNUSED = ("pretrained.fc.*", "auxlayer.*")


def pspnet_entries(model):
    """Entries of a `PSPNet`."""
    return [
        *backbone_entries(model.backbone, "pretrained."),
        *pyramid_entries(model.pyramid, "head.conv5.0."),
        *head_entries(model.head, "head.conv5.", ("1", "2", "5")),
    ]


def backbone_entries(backbone, prefix):
    """Entries of a residual network with torchvision's names.

    Args:
        backbone: layers are named `layer1_0_conv1`, `conv1_0`, `bn1`, ...
        prefix: what the names start with in the checkpoint.
    """
    return [
        entry
        for layer in backbone.layers
        if layer.weights
        for entry in torch_layer_entries(layer, prefix + dotted(layer.name))
    ]


def pyramid_entries(pyramid, prefix):
    """Entries of a `PyramidPooling`."""
    return backbone_entries(pyramid, prefix)


def head_entries(head, prefix, places):
    """Entries of a head.

    Args:
        head: `fcn_head` or `leaky_head`.
        prefix: what the names start with in the checkpoint.
        places: what follows for convolution, normalisation and scores.
    """
    names = ("conv", "bn", "score")
    return [
        entry
        for name, place in zip(names, places, strict=True)
        for entry in torch_layer_entries(head.get_layer(name), prefix + place)
    ]


def auxiliary_entries(head, prefix):
    """Entries of an `auxiliary_head`; names start with `prefix`."""
    return head_entries(head, f"{prefix}.conv5.", ("0", "1", "4"))


def dotted(name):
    """`layer1_0_conv1` as PyTorch writes it: `layer1.0.conv1`."""
    return name.replace("_", ".")
