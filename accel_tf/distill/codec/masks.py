"""Which weights an update changes, as bytes.

The weights that training moves most stand together: in some tensors, and
within a tensor in some output channels. So the weights are gone through by
output channel. What is written is either how many weights are left out before
each selected one, which suits few of them, or a bit for each weight.
"""

import numpy as np

from accel_tf.distill.codec.compression import pack
from accel_tf.distill.codec.errors import UpdateError

GAPS, BITS = 0, 1
CODINGS = (GAPS, BITS)
_MORE = 255  # A gap goes on in the next byte.


def channel_order(space):
    """Places of the trainable weights by tensor, then by output channel.

    Args:
        space: `ParameterSpace`.

    Returns:
        int array `[trainable_size]`; the last axis of a tensor comes first.
    """
    places = np.arange(space.trainable_size, dtype=np.int32)
    return np.concatenate(
        [
            np.moveaxis(part, -1, 0).ravel() if part.ndim else part[None]
            for part in space.split(places)
        ]
    )


def encode_mask(ordered):
    """Codes a mask both ways and keeps the smaller.

    Args:
        ordered: bool array in the order of `channel_order`.

    Returns:
        tuple of the coding's number, the bytes and the compressed bytes.
    """
    candidates = []
    for coding, raw in (
        (GAPS, _to_gaps(ordered)),
        (BITS, np.packbits(ordered).tobytes()),
    ):
        candidates.append((coding, raw, pack(raw)))
    return min(candidates, key=lambda candidate: len(candidate[2]))


def most_mask_bytes(coding, size, selected):
    """The most bytes of a mask of `size` weights before compression."""
    if coding == BITS:
        return -(-size // 8)
    return selected + size // _MORE


def decode_mask(coding, raw, size, selected):
    """The mask that `encode_mask` was given.

    Args:
        coding: `GAPS` or `BITS`.
        raw: bytes, decompressed.
        size: scalars of the mask.
        selected: how many of them are true.

    Returns:
        bool array `[size]` in the order of `channel_order`.

    Raises:
        UpdateError: `"damaged"` if the bytes are no such mask.
    """
    numbers = np.frombuffer(raw, np.uint8)
    if coding == BITS:
        bits = np.unpackbits(numbers).astype(bool)
        ordered, rest = bits[:size], bits[size:]
        fits = ordered.size == size and not rest.any()
    else:
        ordered = np.zeros(size, bool)
        is_last = numbers != _MORE
        places = np.cumsum(numbers, dtype=np.int64)[is_last]
        places += np.arange(places.size)
        fits = numbers.size == 0 or (is_last[-1] and places[-1] < size)
        if fits:
            ordered[places] = True
    if not fits or np.count_nonzero(ordered) != selected:
        raise UpdateError(
            "damaged", "the update's choice of weights makes no sense."
        )
    return ordered


def _to_gaps(ordered):
    """Weights left out before each selected one, 255 meaning 255 and on."""
    gaps = np.diff(np.flatnonzero(ordered), prepend=-1) - 1
    full, last = np.divmod(gaps, _MORE)
    numbers = np.full(int(np.sum(full + 1)), _MORE, np.uint8)
    numbers[np.cumsum(full + 1) - 1] = last
    return numbers.tobytes()
