"""What comes over the wire of learning on the go, and from its folder."""

import functools

import numpy as np
from fuzz.target import Target
from update_making import change, forged, signed, small_space

from accel_tf.distill import UpdateCodec, UpdateError, messages


@functools.cache
def _sent():
    """A codec, weights before, and updates of all kinds with a snapshot."""
    space = small_space()
    before, mask, target = change(space, np.random.default_rng(0), 0.02)
    updates = [
        UpdateCodec(space, values).encode(1, before, mask, target)
        for values in ("int8", "float16", "float32")
    ]
    codec = UpdateCodec(space)
    return codec, before, [*updates, codec.encode_snapshot(1, target)]


def run_update(data):
    """Applies an update whose checksum fits: a peer may sign nonsense."""
    codec, before, updates = _sent()
    kept = before.copy()
    try:
        decoded = codec.decode(signed(data), before, 0)
    except UpdateError as error:
        assert error.kind in UpdateError.KINDS and "\n" not in str(error)
        return error.kind
    finally:
        np.testing.assert_array_equal(before, kept)
    known = {each.header.weights_digest: each.after for each in updates}
    assert np.isfinite(decoded.after).all()
    # By another digest a peer may send whatever weights it likes.
    expected = known.get(decoded.header.weights_digest)
    if expected is not None:
        np.testing.assert_array_equal(decoded.after, expected)
    return "applied"


def _update_seeds():
    updates = _sent()[2]
    sizes = updates[0].header.raw_sizes
    return [
        *(each.data for each in updates),
        forged(updates[0], sequence=6, base_sequence=5),
        forged(updates[0], raw_sizes=(*sizes[:2], 2**40)),
        forged(updates[0], selected=2**63),
        forged(updates[1], architecture=bytes(32)),
        forged(updates[2], mask_coding=1),
    ]


def run_message(data):
    """Reads a message; written again it is the same."""
    try:
        message = messages.unpack(data, 10_000)
    except messages.MessageError as error:
        assert "\n" not in str(error)
        return "refused"
    assert messages.unpack(messages.pack(message), 20_000) == message
    return "read"


def _message_seeds():
    digest = "0123456789abcdef" * 4
    return [
        messages.pack(each)
        for each in (
            {
                "type": "hello",
                "version": messages.VERSION,
                "edge": "camera-1",
                "run": "a",
                "architecture": bytes(32),
                "classes": ["road", "sky"],
                "sequence": 3,
                "weights": digest,
                "frame_size": [48, 64],
                "uplink": "jpeg",
            },
            {
                "type": "frames",
                "kind": "jpeg",
                "numbers": [1, 2],
                "times": [0.5, 1.5],
                "data": [b"one", b"two"],
            },
            {"type": "update", "data": b"bytes"},
            {"type": "applied", "sequence": 2, "weights": digest},
            {"type": "rate", "rate": 0.5, "period": 10.0},
            messages.error("no\nroom", again=True),
            {"type": "bye"},
        )
    ]


UPDATE = Target(
    run_update,
    _update_seeds,
    # LZMA's window, and the weights of the small model a few times.
    room=2_500_000,
    outcomes=frozenset({"architecture", "damaged", "order", "size"}),
)
MESSAGE = Target(
    run_message,
    _message_seeds,
    words=(b"\xa4type", b"\xc4\x01a", b"\xdd\xff\xff\xff\xff", b"\x91", b"\x81")
    + (b"\xcb\x7f\xf8" + bytes(6), b"\xc7\x01\x05a", b"\xd4\xff\x00"),
    room=600_000,  # MessagePack's own buffer is 256 KiB.
)
