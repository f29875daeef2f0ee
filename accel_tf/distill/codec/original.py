"""The coding of updates that the authors' code accounts for."""

import gzip

import numpy as np


def original_update(mask, values, sizes, compress=True):
    """The update as the released code of AMS writes it to measure its size.

    Tensor by tensor the mask in bits, padded to bytes, then tensor by tensor
    the selected values as little-endian float16; all by `gzip -9`. It has no
    header and nobody reads it back; it is here to compare sizes. Statistics
    of batch normalisation are not in it.

    Args:
        mask: bool array `[trainable_size]`.
        values: float32 array, at least as long; the weights themselves.
        sizes: scalars of each trainable tensor in order; their sum is
            `trainable_size`. Of a `ParameterSpace`:
            `numpy.diff(space.offsets)[:len(space.trainable)]`.
        compress: `False` leaves out gzip, whose size depends on its version.

    Returns:
        bytes.

    Source: Khani et al., "Real-Time Video Inference on Edge Devices via
    Adaptive Model Streaming", ICCV 2021, the authors' `utils`.
    """
    mask = np.asarray(mask, bool)
    parts = np.split(mask, np.cumsum(sizes)[:-1])
    data = b"".join(np.packbits(part).tobytes() for part in parts)
    selected = np.asarray(values)[: mask.size][mask]
    data += selected.astype("<f2").tobytes()
    return gzip.compress(data, 9, mtime=0) if compress else data
