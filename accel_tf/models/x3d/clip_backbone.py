"""A network from frames to features, some of whose layers see neighbours."""

from accel_tf.models.network import Backbone


class ClipBackbone(Backbone):
    """What `ClipClassifier` asks of its backbone.

    A functional network from normalised frames `[B * T, H, W, 3]` to features
    `[B * T, ceil(H / 32), ceil(W / 32), C]`; which frames are of one clip
    says `accel_tf.layers.clip_time`. A subclass sets `maps` and

    Attributes:
        head_filters: channels of the convolution that comes next.
        output_stride: pixels of a frame per feature.
        decayed_normalizations: patterns of the variables of batch
            normalisations that decayed in the published training.
    """

    output_stride = 32
    decayed_normalizations = ()
