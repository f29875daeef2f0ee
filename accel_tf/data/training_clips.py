"""Clips with a class, to train and to test on, as `tf.data` pipelines.

They depend on nothing but their arguments: the same seed and epoch give the
same batches. Of a video only the frames that are used are decoded (and those
before them, where it is stored as a video file).
"""

import dataclasses
import math
import zlib

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data.clip_sampling import (
    clip_indices,
    crop_views,
    random_clip_indices,
    segment_indices,
)
from accel_tf.data.encoded_clips import ENCODED, check_clips, decode_clip
from accel_tf.data.frame_steps import USUAL_RATE
from accel_tf.data.records import shuffled_examples


@dataclasses.dataclass(frozen=True)
class ClipSampling:
    """Which frames of a video make a clip.

    Attributes:
        frames: of a clip.
        step: frames of the video from one frame of the clip to the next, at
            `rate` frames per second, as on Kinetics; `None` takes one frame
            of each of equal segments, as on Something-Something.
        rate: `None` counts the video's frames as they are.

    Raises:
        ValueError: if a value is out of its range.
    """

    frames: int = 16
    step: float | None = 5.0
    rate: float | None = 30.0

    def __post_init__(self):
        if self.frames < 1:
            raise ValueError(f"frames must be 1 or more, not {self.frames}")
        for name in ("step", "rate"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be above 0, not {value}")

    @property
    def frame_step(self):
        """What a `ClipClassifier` that is trained so tells of its clips.

        Frames that are counted as they are count as of a video of 30 per
        second.
        """
        if self.step is None:
            return None
        return self.step * USUAL_RATE / (self.rate or USUAL_RATE)

    def random(self, length, frame_rate, rng):
        """Frames to train on: int64 `[frames]`.

        Args:
            length: frames of the video.
            frame_rate: of the video.
            rng: `numpy.random.Generator`.
        """
        if self.step is None:
            return segment_indices(length, self.frames, rng)
        step = self._step(frame_rate)
        return random_clip_indices(length, self.frames, step, rng)

    def view(self, length, frame_rate, view, views, rng):
        """Frames of one of several views to test on: int64 `[frames]`.

        Of segments, one view has their middles, and several are drawn.

        Args:
            length, frame_rate, rng: as of `random`.
            view, views: which view, from 0, of how many.
        """
        if self.step is None:
            rng = None if views == 1 else rng
            return segment_indices(length, self.frames, rng)
        step = self._step(frame_rate)
        return clip_indices(length, self.frames, step, view, views)

    def _step(self, frame_rate):
        if self.rate is None:
            return self.step
        return self.step * frame_rate / self.rate


@dataclasses.dataclass(frozen=True)
class ClipAugmentation:
    """What is done at random to the frames of a clip, to all alike.

    Attributes:
        crop: height and width of the result, in pixels.
        sides: `(least, most)` to which the short side of the frames is
            brought, as by `crop_views`, before they are cropped.
        inverse: whether the inverse of the side is drawn evenly, as on
            Something-Something, rather than the side itself.
        flip: mirrors half of the clips left to right.

    Raises:
        ValueError: if a value is out of its range.
    """

    crop: int = 224
    sides: tuple[int, int] = (256, 320)
    inverse: bool = False
    flip: bool = True

    def __post_init__(self):
        least, most = self.sides
        if not 1 <= self.crop <= least <= most:
            raise ValueError(
                "crop and sides must be 1 <= crop <= least <= most, not crop "
                f"{self.crop} and sides {tuple(self.sides)}"
            )


def training_clips(
    builder,
    split,
    *,
    sampling,
    augmentation,
    batch_size,
    **order,
):
    """Endless batches of random clips with their classes.

    Args:
        builder: TFDS builder with the features of
            `accel_tf.datasets.clip_features`, built.
        split: name of the split, or a slice of one.
        sampling: `ClipSampling`.
        augmentation: `ClipAugmentation`.
        batch_size: clips in a batch, over all devices and workers.
        **order: seed, epoch, shards and shard, as of
            `accel_tf.data.records.encoded_sequences`.

    Returns:
        Dataset of `(clips, classes)`: uint8 `[B, T, crop, crop, 3]`, RGB,
        and int64 `[B]`.

    Raises:
        ValueError: if the split is missing or empty, the data set has no
            clips with a class, or a number is out of range.
    """
    check_clips(builder, split)
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}")

    @tf.autograph.experimental.do_not_convert
    def make(example, seed):
        indices = _random_indices(sampling, example, seed)
        clip = decode_clip(example, indices)
        return random_crop(clip, augmentation, seed), example["label"]

    dataset = shuffled_examples(builder, split, ENCODED, noun="clips", **order)
    dataset = dataset.map(make, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size, drop_remainder=True)
    options = tf.data.Options()
    options.deterministic = True
    # Workers read different parts already.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return dataset.with_options(options).prefetch(2)


