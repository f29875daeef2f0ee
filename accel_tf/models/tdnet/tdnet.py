"""TDNet: sub-networks that take turns and share what they have seen."""

import keras

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.tdnet.convert_tdnet import UNUSED, tdnet_entries
from accel_tf.models.tdnet.tdnet_step import TDNetStep
from accel_tf.models.tdnet.temporal_path import make_path

_CHOICES = {"head": ("fcn", "leaky"), "warm_up": ("skip", "partial")}


@keras.saving.register_keras_serializable(package="accel_tf")
class TDNet(TDNetStep):
    """Temporally distributed network.

    TDNet (CVPR 2020). `P` shallow sub-networks (paths) take turns, one on
    each frame; attention gathers, for every pixel, what the other paths saw
    in the `P - 1` frames before. Every frame costs the same and `is_key` is
    ignored.

    State, `h' = ceil(ceil(H / 8) / stride)`: `keys` `[B, P - 1, h', w', K]`
    and `values` `[B, P - 1, h', w', V]` of the buffered frames, oldest
    first; with `P > 2` `queries` `[B, P - 2, h', w', K]` of the newest;
    `phase` int32 `[B]`, the path that is next, from 0; `buffered_frames`
    int32 `[B]`. The streams of a batch run in step: phase and number of
    buffered frames of the first hold for all.

    Differences from the official code, which leave its outputs as they are:
    queries and values of the buffer are a part of those that the frame's
    own scores need and are not computed again; every stream starts with an
    empty state of its own; and frames of any size are taken, see
    `norm_size`.

    Args:
        backbones: one network for each path, from `normalize_image` to
            features at stride 8; has `output_stride` and `multiply_adds`.
        num_classes: classes of the logits.
        pyramid_groups: in how many parts the channels of pyramid pooling
            are split; path `i` sees part `i` modulo this. 0 is no pyramid.
        key_filters: channels `K` of queries and keys.
        value_filters: channels `V` of the values.
        head_filters: channels of the heads' 3x3 convolution.
        head: `"fcn"` (ReLU, dropout, bias) or `"leaky"` (TD2-FA18).
        norm_size: `(height, width)` of the scale and the offset of the
            normalisation before the head, which belong to the pixel. Maps
            of another size get them resized, and a checkpoint that has
            them in another size changes this.
        stride: of the pixels of the buffered frames; 4 in the official
            testing code, 3 in its training code. No weights depend on it.
        warm_up: until the buffer is full, `"skip"` gives the path's own
            scores, as published; `"partial"` attends to the frames there
            are.
        dropout: share that training drops, in attention and in the head.
        label_map, dtype, name: as in `VideoSegmenter`.

    Attributes:
        paths: list of `TemporalPath`.

    Raises:
        ValueError: for fewer than two backbones, or an unknown choice.
    """

    unused_checkpoint_tensors = UNUSED

    def __init__(
        self,
        backbones,
        num_classes,
        pyramid_groups=2,
        key_filters=64,
        value_filters=512,
        head_filters=128,
        head="fcn",
        norm_size=(97, 193),
        stride=4,
        warm_up="skip",
        dropout=0.1,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        if len(backbones) < 2:
            raise ValueError(
                f"TDNet needs two backbones or more, got {len(backbones)}."
            )
        for name, value in (("head", head), ("warm_up", warm_up)):
            if value not in _CHOICES[name]:
                raise ValueError(
                    f"{name} must be {' or '.join(_CHOICES[name])}, not "
                    f"{value!r}."
                )
        if not isinstance(stride, int) or stride < 1:
            raise ValueError(
                f"stride must be a whole number, 1 or more, not {stride!r}."
            )
        self.stride = stride
        self.warm_up = warm_up
        self.path_arguments = {
            "pyramid_groups": pyramid_groups,
            "key_filters": key_filters,
            "value_filters": value_filters,
            "head_filters": head_filters,
            "head": head,
            "dropout": dropout,
        }
        with dtype_scope(self.dtype_policy):
            self.paths = [
                make_path(
                    backbone,
                    number,
                    len(backbones),
                    num_classes,
                    norm_size=tuple(norm_size),
                    **self.path_arguments,
                )
                for number, backbone in enumerate(backbones, 1)
            ]
        self.built = True

    # === Checkpoints, config ===

    def checkpoint_entries(self):
        return tdnet_entries(self)

    def get_config(self):
        return {
            **super().get_config(),
            "backbones": [
                self.serialize_network(path.backbone) for path in self.paths
            ],
            **self.path_arguments,
            "norm_size": list(self.paths[0].norm.size),
            "stride": self.stride,
            "warm_up": self.warm_up,
        }
