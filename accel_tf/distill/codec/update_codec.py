"""Changes of a model's weights as bytes, and back."""

import dataclasses

from accel_tf.distill.codec.header import VALUES, UpdateHeader


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


class UpdateCodec:
    """Codes sparse changes of weights, each side with the same settings.

        codec = UpdateCodec(space, values="int8")
        update = codec.encode(1, weights, mask, trained)
        decoded = codec.decode(update.data, weights, last_sequence=0)
        # decoded.after equals update.after bit for bit.

    Only the encoder's settings count: every codec of the same space decodes
    every update. Nothing of a codec changes by its use; threads may share it.

    Args:
        space: `ParameterSpace` of the model.
        values: how the selected weights are sent: `"float32"` (exactly),
            `"float16"` or `"int8"` (8 bits and a scale for each tensor).
        delta: send differences from the weights before, which are smaller
            and so keep more of their precision, rather than the weights.
        level: of zstandard, 1 to 22.

    Attributes:
        most_bytes: no update or snapshot of this space is longer; a longer
            message need not be read to its end.

    Raises:
        ValueError: if `values` is none of the three, or int8 shall be sent
            without `delta`.
        ImportError: if zstandard is missing; the message has the pip command.
    """

    def __init__(self, space, values="float16", delta=True, level=19):
        if values not in VALUES:
            raise ValueError(
                f'values is "{values}"; it is one of {", ".join(VALUES)}.'
            )
        self.space = space
        self.values = values
        self.delta = delta
        self.level = level

    def encode(
        self,
        sequence,
        before,
        mask,
        target,
        with_statistics=True,
        base_sequence=None,
        time=0.0,
    ):
        """Makes an update that brings a client close to new weights.

        Args:
            sequence: its number, from 1 and rising.
            before: float32 array `[size]`, the weights that the client has
                once it applied `base_sequence`.
            mask: bool array `[trainable_size]`, the weights to send.
            target: float32 array `[size]`, the new weights; those outside
                of the mask are not looked at.
            with_statistics: also send all statistics of batch normalisation.
            base_sequence: the update after which this one can be applied; 0
                stands for the weights that both began with. The one before
                when left out.
            time: seconds on the clock of the video up to which the teacher
                has seen it; comes out of `decode`.

        Returns:
            `EncodedUpdate`.

        Raises:
            UpdateError: `"finite"` if NaN or infinity is among the weights.
            ValueError: if an array has another shape or type, or the numbers
                do not rise.
        """
        raise NotImplementedError

    def encode_snapshot(self, sequence, weights, time=0.0):
        """Makes a message of all weights, exactly.

        Args:
            sequence: its number, from 1 and rising, counted with the updates.
            weights: float32 array `[size]`.
            time: as `encode`.

        Returns:
            `EncodedUpdate`, whose `after` equals `weights`.

        Raises:
            UpdateError: `"finite"` if NaN or infinity is among the weights.
            ValueError: if the array has another shape or type.
        """
        raise NotImplementedError

    def decode(self, data, before, last_sequence):
        """Applies an update to a copy of weights, wholly or not at all.

        Args:
            data: bytes of an update or a snapshot.
            before: float32 array `[size]`, the client's weights; stay as they
                are. For a snapshot it may be `None`.
            last_sequence: number of the update that the client applied last;
                0 with the weights that both began with, `None` for a client
                that takes any snapshot (it has just asked for one), and
                nothing else.

        Returns:
            `DecodedUpdate`.

        Raises:
            UpdateError: if the update is refused; `kind` says why. A repeated
                update is refused as a `"duplicate"`, whose weights the
                client has.
        """
        raise NotImplementedError
