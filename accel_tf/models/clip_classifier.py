"""The contract that every clip classifier keeps."""

import math

import keras
from keras import ops

from accel_tf.data.frame_steps import UNKNOWN, check_frame_step
from accel_tf.layers.clip_time import (
    LiveStream,
    PastOfClip,
    WholeClip,
    fold,
    in_time,
)
from accel_tf.models.dry_run import dry_run
from accel_tf.models.segmenter import fused_form

CHANNEL_ORDERS = ("rgb", "bgr")
_MEAN, _DEVIATION = 255 * 0.45, 255 * 0.225


class ClipClassifier(keras.Model):
    """From clips of a video to classes of what happens in them.

        model = accel_tf.from_preset("vov3d_m", num_classes=174)
        logits = model(clip)  # clip [B, T, H, W, 3], RGB 0..255
        probabilities = model.probabilities(clip)  # [B, 174]

    Clips have any number of frames, of any size from `crop_size` up (in
    larger ones the classes are decided at several positions). The model
    holds its normalisation. `compile` and `fit` take class indices `[B]`
    with `keras.losses.SparseCategoricalCrossentropy(from_logits=True)`.

    With `causal=True` no frame sees a later one, and means are taken over
    the last `frames` of them, so that `step` takes a live video frame by
    frame and gives what `model(clip)` gives for the frames so far. The
    weights have the same shapes; published ones were trained to see both
    ways, and decide less well so.

    A subclass sets `backbone`, a network from normalised frames
    `[B * T, H, W, 3]` to features, and `head`, one from features to logits by
    position; `accel_tf.layers.clip_time` says what their layers know of
    time.

    Args:
        num_classes: classes of the logits.
        frames: of the clips that the weights are trained on.
        crop_size: height and width in pixels of the frames that they are
            trained on.
        channel_order: `"rgb"`, or `"bgr"` where the weights were trained
            on frames in that order; clips are RGB either way.
        class_names: of the classes, in their order; by default numbered.
        causal: see above.
        frame_step: frames of a video of 30 per second from one frame of
            those clips to the next, in videos of another rate as much time;
            need not be whole. `None` where a clip was spread over its whole
            video, a frame of each of equal parts, as on Something-Something;
            `"unknown"` where nobody said. It changes no output: it is what
            `classify_video`, `ClipStream` and servers go by.
        dtype: dtype policy; `None` is Keras' default.

    Raises:
        ValueError: if an argument is none of these, or the names are for
            another number of classes.
    """

    # Names in official checkpoints, as of `VideoSegmenter`.
    unused_checkpoint_tensors = ()
    last_layer_tensors = ()

    def __init__(
        self,
        num_classes,
        frames=16,
        crop_size=224,
        channel_order="rgb",
        class_names=None,
        causal=False,
        frame_step=UNKNOWN,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)
        check_frame_step(frame_step)
        for name, value in (
            ("num_classes", num_classes),
            ("frames", frames),
            ("crop_size", crop_size),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value!r}.")
        if channel_order not in CHANNEL_ORDERS:
            raise ValueError(
                f"channel_order must be one of {', '.join(CHANNEL_ORDERS)}, "
                f"not {channel_order!r}."
            )
        if class_names is None:
            class_names = [f"class {index}" for index in range(num_classes)]
        if len(class_names) != num_classes:
            raise ValueError(
                f"class_names has {len(class_names)} names, the model "
                f"{num_classes} classes."
            )
        self.num_classes = num_classes
        self.frames = frames
        self.crop_size = crop_size
        self.channel_order = channel_order
        self.class_names = tuple(class_names)
        self.causal = causal
        self.frame_step = frame_step

    # === The contract ===

    def call(self, clip, training=None):
        """Logits of clips.

        Args:
            clip: RGB 0..255 `[B, T, H, W, 3]`, uint8 or float, of any
                number of frames.
            training: whether batch statistics are used and dropout drops.

        Returns:
            float32 `[B, classes]`; the mean over all positions at which
            `crop_size` fits.

        Raises:
            ValueError: if it is no such clip, or smaller than `crop_size`.
        """
        return ops.mean(self.logits_by_position(clip, training), axis=(1, 2))

    def probabilities(self, clip):
        """Probabilities of clips, as the original tests.

        Args:
            clip: as of `call`.

        Returns:
            float32 `[B, classes]`: softmax at every position at which
            `crop_size` fits, then the mean over them.
        """
        logits = self.logits_by_position(clip)
        return ops.mean(ops.softmax(logits, axis=-1), axis=(1, 2))

    def logits_by_position(self, clip, training=None):
        """Logits at every position at which `crop_size` fits.

        Args:
            clip, training: as of `call`.

        Returns:
            float32 `[B, rows, columns, classes]`.
        """
        self._check_clip(clip)
        with in_time(self._time(clip)):
            x = self.backbone(self.normalize(clip), training=training)
            logits = self.head(x, training=training)
        return ops.cast(logits, "float32")

    def _time(self, clip):
        frames = ops.shape(clip)[1]
        if self.causal:
            return PastOfClip(frames, self.frames)
        return WholeClip(frames)

    def normalize(self, clip):
        """What the backbone takes.

        Args:
            clip: as of `call`.

        Returns:
            float32 `[B * T, H, W, 3]`, around zero.
        """
        clip = ops.cast(fold(clip), "float32")
        if self.channel_order == "bgr":
            clip = ops.flip(clip, axis=-1)
        return (clip - _MEAN) / _DEVIATION

    def _check_clip(self, clip):
        shape = tuple(clip.shape)
        if len(shape) != 5 or shape[-1] != 3 or shape[1] == 0:
            raise ValueError(
                f"clip must be [B, T, H, W, 3] (RGB), got shape {shape}."
            )
        self.check_size(*shape[2:4])

    def check_size(self, height, width):
        """Raises `ValueError` if it was made for larger frames.

        Args:
            height, width: of frames, in pixels; `None` where unknown.
        """
        # A last row or column of features may see less than 32 pixels.
        least = (self.positions_side - 1) * self.backbone.output_stride + 1
        if any(side is not None and side < least for side in (height, width)):
            raise ValueError(
                f"{self.name} was made for {self.crop_size}x{self.crop_size} "
                f"pixels and takes no {height}x{width}; enlarge the frames, "
                "or make it with a smaller crop_size."
            )

    @property
    def positions_side(self):
        """Features along a side of what one position sees."""
        return -(-self.crop_size // self.backbone.output_stride)

    # === Live video ===

    def initial_state(self, batch_size, height, width):
        """The state before the first frame of streams.

        Args:
            batch_size: streams that run side by side.
            height, width: of the frames, in pixels.

        Returns:
            dict of name -> tensor, batch first.

        Raises:
            ValueError: if the classifier is not causal, or made for larger
                frames.
        """
        self._check_causal()
        self.check_size(height, width)
        state = dry_run(
            lambda frame: self.step(frame, {})[1],
            (batch_size, height, width, 3),
        )
        return {
            name: ops.zeros(tensor.shape, tensor.dtype)
            for name, tensor in state.items()
        }

    def step(self, frame, state):
        """Takes one more frame of each stream.

            state = model.initial_state(1, *frame.shape[:2])
            logits, state = model.step(frame[None], state)

        The logits are those of `model(clip)` for all frames so far; those
        before the last `frames` still count by the convolutions' memory,
        but not in the means.

        Args:
            frame: RGB 0..255 `[B, H, W, 3]`, uint8 or float.
            state: from `initial_state` or the previous `step`.

        Returns:
            `(logits, state)`; logits float32 `[B, classes]`.

        Raises:
            ValueError: if the classifier is not causal, or `frame` is none.
        """
        logits, state = self.step_by_position(frame, state)
        return ops.mean(logits, axis=(1, 2)), state

    def step_by_position(self, frame, state):
        """`step` with the logits at every position.

        Args:
            frame, state: as of `step`.

        Returns:
            `(logits, state)`; logits float32 `[B, rows, columns, classes]`,
            as of `logits_by_position`.
        """
        self._check_causal()
        self._check_clip(frame[:, None])
        time = LiveStream(state, self.frames)
        time.count(ops.shape(frame)[0])
        with in_time(time):
            logits = self.head(self.backbone(self.normalize(frame[:, None])))
        return ops.cast(logits, "float32"), time.state

    def _check_causal(self):
        if not self.causal:
            raise ValueError(
                f"{self.name} looks at frames to come; make it with "
                "causal=True to take one frame after the other."
            )

    # === Facts ===

    def multiply_adds(self, height, width, frames=None):
        """Multiply-additions of a clip, in units of one.

        Counts convolutions and dense layers; not normalisation, activations
        and squeeze-and-excitation.

        Args:
            height, width: of the frames, in pixels.
            frames: of the clip; by default `self.frames`.

        Returns:
            int.
        """
        frames = self.frames if frames is None else frames
        images = (frames, height, width, 3)
        features = self.backbone.compute_output_shape(images)[1:3]
        positions = [side - self.positions_side + 1 for side in features]
        total = self.backbone.multiply_adds(images)
        for layer in self.head.layers:
            if hasattr(layer, "kernel"):
                places = positions
                if layer.name == "conv_5":  # the only one before the means
                    places = (frames, *features)
                total += math.prod(places) * math.prod(layer.kernel.shape)
        return total

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.num_classes)

    def fused(self):
        """The form of `accel_tf.fuse_for_inference`."""
        return fused_form(self)
