"""Official names of FlowNet's tensors: the layers carry them already."""

from accel_tf.checkpoints.entries import mxnet_layer_entries


def flownet_s_entries(network):
    """Entries of a `FlowNetS`."""
    return [
        entry
        for layer in network.layers
        if layer.weights
        for entry in mxnet_layer_entries(layer, layer.name)
    ]
