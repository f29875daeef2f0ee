"""The signatures of an exported clip classifier."""

import dataclasses

import tensorflow as tf

from accel_tf.layers.inference_conv2d import variable_kernels
from accel_tf.ops.kernels import kernels_for
from accel_tf.serving.export.checks import checked, require
from accel_tf.serving.export.classifier_steps import ClassifierSteps
from accel_tf.serving.export.fitted_frames import fit_frames
from accel_tf.serving.export.frame_walk import FrameWalk
from accel_tf.serving.export.gif_files import decode_gif
from accel_tf.serving.export.images import decode_frame, require_shape
from accel_tf.serving.export.rows import vector
from accel_tf.serving.export.stream_signatures import StreamSignatures

MAX_FRAMES = 256
"""Of all clips of a request together: a small file can be a frame."""

_LARGEST_FRAMES_OF_A_GIF = 8


@dataclasses.dataclass
class ClassifierSignatures:
    """Programs from clips to classes, of any `ClipClassifier`.

    Args:
        model: a `ClipClassifier`.
        interval, memory_limit, fingerprint: as for `StreamSignatures`.
        max_pixels: height times width of the largest frame.
    """

    model: object
    interval: int
    memory_limit: int
    max_pixels: int
    fingerprint: str

    def __post_init__(self):
        size = self.model.crop_size
        self._classify = tf.function(
            self._traced_classes,
            input_signature=[
                tf.TensorSpec([None, None, size, size, 3], tf.uint8)
            ],
            autograph=False,
        )
        self._streams = None
        if self.model.causal:
            walk = FrameWalk(ClassifierSteps(self.model), self.max_pixels)
            self._streams = StreamSignatures(
                walk, self.interval, self.memory_limit, self.fingerprint
            )

    def functions(self, explicit_state):
        """All of them, as of `StreamSignatures.functions`."""
        clips = tf.TensorSpec([None] * 4 + [3], tf.uint8, "clips")
        image_bytes = tf.TensorSpec([None, None], tf.string, "image_bytes")
        gif_bytes = tf.TensorSpec([None], tf.string, "gif_bytes")
        top = tf.TensorSpec([None], tf.int64, "top")
        functions = {
            "serving_default": (self.clips, [clips]),
            "classify": (self.classify, [image_bytes, top]),
            "classify_gif": (self.classify_gif, [gif_bytes, top]),
        }
        if self._streams:
            functions |= self._streams.functions(explicit_state)
        return functions

    def requests(self, programs, image):
        """Warm-up requests, as of `StreamSignatures.requests`."""
        size = self.model.crop_size
        clip = tf.zeros([1, 1, size, size, 3], tf.uint8)
        yield "serving_default", {"clips": clip}
        images = tf.fill([1, self.model.frames], image)
        yield "classify", {"image_bytes": images, "top": tf.ones(1, tf.int64)}
        if self._streams:
            yield from self._streams.requests(programs, image)

    def clips(self, clips):
        """Logits and probabilities of clips of any size."""
        # A session looks at no shape.
        clips = tf.ensure_shape(clips, [None] * 4 + [3])
        shape = tf.shape(clips, tf.int64)
        count, frames, height, width = tf.unstack(shape[:4])
        fits = [
            _check_frames("clips", count, frames),
            require(
                height * width <= self.max_pixels,
                "clips has frames of ",
                height,
                "x",
                width,
                f"; a frame has at most {self.max_pixels} pixels",
            ),
            require_shape("clips has frames of ", height=height, width=width),
        ]
        images = tf.reshape(
            checked(clips, *fits), tf.concat([[-1], shape[2:]], 0)
        )
        logits, probabilities = self._of_frames(images, count, frames)
        return {"logits": logits, "probabilities": probabilities}

    def classify(self, image_bytes, top):
        """The likeliest classes of clips, lists of image files."""
        image_bytes = tf.ensure_shape(image_bytes, [None, None])
        count, frames = tf.unstack(tf.shape(image_bytes, tf.int64))
        fits = _check_frames("image_bytes", count, frames)
        data = tf.reshape(checked(image_bytes, fits), [-1])
        top = _checked_top(top, count)
        images = self._decoded(data, frames)
        _, probabilities = self._of_frames(images, count, frames)
        return self._likeliest(probabilities, top)

    def classify_gif(self, gif_bytes, top):
        """The likeliest classes of clips, animated GIF files."""
        gif_bytes = vector(gif_bytes)
        count = tf.size(gif_bytes, tf.int64)
        some = require(count > 0, "gif_bytes is empty: give a file or more")
        gif_bytes = checked(gif_bytes, some)
        top = _checked_top(top, count)

        def classes(row):
            images = decode_gif(
                gif_bytes[row],
                row,
                _LARGEST_FRAMES_OF_A_GIF * self.max_pixels,
                MAX_FRAMES,
            )
            images = fit_frames(images, self.model.crop_size)
            return self._classify(images[None])[1][0]

        probabilities = tf.map_fn(
            classes,
            tf.range(tf.size(gif_bytes)),
            fn_output_signature=tf.TensorSpec(
                [self.model.num_classes], tf.float32
            ),
            parallel_iterations=1,
        )
        return self._likeliest(probabilities, top)

    def _traced_classes(self, clips):
        # Weights are stored once, and no server needs to have XLA.
        with variable_kernels(), kernels_for("tensorflow"):
            logits = self.model.logits_by_position(clips)
        # A frame of `crop_size` has one position.
        logits = tf.reduce_mean(logits, axis=(1, 2))
        return logits, tf.nn.softmax(logits)

    def _of_frames(self, images, count, frames):
        """Logits and probabilities of `[count * frames, H, W, 3]`."""
        size = self.model.crop_size
        images = fit_frames(images, size)
        shape = tf.stack([count, frames, size, size, 3])
        return self._classify(tf.reshape(images, shape))

    def _decoded(self, data, frames):
        """Image files `[N]` of clips to uint8 `[N, size, size, 3]`."""
        size = self.model.crop_size

        def body(row, before, images):
            frame = decode_frame(data[row], row, self.max_pixels)
            sides = tf.shape(frame)[:2]
            is_first = tf.equal(tf.cast(row, tf.int64) % frames, 0)
            alike = require(
                is_first | tf.reduce_all(tf.equal(sides, before)),
                "image_bytes[",
                row,
                "] is of another size than the frame before: the frames of "
                "one clip must be of one size",
            )
            (fitted,) = tf.unstack(
                fit_frames(checked(frame, alike)[None], size), 1
            )
            return row + 1, sides, images.write(row, fitted)

        count = tf.size(data)
        images = tf.TensorArray(tf.uint8, count, element_shape=[size, size, 3])
        *_, images = tf.while_loop(
            lambda row, *_: row < count,
            body,
            (0, tf.zeros([2], tf.int32), images),
            parallel_iterations=1,
        )
        return images.stack()

    def _likeliest(self, probabilities, top):
        most = tf.minimum(top, self.model.num_classes)
        values, indices = tf.math.top_k(probabilities, tf.cast(most, tf.int32))
        names = tf.constant(list(self.model.class_names))
        return {
            "class_names": tf.gather(names, indices),
            "class_indices": tf.cast(indices, tf.int64),
            "probabilities": values,
        }


def _check_frames(name, count, frames):
    return require(
        (count > 0) & (frames > 0) & (count * frames <= MAX_FRAMES),
        f"{name} has ",
        count,
        " clips of ",
        frames,
        f" frames; a request has 1 to {MAX_FRAMES} frames",
    )


def _checked_top(top, count):
    """How many classes are asked for, if that is a number for each clip."""
    top = vector(top)
    first = tf.concat([top, [0]], 0)[0]
    fits = require(
        tf.equal(tf.size(top, tf.int64), count)
        & tf.reduce_all(tf.equal(top, first))
        & (first > 0),
        "top must hold, for each clip, the same number of 1 or more, got [",
        tf.strings.reduce_join(tf.strings.as_string(top), separator=", "),
        "] for ",
        count,
        " clips",
    )
    return checked(first, fits)