def clip_views(builder, split, *, sampling, size, views=1, crops=1, seed=0):
    """The views of every video of a split, in a fixed order.

    The scores of a video are the mean over its views:
    `model.probabilities(views).mean(0)`.

    Args:
        builder, split, sampling: as of `training_clips`.
        size: side in pixels to which the short side of the frames is brought,
            and of the squares that are cut out.
        views: clips of a video, from its start on; published tests have 10
            on Kinetics, 2 on Something-Something.
        crops: of each of them, 1 or 3.
        seed: of the frames that several views take of segments.

    Returns:
        Dataset of `(views, label, clip_id)`: uint8 `[views * crops, T, size,
        size, 3]`, all crops of a view side by side; int64 `[]`; string `[]`.

    Raises:
        ValueError: as of `training_clips`.
    """
    count = check_clips(builder, split)
    if views < 1:
        raise ValueError(f"views must be 1 or more, not {views}")
    if crops not in (1, 3):
        raise ValueError(f"crops must be 1 or 3, not {crops}")
    shape = (views * crops, sampling.frames, size, size, 3)

    def cut(clips):
        clips = clips.reshape((views, sampling.frames, *clips.shape[1:]))
        return np.concatenate([crop_views(x, size, crops) for x in clips])

    @tf.autograph.experimental.do_not_convert
    def make(example):
        indices = _view_indices(sampling, example, views, seed)
        clips = decode_clip(example, indices)
        clips = tf.numpy_function(cut, [clips], tf.uint8)
        clips.set_shape(shape)
        return clips, example["label"], example["clip_id"]

    dataset = builder.as_dataset(
        split=split,
        decoders=ENCODED,
        read_config=tfds.ReadConfig(
            try_autocache=False, skip_prefetch=True, interleave_cycle_length=1
        ),
    )
    dataset = dataset.map(make, num_parallel_calls=2, deterministic=True)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
    return dataset.prefetch(1)


def random_crop(clip, augmentation, seed):
    """A random part of a clip, of a random size.

    Args:
        clip: uint8 `[T, H, W, 3]`.
        augmentation: `ClipAugmentation`.
        seed: int32 or int64 `[2]`.

    Returns:
        uint8 `[T, crop, crop, 3]`.
    """
    draw = tf.random.stateless_uniform([4], seed)
    crop, size = augmentation.crop, tf.cast(tf.shape(clip)[1:3], tf.float32)
    least, most = augmentation.sides
    if augmentation.inverse:
        side = 1 / (1 / most + (1 / least - 1 / most) * draw[0])
    else:
        side = least + (most - least) * draw[0]
    resized = _resized(size, tf.round(side))
    # Every offset as often as the others; a draw is less than 1, but for
    # rounding.
    room = resized - crop
    offset = tf.minimum(tf.floor(draw[1:3] * (room + 1)), room)
    values = tf.raw_ops.ScaleAndTranslate(
        images=clip,
        size=[crop, crop],
        scale=resized / size,
        translation=-offset,
        kernel_type="triangle",
        antialias=True,
    )
    frames, clip = clip.shape[0], tf.cast(tf.round(values), tf.uint8)
    if augmentation.flip:
        clip = tf.where(draw[3] < 0.5, clip[:, :, ::-1], clip)
    clip.set_shape((frames, crop, crop, 3))
    return clip


def _resized(size, side):
    """The size of which the short side is `side`, as `short_side_size`."""
    # A hair more, as a quotient may come out a hair below a whole number.
    return tf.floor(size * (side / tf.reduce_min(size)) + 1e-3)


def _random_indices(sampling, example, seed):
    def draw(length, frame_rate, seed):
        return sampling.random(length, frame_rate, np.random.default_rng(seed))

    return _indices(draw, example, seed, sampling.frames)


def _view_indices(sampling, example, views, seed):
    """Of all views, one after the other: int64 `[views * frames]`."""

    def choose(length, frame_rate, clip_id):
        # By the clip: it has the same views whatever comes before it.
        rng = np.random.default_rng([seed, zlib.crc32(clip_id)])
        return np.concatenate(
            [
                sampling.view(length, frame_rate, view, views, rng)
                for view in range(views)
            ]
        )

    count = views * sampling.frames
    return _indices(choose, example, example["clip_id"], count)


def _indices(function, example, more, count):
    inputs = [example["frame_count"], example["frame_rate"], more]
    indices = tf.numpy_function(function, inputs, tf.int64)
    indices.set_shape([count])
    return indices
