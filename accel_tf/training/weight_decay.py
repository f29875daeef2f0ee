"""Which variables of a clip classifier weight decay is for."""

PUBLISHED, INTENDED = "published", "intended"

# Kernels and biases of any layer: `squeeze_kernel` is one, too.
_NOT_NORMALISATIONS = ("*kernel", "*bias")


def decayed_patterns(decayed, network):
    """The patterns of the variables with weight decay.

    Args:
        decayed: patterns as of `accel_tf.training.SGD`; or one of these
            alone: `"intended"`: kernels and biases, and nothing of batch
            normalisations. `"published"`: as the original trains: it looks
            for "bn" in names, which those of some batch normalisations of
            VoV3D lack, so that they decay as well.
        network: a `ClipClassifier`.

    Returns:
        tuple of str.
    """
    if tuple(decayed) == (INTENDED,):
        return _NOT_NORMALISATIONS
    if tuple(decayed) == (PUBLISHED,):
        backbone = network.backbone
        return (*_NOT_NORMALISATIONS, *backbone.decayed_normalizations)
    return tuple(decayed)
