"""What is asked of an update before it is unpacked, and of weights."""

import numpy as np

from accel_tf.distill.codec import masks
from accel_tf.distill.codec.compression import most_packed
from accel_tf.distill.codec.errors import UpdateError
from accel_tf.distill.codec.header import HEADER_SIZE, VALUES
from accel_tf.distill.codec.values import kind_of_statistics, values_size


def check_vector(name, vector, space):
    """Refuses with a ValueError what is no vector of all weights."""
    shape = getattr(vector, "shape", None)
    if shape != (space.size,) or vector.dtype != np.float32:
        kind = getattr(vector, "dtype", type(vector).__name__)
        raise ValueError(
            f"`{name}` is {kind} {list(shape or ())}; it is float32 "
            f"[{space.size}]."
        )


def check_finite(weights):
    """Refuses weights with NaN or infinity among them."""
    if not np.isfinite(weights).all():
        raise UpdateError(
            "finite", "weights of the update are NaN or infinite."
        )


def check_architecture(header, space):
    """Refuses what is for another model."""
    if header.architecture != space.digest:
        raise UpdateError(
            "architecture",
            "the update is for another model than this one; both sides need "
            "the same model with the same number of classes.",
        )


def check_order(header, last_sequence):
    """Refuses what does not follow the update that was applied last."""
    number, base = header.sequence, header.base_sequence
    if base >= number:
        raise UpdateError("damaged", "the update's numbers make no sense.")
    if last_sequence is None:
        if header.is_snapshot:
            return
        raise UpdateError(
            "order", f"update {number} came where a snapshot is needed."
        )
    if number <= last_sequence:
        raise UpdateError(
            "duplicate",
            f"update {number} came again; the last one was {last_sequence}.",
        )
    if not header.is_snapshot and base != last_sequence:
        raise UpdateError(
            "order",
            f"update {number} follows update {base}; the last one here was "
            f"{last_sequence}.",
        )


def check_sizes(header, space):
    """Refuses sizes that the model's own weights do not allow."""
    selected, coding = header.selected, header.mask_coding
    if header.is_snapshot:
        fits = header.raw_sizes == (0, 4 * space.size, 0)
    else:
        most = (
            masks.most_mask_bytes(coding, space.trainable_size, selected),
            values_size(header.values, selected, len(space.trainable)),
            _statistics_size(header, space),
        )
        fits = selected <= space.trainable_size and coding in masks.CODINGS
        fits = fits and _all_within(header.raw_sizes, most)
    packed = [most_packed(size) for size in header.raw_sizes]
    if not fits or not _all_within(header.packed_sizes, packed):
        raise UpdateError(
            "size", "the update claims sizes that no update of this model has."
        )


def most_bytes(space):
    """Bytes that no update or snapshot of a model exceeds."""
    size = space.trainable_size
    parts = (
        max(masks.most_mask_bytes(each, size, size) for each in masks.CODINGS),
        _most_values(size, len(space.trainable)),
        _most_values(space.size - size, len(space.statistics)),
    )
    return HEADER_SIZE + sum(most_packed(part) for part in parts)


def _most_values(count, tensors):
    return max(values_size(kind, count, tensors) for kind in VALUES)


def _statistics_size(header, space):
    if not header.has_statistics:
        return 0
    count = space.size - space.trainable_size
    kind = kind_of_statistics(header.values)
    return values_size(kind, count, len(space.statistics))


def _all_within(sizes, limits):
    return all(size <= limit for size, limit in zip(sizes, limits, strict=True))
