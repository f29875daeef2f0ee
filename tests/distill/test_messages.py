"""What peers say is checked field by field."""

import pytest

from accel_tf.distill import messages
from accel_tf.distill.messages import MessageError, check, pack, unpack

FRAMES = {
    "type": "frames",
    "kind": "jpeg",
    "numbers": [3, 9],
    "times": [0.5, 1.5],
    "data": [b"a", b"b"],
}
HELLO = {
    "type": "hello",
    "version": 1,
    "edge": "car-7",
    "run": "run-1",
    "architecture": bytes(32),
    "classes": ["road", "car"],
    "sequence": 0,
    "weights": "0" * 64,
    "frame_size": [540, 960],
    "uplink": "h264",
}


@pytest.mark.parametrize("message", [FRAMES, HELLO, {"type": "bye"}])
def test_round_trip(message):
    assert unpack(pack(message), 1000) == message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", True),
        ("edge", "../up"),
        ("edge", ""),
        ("edge", "a" * 65),
        ("architecture", bytes(31)),
        ("classes", []),
        ("classes", ["a"] * 256),
        ("classes", [1]),
        ("sequence", -1),
        ("sequence", 1.0),
        ("sequence", 2**60),
        ("weights", "g" * 64),
        ("frame_size", [540]),
        ("frame_size", [0, 960]),
        ("frame_size", [540, 10**6]),
        ("uplink", "png"),
    ],
)
def test_fields_of_hello(name, value):
    with pytest.raises(MessageError, match=f"{name} of a message hello"):
        check({**HELLO, name: value})


@pytest.mark.parametrize(
    "change",
    [
        {"times": [1.5, 0.5]},
        {"times": [0.5, float("nan")]},
        {"times": [0.5]},
        {"numbers": [1]},
        {"data": [b"a"]},
        {"kind": "h264"},
        {"data": [b"", b"b"]},
        {"numbers": [0] * 301, "times": list(range(301))},
    ],
)
def test_frames_must_fit_together(change):
    with pytest.raises(MessageError):
        check({**FRAMES, **change})


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ([], "must be a dict with a type"),
        ({}, "must be a dict with a type"),
        ({"type": "shout"}, "'shout' is no type"),
        ({"type": ["bye"]}, "is no type"),
        ({"type": "bye", "more": 1}, "has the fields none"),
        ({"type": "resync"}, "has the fields reason"),
    ],
)
def test_other_things_are_no_messages(message, reason):
    with pytest.raises(MessageError, match=reason):
        check(message)


def test_bytes_are_bounded_before_they_are_read():
    with pytest.raises(MessageError, match="1000 bytes; 999 are the most"):
        unpack(bytes(1000), 999)
    for data in (b"", b"\xc1", pack(HELLO)[:-1], pack(HELLO) + b"\x00"):
        with pytest.raises(MessageError, match="no MessagePack"):
            unpack(data, 1000)


def test_reasons_are_one_line():
    message = messages.error("a\n  b" + "c" * 600, again=True)
    assert message["reason"].startswith("a bccc")
    assert check(message)["again"]


@pytest.mark.parametrize(
    ("length", "around"), [(10, 2), (126, 4), (65535, 4), (65536, 10)]
)
def test_size_on_the_wire(length, around):
    assert messages.wire_size(bytes(length), False) == length + around
    assert messages.wire_size(bytes(length), True) == length + around + 4
