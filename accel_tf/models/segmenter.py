"""The contract that every video segmenter keeps."""

import functools

import keras
from keras import ops

from accel_tf.data.label_maps import LabelMap, default_label_map
from accel_tf.frame_size import checked_size
from accel_tf.models.array_training import ArrayTraining
from accel_tf.models.dry_run import dry_run
from accel_tf.models.model_config import ModelConfig
from accel_tf.ops import upsample_scores


class VideoSegmenter(ModelConfig, ArrayTraining):
    """A pure step function from a frame and a state to logits and a state.

        height, width, _ = video[0].shape  # frames [H, W, 3]
        state = model.initial_state(1, height, width)
        for index, frame in enumerate(video):
            is_key = index % 5 == 0
            logits, state = model.step(frame[None], state, is_key=is_key)
            labels = logits[0].numpy().argmax(-1)  # [H, W]

    Frames have a batch axis, `[B, H, W, 3]`: several streams may run side by
    side. `accel_tf.VideoStream` does the same, compiled, and counts the
    frames.

    `model(clip)` unrolls the step over `[B, T, H, W, 3]` and returns the
    logits of the last frame, so `compile` and `fit` need no custom step; what
    they do by default says `ArrayTraining`.

    Frames are RGB, 0..255, `[B, H, W, 3]`, of any dtype; every model holds
    its own normalisation. Logits are float32.

    A subclass implements `initial_state` (if it has one), `advance` and
    `score` (or `segment`, where both share work), and builds all its weights
    in the constructor.

    Args:
        num_classes: classes of the logits.
        label_map: `accel_tf.data.LabelMap` with the names and colours of the
            classes; by default Cityscapes' for 19 classes, else numbered.
        trained_size: `(height, width)` in pixels of the frames that the
            weights were trained on; `None` where that is unknown. Training
            sets it, and those who run the model bring frames to this scale
            (`accel_tf.frame_size`); the model itself takes
            frames of any size.
        dtype: dtype policy; `None` is Keras' default.

    Raises:
        ValueError: if `num_classes` is no such number, the label map has
            another number of classes, or `trained_size` is none.
    """

    uses_key_frames = False
    runs_on_host = False
    """Whether a part of it runs outside the graph, so that the model cannot
    be exported."""
    signals = ()
    """Names of `accel_tf.models.signals.SIGNALS` that it can tell of frames
    that are no key frames."""
    key_frames_ask_state = False
    """Whether a key frame's result depends on the state before it, unless
    that is `{}`, with which a stream begins."""
    restart_period = None
    """Of models without key frames that keep a state: a stream that begins at
    a frame whose number is a multiple of this gives, from the next multiple
    on, the labels of one that began before. `None`: it does not."""
    least_side = 1
    """Height and width of the smallest frame that it takes, in pixels."""
    # Names in official checkpoints, with wildcards, that a model need not
    # take: heads that only training has, classifiers of other tasks.
    unused_checkpoint_tensors = ()
    # Likewise, of the layer that gives the scores, with which other classes
    # need no file; `()` where that is more than one layer.
    last_layer_tensors = ()

    def __init__(
        self, num_classes, label_map=None, trained_size=None, **kwargs
    ):
        # Frames keep their precision until the model has normalised them.
        super().__init__(autocast=False, **kwargs)
        if not isinstance(num_classes, int):
            raise ValueError(
                f"num_classes must be 1 to 255, not {num_classes!r}"
            )
        if label_map is None:
            label_map = default_label_map(num_classes)
        elif isinstance(label_map, dict):
            label_map = LabelMap.from_config(label_map)
        if len(label_map.names) != num_classes:
            raise ValueError(
                f"label_map names {len(label_map.names)} classes, the model "
                f"has {num_classes}."
            )
        self.num_classes = num_classes
        self.label_map = label_map
        self.trained_size = trained_size

    @property
    def trained_size(self):
        return self._trained_size

    @trained_size.setter
    def trained_size(self, size):
        self._trained_size = None if size is None else checked_size(size)

    # === What a system implements ===

    @property
    def output_stride(self):
        """Input pixels per pixel of the native scores."""
        raise self._missing("output_stride")

    def initial_state(self, batch_size, height, width):
        """The state before the first frame: a flat dict of tensors.

        Args:
            batch_size: streams that run side by side.
            height: of the frames, in pixels.
            width: of the frames, in pixels.

        Returns:
            dict of name -> tensor, batch first; empty for per-frame models.
            A model with key frames must start with one: the state of zeros
            only has the right shapes.
        """
        return {}

    def advance(self, frame, state, is_key, training=None):
        """The state after `frame`, for a Python bool `is_key`.

        `training` goes on to every network that is called, here as in
        `score`: not all backends of Keras hand it down by themselves.
        """
        return state

    def score(self, frame, state, is_key, training=None):
        """Class scores of `frame` at the native stride.

        Args:
            frame: RGB `[B, H, W, 3]`, 0..255.
            state: the state *after* `frame`, from `advance`.
            is_key: Python bool.
            training: see `advance`.

        Returns:
            `(scores, bias)`: `[B, h, w, classes]` and a vector `[classes]`
            or `None` that is added after up-sampling.
        """
        raise self._missing("score")

    def segment(self, frame, state, is_key, training=None):
        """Both at once: the scores of `frame` and the state after it.

        Args:
            frame, is_key, training: as in `score`.
            state: the state *before* `frame`.

        Returns:
            `(scores, bias, state)`.
        """
        state = self.advance(frame, state, is_key, training)
        return *self.score(frame, state, is_key, training), state

    def segment_with_signals(self, frame, state, is_key, names):
        """`segment`, and what a `KeyframePolicy` wants to know of the frame.

        Args:
            frame, state, is_key: as in `segment`.
            names: of `signals`.

        Returns:
            `(scores, bias, state, signals)`: a dict of name -> float32 `[B]`;
            zeros on a key frame.
        """
        if not is_key:
            return self.segment_between(frame, state, names)
        none = ops.zeros((ops.shape(frame)[0],), "float32")
        return *self.segment(frame, state, True), dict.fromkeys(names, none)

    def segment_between(self, frame, state, names):
        """`segment_with_signals` of a frame that is no key frame."""
        raise self._missing("segment_between")

    def upsample(self, scores, size, frame_size=None):
        """Scores at the native stride to a finer grid of the frame.

        Args:
            scores: from `segment` or `score`.
            size: `(height, width)` of the result.
            frame_size: `(height, width)` of the frame, if `size` is not
                that but the size of a larger image that it was made of; see
                `accel_tf.ops.resize.frame_places`.
        """
        return upsample_scores(scores, self.output_stride, size, frame_size)

    def logits(self, scores, bias, size=None, frame_size=None):
        """From what `segment` gives to what `step` gives.

        Args:
            scores, bias: from `segment` or `score`.
            size: `(height, width)` of the frame; `None` leaves the scores
                at the native stride.
            frame_size: that of the frame, if `size` is another; see
                `upsample`.

        Returns:
            float32 tensor `[B, height, width, classes]`.
        """
        if size is not None:
            at = () if frame_size is None else (frame_size,)
            scores = self.upsample(scores, size, *at)
        scores = ops.cast(scores, "float32")
        if bias is not None:
            scores = scores + ops.cast(bias, "float32")
        return scores

    def scores_shape(self, batch_size, height, width):
        """Shape of the scores of a per-frame model.

        Args:
            batch_size, height, width: as in `initial_state`. Where sizes are
                tensors, the shape of scores that cover the frame, the last
                ones in part; there may be one row or column less.

        Returns:
            `(batch_size, h, w, classes)`.
        """
        if not all(isinstance(side, int) for side in (height, width)):
            stride = self.output_stride
            size = [-(-side // stride) for side in (height, width)]
            return (batch_size, *size, self.num_classes)
        scores = dry_run(
            lambda frame: self.segment(frame, {}, True)[0],
            (batch_size, height, width, 3),
        )
        return tuple(scores.shape)

    def clip_state(self, batch_size, height, width):
        """The state with which `call` begins a clip."""
        if self.uses_key_frames:
            return {}
        return self.initial_state(batch_size, height, width)

    def multiply_adds(self, height, width):
        """Multiply-additions of one frame, in units of one.

        Counts convolutions, transposed and deformable ones, and the warp;
        not normalisation, activations and the sampling of deformable taps.

        Returns:
            dict with the keys `"key"` and `"non_key"` (equal for models
            without key frames).
        """
        raise self._missing("multiply_adds")

    def checkpoint_entries(self):
        """How the official checkpoint's tensors map to this model.

        Returns:
            list of `accel_tf.checkpoints.CheckpointEntry`.
        """
        raise self._missing("checkpoint_entries")

    def split_at(self, name):
        """Both sides of a layer, for `accel_tf.propagate(split=)`.

        Args:
            name: of the layer.

        Returns:
            `accel_tf.models.split.Split`.

        Raises:
            ValueError: if the model cannot be split, or not there.
        """
        raise ValueError(
            f"{self.name} cannot be split; leave split out to carry scores."
        )

    def check_exportable(self):
        """Raises `ValueError` if programs cannot be made of this model."""
        if self.runs_on_host:
            raise ValueError(
                f"{self.name} runs outside the graph, at least in part (such "
                "as OpenCV's optical flow), and cannot be exported; a flow "
                "network can be."
            )

    def _missing(self, name):
        return NotImplementedError(
            f"{type(self).__name__} does not define {name}; "
            "accel_tf.models.segmenter says what a segmenter must have"
        )

    def fused(self):
        """The form of `accel_tf.fuse_for_inference`."""
        return fused_form(self)

    # === The contract ===

    def step(self, frame, state, is_key=True, native_stride=False):
        """Segments one frame of each stream.

            state = model.initial_state(1, *frame.shape[:2])
            logits, state = model.step(frame[None], state, is_key=True)

        Args:
            frame: RGB 0..255 `[B, H, W, 3]`, uint8 or float.
            state: from `initial_state` or the previous `step`.
            is_key: Python bool (the other branch is then never built) or a
                scalar boolean tensor. Models without key frames ignore it.
            native_stride: if true, the logits stay at the network's stride,
                `[B, h, w, classes]`.

        Returns:
            `(logits, state)`; logits float32 `[B, H, W, classes]`.

        Raises:
            ValueError: if `frame` is not `[B, H, W, 3]`.
        """
        self.check_frame(frame)
        if not self.uses_key_frames:
            is_key = True

        def branch(is_key):
            return self._logits(frame, state, is_key, native_stride)

        if keras.ops.is_tensor(is_key):
            return ops.cond(is_key, lambda: branch(True), lambda: branch(False))
        return branch(bool(is_key))

    @staticmethod
    def check_frame(frame):
        """Raises `ValueError` if `frame` is not `[B, H, W, 3]`."""
        if len(frame.shape) != 4 or frame.shape[-1] != 3:
            raise ValueError(
                "frame must be [B, H, W, 3] (RGB), got shape "
                f"{tuple(frame.shape)}."
            )

    def call(self, clip, training=None):
        """Logits of the last frame of `clip`, `[B, T, H, W, 3]`.

        The first frame is the key frame. Only the last frame is scored: the
        branches that leave no trace in the state run once.
        """
        return self._unroll(clip, training)

    def _unroll(self, clip, training, **start):
        if len(clip.shape) != 5 or clip.shape[-1] != 3 or not clip.shape[1]:
            raise ValueError(
                "clip must be [B, T, H, W, 3] (RGB) with a fixed T, got "
                f"shape {tuple(clip.shape)}."
            )
        last = clip.shape[1] - 1
        batch, _, height, width, _ = ops.shape(clip)
        state = self.clip_state(batch, height, width, **start)
        for index in range(last):
            state = self.advance(clip[:, index], state, index == 0, training)
        is_key = last == 0 or not self.uses_key_frames
        return self._logits(clip[:, last], state, is_key, training=training)[0]

    def _logits(self, frame, state, is_key, native_stride=False, training=None):
        scores, bias, state = self.segment(frame, state, is_key, training)
        size = None if native_stride else ops.shape(frame)[1:3]
        return self.logits(scores, bias, size), state

    def compute_output_shape(self, input_shape):
        batch, _, height, width, _ = input_shape
        return (batch, height, width, self.num_classes)

    def get_config(self):
        config = (
            {}
            if self.trained_size is None
            else {"trained_size": list(self.trained_size)}
        )
        return config | {
            "num_classes": self.num_classes,
            "label_map": self.label_map.to_config(),
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }


@functools.singledispatch
def fused_form(model):
    """The form for inference of a model, by its class.

    A `FusedSegmenter` registers itself for the class that it is the form of:

        @fused_form.register(DeepLab)
        class FusedDeepLab(FusedSegmenter, DeepLabStep): ...

    Args:
        model: a `VideoSegmenter`.

    Returns:
        What was registered for the model's class, or the nearest class that
        it inherits from, made of the model; the model itself if nothing was.
    """
    return model
