"""An update on its way out, and one that came."""

import dataclasses

from accel_tf.distill.codec.header import UpdateHeader


@dataclasses.dataclass(frozen=True)
class EncodedUpdate:
    """An update ready to be sent.

    Attributes:
        data: the bytes.
        after: float32 array `[size]`, the weights that a client has once it
            applied the update, bit for bit; the server goes on from them.
        header: `UpdateHeader`.
        sizes: bytes by part: `"header"`, `"mask"`, `"values"` and
            `"statistics"`; together `len(data)`.
    """

    data: bytes
    after: object
    header: UpdateHeader
    sizes: dict


@dataclasses.dataclass(frozen=True)
class DecodedUpdate:
    """What an update made of a client's weights.

    Attributes:
        after: float32 array `[size]`, the new weights.
        sequence: number of the update.
        is_snapshot: whether it held all weights.
        time: seconds on the clock of the video up to which the teacher has
            seen it.
        header: `UpdateHeader`.
    """

    after: object
    sequence: int
    is_snapshot: bool
    time: float
    header: UpdateHeader
