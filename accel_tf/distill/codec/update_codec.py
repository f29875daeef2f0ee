"""Changes of a model's weights as bytes, and back."""

import math
import operator

import numpy as np

from accel_tf.distill.codec import checks, compression
from accel_tf.distill.codec.errors import UpdateError
from accel_tf.distill.codec.header import (
    HEADER_SIZE,
    PARTS,
    VALUES,
    UpdateHeader,
    join_update,
    split_update,
)
from accel_tf.distill.codec.masks import channel_order
from accel_tf.distill.codec.results import DecodedUpdate, EncodedUpdate
from accel_tf.distill.codec.sparse import (
    SparseParts,
    decode_sparse,
    encode_sparse,
)
from accel_tf.distill.codec.values import (
    MOST_STEPS,
    decode_values,
    encode_values,
)
from accel_tf.distill.parameter_space import weights_digest


class UpdateCodec:
    """Codes sparse changes of weights, each side with the same settings.

        codec = UpdateCodec(space, values="int8")
        update = codec.encode(1, weights, mask, trained)
        decoded = codec.decode(update.data, weights, last_sequence=0)
        # decoded.after equals update.after bit for bit.

    The settings count for the encoder only: every codec of the same space
    decodes every update. Nothing of a codec changes by its use, so threads
    may share it. How the bytes are laid out is in `docs/update_format.md`.

    Args:
        space: `ParameterSpace` of the model.
        values: how the selected weights are sent. `"float32"`: exactly;
            `"float16"`: rounded to that type, as the authors' code does;
            `"int8"`: their changes in steps, as large as the tensor's largest
            change needs. Statistics are sent as float16 with int8.
        delta: send differences from the weights before. With float32 and
            float16 the result is the same and the bytes are fewer. `False`
            with int8 rounds the weights rather than their changes, which
            few models bear.
        steps: of int8, 1 to 127, how many make up a tensor's largest change.
            A quarter of the steps makes a value 2 bits shorter.

    Attributes:
        most_bytes: no update or snapshot of this space is longer; a longer
            message need not be read to its end.

    Raises:
        ValueError: if `values` is none of the three, or `steps` beyond 127.
        ImportError: if zstandard is missing; the message has the pip command.
    """

    def __init__(self, space, values="float16", delta=True, steps=MOST_STEPS):
        if values not in VALUES:
            raise ValueError(
                f'values is "{values}"; it is one of {", ".join(VALUES)}.'
            )
        if not 1 <= steps <= MOST_STEPS:
            raise ValueError(f"steps is {steps}; int8 has 1 to {MOST_STEPS}.")
        compression.zstandard()  # Missing, it is missed now.
        self.space = space
        self.values = values
        self.delta = delta
        self.steps = steps
        self.most_bytes = checks.most_bytes(space)
        self._order = channel_order(space)

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
        size = self.space.trainable_size
        checks.check_vector("before", before, self.space)
        checks.check_vector("target", target, self.space)
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (size,):
            raise ValueError(
                f"the mask is {mask.dtype} {list(mask.shape)}; it is bool "
                f"[{size}]."
            )
        parts = encode_sparse(
            self.space,
            self._order,
            self.values,
            self.delta,
            self.steps,
            before,
            mask,
            target,
            with_statistics,
        )
        return self._finish(
            parts,
            is_snapshot=False,
            values=self.values,
            delta=bool(self.delta),
            has_statistics=bool(with_statistics),
            sequence=sequence,
            base_sequence=(
                sequence - 1 if base_sequence is None else base_sequence
            ),
            time=time,
            selected=int(np.count_nonzero(mask)),
        )

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
        checks.check_vector("weights", weights, self.space)
        raw = encode_values("float32", False, None, weights, ())
        packed = (b"", compression.pack_snapshot(raw), b"")
        return self._finish(
            SparseParts(weights.copy(), 0, (0, len(raw), 0), packed),
            is_snapshot=True,
            values="float32",
            delta=False,
            has_statistics=True,
            sequence=sequence,
            base_sequence=0,
            time=time,
            selected=self.space.trainable_size,
        )

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
        if len(data) > self.most_bytes:
            raise UpdateError(
                "size",
                f"the update has {len(data)} bytes; of this model's weights "
                f"none has more than {self.most_bytes}.",
            )
        header, *parts = split_update(data)
        checks.check_architecture(header, self.space)
        checks.check_order(header, last_sequence)
        checks.check_sizes(header, self.space)
        if header.is_snapshot:
            raw = compression.unpack_snapshot(parts[1], header.raw_sizes[1])
            after = decode_values("float32", False, None, raw, ())
        else:
            checks.check_vector("before", before, self.space)
            after = decode_sparse(
                self.space, self._order, header, parts, before
            )
        checks.check_finite(after)
        if weights_digest(after) != header.weights_digest:
            raise UpdateError(
                "weights",
                f"update {header.sequence} was made for other weights than "
                "it was applied to.",
            )
        return DecodedUpdate(
            after, header.sequence, header.is_snapshot, header.time, header
        )

    def _finish(self, parts, **fields):
        """Puts the header before the parts of an update.

        Args:
            parts: `SparseParts`.
            fields: of `UpdateHeader`, those that the parts do not tell.
        """
        sequence = operator.index(fields["sequence"])
        base = operator.index(fields["base_sequence"])
        if not 0 <= base < sequence < 2**63:
            raise ValueError(
                f"update {sequence} cannot follow {base}; numbers rise from 1."
            )
        if not math.isfinite(fields["time"]):
            raise ValueError(f"the time is {fields['time']}; it is in seconds.")
        checks.check_finite(parts.after)
        header = UpdateHeader(
            mask_coding=parts.mask_coding,
            architecture=self.space.digest,
            raw_sizes=parts.raw_sizes,
            packed_sizes=tuple(map(len, parts.packed)),
            weights_digest=weights_digest(parts.after),
            **fields,
        )
        sizes = zip(PARTS, header.packed_sizes, strict=True)
        return EncodedUpdate(
            join_update(header, parts.packed),
            parts.after,
            header,
            {"header": HEADER_SIZE, **dict(sizes)},
        )
