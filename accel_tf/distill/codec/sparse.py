"""Some weights of a model as three compressed parts, and back."""

import dataclasses

import numpy as np

from accel_tf.distill.codec import masks
from accel_tf.distill.codec.checks import check_finite
from accel_tf.distill.codec.compression import pack, unpack
from accel_tf.distill.codec.errors import UpdateError
from accel_tf.distill.codec.values import (
    decode_values,
    encode_values,
    kind_of_statistics,
    values_size,
)


@dataclasses.dataclass(frozen=True)
class SparseParts:
    """Mask, values and statistics of an update.

    Attributes:
        after: float32 array `[size]`, the weights that they make.
        mask_coding: `masks.GAPS` or `masks.BITS`.
        raw_sizes: bytes of each part before compression.
        packed: the compressed parts.
    """

    after: np.ndarray
    mask_coding: int
    raw_sizes: tuple
    packed: tuple


def encode_sparse(
    space, order, kind, delta, steps, before, mask, target, with_statistics
):
    """Codes the weights of a mask, and all statistics if they are wanted.

    Args:
        space: `ParameterSpace`.
        order: its `masks.channel_order`.
        kind, delta, steps: as `values.encode_values`.
        before, mask, target, with_statistics: as `UpdateCodec.encode`.

    Returns:
        `SparseParts`.
    """
    coding, raw_mask, packed_mask = masks.encode_mask(mask[order])
    after = before.copy()
    raws = []
    for each, places in (
        (kind, np.flatnonzero(mask)),
        (kind_of_statistics(kind), _statistics(space, with_statistics)),
    ):
        check_finite(target[places])
        counts = _counts(space, places)
        raw = encode_values(
            each, delta, before[places], target[places], counts, steps
        )
        # What a client will do, so that both have the same weights.
        after[places] = decode_values(each, delta, before[places], raw, counts)
        raws.append(raw)
    return SparseParts(
        after,
        coding,
        tuple(map(len, (raw_mask, *raws))),
        (packed_mask, *map(pack, raws)),
    )


def decode_sparse(space, order, header, parts, before):
    """The weights after an update.

    Args:
        space, order: as `encode_sparse`.
        header: `UpdateHeader`, checked.
        parts: the compressed parts.
        before: float32 array `[size]`; stays as it is.

    Returns:
        float32 array `[size]`.

    Raises:
        UpdateError: `"damaged"` or `"finite"`.
    """
    raw_mask, *raws = map(unpack, parts, header.raw_sizes)
    ordered = masks.decode_mask(
        header.mask_coding, raw_mask, space.trainable_size, header.selected
    )
    after = before.copy()
    for kind, places, raw in (
        (header.values, np.sort(order[ordered]), raws[0]),
        (
            kind_of_statistics(header.values),
            _statistics(space, header.has_statistics),
            raws[1],
        ),
    ):
        counts = _counts(space, places)
        if len(raw) != values_size(kind, len(places), len(counts)):
            raise UpdateError(
                "damaged", "the update has more or fewer values than places."
            )
        after[places] = decode_values(
            kind, header.delta, before[places], raw, counts
        )
    return after


def _statistics(space, wanted):
    """Places of the statistics of batch normalisation."""
    return np.arange(space.trainable_size if wanted else space.size, space.size)


def _counts(space, places):
    """How many of some rising places are in each tensor that has any."""
    counts = np.diff(np.searchsorted(places, space.offsets))
    return counts[counts > 0]
