"""Nothing that is changed on the way reaches the weights."""

import lzma
import tracemalloc

import numpy as np
import pytest
import zstandard
from update_making import change, forged, signed

from accel_tf.distill import UpdateCodec, UpdateError
from accel_tf.distill.codec import compression
from accel_tf.distill.codec.header import HEADER_SIZE, split_update


@pytest.fixture(scope="module")
def sent(space):
    """A codec, weights before, and an update and a snapshot of it."""
    codec = UpdateCodec(space, "int8")
    before, mask, target = change(space, np.random.default_rng(0), 0.02)
    update = codec.encode(1, before, mask, target)
    return codec, before, update, codec.encode_snapshot(1, target)


def refusal(codec, data, before):
    with pytest.raises(UpdateError) as caught:
        codec.decode(data, before, 0)
    assert "\n" not in str(caught.value)
    return caught.value.kind


def test_every_flipped_bit_is_noticed(sent):
    codec, before, update, _ = sent
    data = bytearray(update.data)
    for place in range(len(data)):
        for bit in range(8):
            data[place] ^= 1 << bit
            kind = refusal(codec, bytes(data), before)
            assert kind == ("version" if place == 4 else "damaged")
            data[place] ^= 1 << bit
    assert codec.decode(bytes(data), before, 0).sequence == 1


def test_every_cut_is_noticed(sent):
    codec, before, update, snapshot = sent
    for length in range(len(update.data)):
        assert refusal(codec, update.data[:length], before) == "damaged"
    for length in range(0, len(snapshot.data), 97):
        assert refusal(codec, snapshot.data[:length], None) == "damaged"
    for data in (update.data, snapshot.data):
        assert refusal(codec, data + b"\0", before) == "damaged"
        assert refusal(codec, data + data, before) in ("damaged", "size")
        assert refusal(codec, data[:200] + data[201:], before) == "damaged"
    assert refusal(codec, b"", before) == "damaged"


def test_every_flipped_bit_of_the_parts_is_noticed_without_a_checksum(sent):
    """The digest of the result is a second lock."""
    codec, before, update, _ = sent
    rng = np.random.default_rng(2)
    body = np.arange(HEADER_SIZE - 32, len(update.data) - 32)
    for place in rng.choice(body, 300, replace=False):
        data = bytearray(update.data)
        data[place] ^= 1 << rng.integers(8)
        try:
            after = codec.decode(signed(bytes(data)), before, 0).after
        except UpdateError:
            continue
        np.testing.assert_array_equal(after, update.after)


def test_large_claims_cost_nothing(space, sent):
    codec, before, update, snapshot = sent
    _, *parts = split_update(update.data)
    _, *whole = split_update(snapshot.data)
    sizes = update.header.raw_sizes
    filters = compression._LZMA
    zeros = bytes(2**24)
    bomb = lzma.compress(zeros, lzma.FORMAT_RAW, filters=filters)
    deep = zstandard.ZstdCompressor().compress(zeros)
    unsized = zstandard.ZstdCompressor(write_content_size=False).compress(zeros)
    everything = np.ones(space.trainable_size, bool)
    exact = UpdateCodec(space, "float32").encode(
        1, before, everything, update.after
    )
    mask, _, statistics = split_update(exact.data)[1:]
    liars = {
        "values bomb": (forged(exact, [mask, bomb, statistics]), "damaged"),
        "more behind": (
            forged(snapshot, [b"", whole[1] + bytes(9), b""]),
            "damaged",
        ),
        "selected": (forged(update, selected=2**63), "size"),
        "one more": (
            forged(update, selected=space.trainable_size + 1),
            "size",
        ),
        "mask": (forged(update, raw_sizes=(2**62, *sizes[1:])), "size"),
        "values": (forged(update, raw_sizes=(sizes[0], 2**62, 0)), "size"),
        "statistics": (forged(update, raw_sizes=(*sizes[:2], 2**40)), "size"),
        "unasked": (forged(update, has_statistics=False), "size"),
        "packed": (forged(update, packed_sizes=(2**62, 0, 0)), "damaged"),
        "bombs": (forged(update, [bomb, *parts[1:]]), "size"),
        "mask bomb": (
            forged(update, [bomb[:40], *parts[1:]]),
            "damaged",
        ),
        "snapshot": (forged(snapshot, raw_sizes=(0, 2**50, 0)), "size"),
        "deep": (forged(snapshot, [b"", deep, b""]), "damaged"),
        "unsized": (forged(snapshot, [b"", unsized, b""]), "damaged"),
        "two": (forged(snapshot, [b"", whole[1] + whole[1], b""]), "size"),
        "long": (bytes(2**24), "size"),
    }
    for name, (data, kind) in liars.items():
        tracemalloc.start()
        try:
            assert refusal(codec, data, before) == kind, name
            # LZMA's window of 1 MiB is counted.
            assert tracemalloc.get_traced_memory()[1] < 1_500_000, name
        finally:
            tracemalloc.stop()


def test_parts_that_do_not_fit_each_other(space, sent):
    codec, before, update, _ = sent
    mask, values, statistics = split_update(update.data)[1:]
    raw = compression.unpack(mask, update.header.raw_sizes[0])
    selected = update.header.selected
    sizes = update.header.raw_sizes

    def with_mask(raw_mask, **fields):
        packed = compression.pack(raw_mask)
        return forged(
            update,
            [packed, values, statistics],
            raw_sizes=(len(raw_mask), *sizes[1:]),
            **fields,
        )

    assert codec.decode(with_mask(raw), before, 0).sequence == 1
    wrong = [
        with_mask(raw[:-1]),
        with_mask(raw[:-1] + b"\xff"),  # A gap without an end.
        with_mask(b"\xff" * 5 + raw[:-5]),  # Beyond the last weight.
        with_mask(b""),
        with_mask(raw, mask_coding=1),
        with_mask(raw, selected=selected - 1),
        with_mask(bytes(-(-space.trainable_size // 8)), mask_coding=1),
        forged(update, [mask, values, b""]),
        forged(update, [mask, values[:-3], statistics]),
        forged(update, [mask, values + b"\0", statistics]),
        forged(
            update,
            [mask, compression.pack(bytes(sizes[1] - 1)), statistics],
            raw_sizes=(sizes[0], sizes[1] - 1, sizes[2]),
        ),
        forged(  # Scales of 0.
            update, [mask, compression.pack(bytes(sizes[1])), statistics]
        ),
    ]
    for number, data in enumerate(wrong):
        assert refusal(codec, data, before) == "damaged", number


def test_values_that_are_not_finite_are_refused(space):
    rng = np.random.default_rng(3)
    before, mask, target = change(space, rng, 0.02)
    for values in ("float32", "float16", "int8"):
        codec = UpdateCodec(space, values, delta=False)
        update = codec.encode(1, before, mask, target, False)
        packed_mask = split_update(update.data)[1]
        # All ones: NaN as float32 and float16; a scale of NaN with int8.
        ones = compression.pack(b"\xff" * update.header.raw_sizes[1])
        data = forged(update, [packed_mask, ones, b""])
        assert refusal(codec, data, before) == "finite", values
