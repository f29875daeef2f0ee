"""TDNet: sub-networks that take turns and share what they have seen."""

import keras
from keras import ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.pspnet.normalize_image import normalize_image
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.models.tdnet.choose import choose
from accel_tf.models.tdnet.convert_tdnet import UNUSED, tdnet_entries
from accel_tf.models.tdnet.temporal_path import TemporalPath, subsample
from accel_tf.ops import resize_bilinear

_CHOICES = {"head": ("fcn", "leaky"), "warm_up": ("skip", "partial")}


@keras.saving.register_keras_serializable(package="accel_tf")
class TDNet(VideoSegmenter):
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
                TemporalPath(
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

    # === The contract ===

    @property
    def output_stride(self):
        return self.paths[0].backbone.output_stride

    def initial_state(self, batch_size, height, width, start_phase=0):
        """The empty buffer; see `VideoSegmenter.initial_state`.

        Args:
            batch_size, height, width: as there.
            start_phase: the path of the first frame, from 0; a number or a
                scalar tensor.
        """
        # Rounding up twice is rounding up once.
        step = self.output_stride * self.stride
        small = [(n + step - 1) // step for n in (height, width)]
        others = len(self.paths) - 1
        keys = self.path_arguments["key_filters"]
        values = self.path_arguments["value_filters"]
        dtype = self.compute_dtype
        state = {
            "keys": ops.zeros((batch_size, others, *small, keys), dtype),
            "values": ops.zeros((batch_size, others, *small, values), dtype),
            "phase": ops.full(
                (batch_size,), start_phase % len(self.paths), "int32"
            ),
            "buffered_frames": ops.zeros((batch_size,), "int32"),
        }
        if others > 1:
            state["queries"] = ops.zeros(
                (batch_size, others - 1, *small, keys), dtype
            )
        return state

    def clip_state(self, batch_size, height, width, start_phase=0):
        state = self.initial_state(batch_size, height, width, start_phase)
        # With plain numbers only the branches that a clip needs are built.
        state["buffered_frames"] = 0
        if isinstance(start_phase, int):
            state["phase"] = start_phase % len(self.paths)
        return state

    def call(self, clip, training=None, start_phase=0):
        """Logits of the last frame of `clip`, `[B, T, H, W, 3]`.

        As in a stream of which the clip is the start. The published form of
        training has as many frames as paths.

        Args:
            clip: RGB 0..255.
            training: whether to use the batch's statistics and dropout.
            start_phase: the path of the first frame, from 0. With a scalar
                tensor one program serves all phases.
        """
        return self._unroll(clip, training, start_phase=start_phase)

    def advance(self, frame, state, is_key, training=None):
        image = normalize_image(frame)

        def buffered(path):
            x = subsample(path.features(image, training), self.stride)
            parts = {
                "keys": path.key(x, training=training),
                "values": path.value(x, training=training),
            }
            if "queries" in state:
                parts["queries"] = path.query(x, training=training)
            return parts

        return self._push(state, self._on_path(state, buffered))

    def segment(self, frame, state, is_key, training=None):
        image = normalize_image(frame)

        def scored(path):
            x = path.features(image, training)
            query = path.query(x, training=training)
            value = path.value(x, training=training)
            context = self._with_context(path, query, value, state, training)
            parts = {
                "scores": path.scores(context, training),
                "keys": path.key(subsample(x, self.stride), training=training),
                "values": subsample(value, self.stride),
            }
            if "queries" in state:
                parts["queries"] = subsample(query, self.stride)
            return parts

        parts = self._on_path(state, scored)
        return parts.pop("scores"), None, self._push(state, parts)

    def upsample(self, scores, size, frame_size=None):
        return resize_bilinear(
            scores, size, align_corners=True, frame_size=frame_size
        )

    # === Paths and buffer ===

    def _on_path(self, state, function):
        """`function(path)` of the path whose turn it is."""
        return choose(
            _first(state["phase"]),
            [lambda path=path: function(path) for path in self.paths],
        )

    def _with_context(self, path, query, value, state, training):
        """Values of the frame with what the buffered frames add to them."""
        others = len(self.paths) - 1
        lengths = range(others + 1)
        index = _first(state["buffered_frames"])
        if self.warm_up == "skip":
            lengths, index = (0, others), index // others

        def joined(frames):
            if not frames:
                return value
            return value + path.propagate(query, state, frames, training)

        return choose(index, [lambda n=n: joined(n) for n in lengths])

    def _push(self, state, parts):
        """The state when the oldest frame has made room for a new one."""
        count = state["buffered_frames"] + 1
        others = len(self.paths) - 1
        minimum = min if isinstance(count, int) else ops.minimum
        return {
            "phase": (state["phase"] + 1) % len(self.paths),
            "buffered_frames": minimum(count, others),
            **{
                name: ops.concatenate(
                    [state[name][:, 1:], ops.expand_dims(part, 1)], axis=1
                )
                for name, part in parts.items()
            },
        }

    # === Cost, checkpoints, config ===

    def multiply_adds(self, height, width):
        """With a full buffer; see `VideoSegmenter.multiply_adds`.

        Attention counts its products, which the others don't have.
        """
        image = (1, height, width, 3)
        total = self.paths[0].multiply_adds(image, self.stride)
        return {"key": total, "non_key": total}

    def fused(self):
        from accel_tf.models.tdnet.fused_tdnet import FusedTDNet

        return FusedTDNet(self)

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


def _first(value):
    """Of a batch, whose streams run in step."""
    return value if isinstance(value, int) else value[0]
