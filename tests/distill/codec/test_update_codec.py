"""Updates go out and come back as the same weights."""

import math
import sys

import numpy as np
import pytest
from update_making import change, forged

from accel_tf.distill import UpdateCodec, UpdateError, original_update
from accel_tf.distill.codec.masks import BITS, GAPS
from accel_tf.distill.parameter_space import weights_digest

SETTINGS = [
    (values, delta)
    for values in ("float32", "float16", "int8")
    for delta in (True, False)
]


def assert_same(first, second):
    """Equal bit for bit."""
    assert first.dtype == second.dtype == np.float32
    np.testing.assert_array_equal(first.view(np.int32), second.view(np.int32))


def refusal(codec, data, before, last_sequence=0):
    """The kind of the error that an update ends in, and its line."""
    with pytest.raises(UpdateError) as caught:
        codec.decode(data, before, last_sequence)
    assert caught.value.kind in UpdateError.KINDS
    assert "\n" not in str(caught.value)
    return caught.value.kind


@pytest.mark.parametrize("values, delta", SETTINGS)
def test_client_gets_what_the_server_has(space, values, delta):
    rng = np.random.default_rng(0)
    codec, reader = UpdateCodec(space, values, delta), UpdateCodec(space)
    size = space.trainable_size
    for number in range(1, 13):
        share = rng.choice([0, 0.001, 0.05, 0.5, 1])
        scale = 10.0 ** rng.integers(-6, 3)
        before, mask, target = change(space, rng, share, scale)
        with_statistics = bool(number % 3)
        kept = before.copy()
        update = codec.encode(
            number, before, mask, target, with_statistics, time=number / 7
        )
        decoded = reader.decode(update.data, before, number - 1)
        assert_same(before, kept)
        assert_same(decoded.after, update.after)
        assert weights_digest(decoded.after) == update.header.weights_digest
        assert (decoded.sequence, decoded.time) == (number, number / 7)
        assert not decoded.is_snapshot
        assert decoded.header == update.header
        assert update.header.selected == mask.sum()
        assert sum(update.sizes.values()) == len(update.data)
        assert len(update.data) <= codec.most_bytes
        assert (update.sizes["statistics"] > 0) == with_statistics
        assert_same(update.after[:size][~mask], before[:size][~mask])
        if not with_statistics:
            assert_same(update.after[size:], before[size:])


@pytest.mark.parametrize("delta", [True, False])
def test_float_values_are_the_targets(space, delta):
    before, mask, target = change(space, np.random.default_rng(1), 0.1)
    exact = UpdateCodec(space, "float32", delta).encode(1, before, mask, target)
    assert_same(exact.after, target)
    half = UpdateCodec(space, "float16", delta).encode(1, before, mask, target)
    # What the original sends.
    rounded = target.astype(np.float16).astype(np.float32)
    sent = np.append(mask, np.ones(len(space.statistics) * 32, bool))
    assert_same(half.after, np.where(sent, rounded, before))


def test_int8_is_within_half_a_step_of_each_tensor(space):
    before, mask, target = change(space, np.random.default_rng(2), 0.3)
    target[: space.offsets[1]] = before[: space.offsets[1]] + 100 * (
        target[: space.offsets[1]] - before[: space.offsets[1]]
    )
    update = UpdateCodec(space, "int8").encode(1, before, mask, target)
    error = np.abs(update.after - target)[: space.trainable_size]
    moved = np.abs(target - before)
    for part, changes in zip(
        space.split(error), space.split(moved), strict=False
    ):
        # The step is rounded up to 8 bits.
        assert part.max() <= changes.max() / 127 / 2 * 1.01 + 1e-8
    assert error[space.offsets[1] :].max() < error.max() / 20


def test_fewer_steps_are_fewer_bytes(space):
    before, mask, target = change(space, np.random.default_rng(2), 0.3)
    fine = UpdateCodec(space, "int8").encode(1, before, mask, target)
    coarse = UpdateCodec(space, "int8", steps=31).encode(
        1, before, mask, target
    )
    saved = fine.sizes["values"] - coarse.sizes["values"]
    assert saved > 1.7 / 8 * mask.sum()  # Nearly 2 bits a value.
    error = np.abs(coarse.after - target)[: space.trainable_size].max()
    assert error <= np.abs(target - before).max() / 31 / 2 * 1.01
    decoded = UpdateCodec(space).decode(coarse.data, before, 0)
    assert_same(decoded.after, coarse.after)


def test_errors_do_not_add_up(space):
    rng = np.random.default_rng(3)
    server, codec = UpdateCodec(space, "int8"), UpdateCodec(space)
    shadow, _, goal = change(space, rng, 1, 0.1)
    client = shadow.copy()
    everything = np.ones(space.trainable_size, bool)
    errors = []
    for number in range(1, 4):
        update = server.encode(number, shadow, everything, goal)
        shadow = update.after
        client = codec.decode(update.data, client, number - 1).after
        assert weights_digest(client) == weights_digest(shadow)
        errors.append(np.abs(goal - client)[: space.trainable_size].max())
    assert errors[1] < errors[0] / 50 and errors[2] < errors[1]


def test_small_and_large_values_keep_their_precision(space):
    rng = np.random.default_rng(4)
    mask = np.ones(space.trainable_size, bool)
    for scale in (1e-42, 1e-20, 1e-7, 7e4, 1e20, 1e38):
        target = rng.uniform(-1, 1, space.size) * scale
        target = target.astype(np.float32)
        before = np.zeros_like(target)
        for values in ("float16", "int8"):
            codec = UpdateCodec(space, values)
            update = codec.encode(1, before, mask, target)
            assert_same(
                codec.decode(update.data, before, 0).after, update.after
            )
            error = np.abs(update.after.astype(np.float64) - target).max()
            # The least step of int8 is the least normal float32.
            least = 2.0**-149 if values == "float16" else 2.0**-127
            assert error <= scale / 200 + least, (values, scale)


def test_changes_beyond_float32_are_refused(space):
    mask = np.ones(space.trainable_size, bool)
    high = np.full(space.size, 3e38, np.float32)
    with pytest.raises(UpdateError, match="beyond the range") as caught:
        UpdateCodec(space, "int8").encode(1, -high, mask, high)
    assert caught.value.kind == "finite"
    for values in ("float16", "float32"):
        update = UpdateCodec(space, values).encode(1, -high, mask, high)
        np.testing.assert_allclose(update.after, high, rtol=1e-3)


def test_snapshot_is_exact(space):
    codec = UpdateCodec(space)
    weights = change(space, np.random.default_rng(5), 1)[0]
    weights[:4] = [-0.0, 1e-45, 3e38, -1]
    update = codec.encode_snapshot(9, weights, time=2.5)
    assert_same(update.after, weights)
    assert len(update.data) <= codec.most_bytes
    for last_sequence in (None, 0, 8):
        decoded = codec.decode(update.data, None, last_sequence)
        assert_same(decoded.after, weights)
        assert decoded.is_snapshot and decoded.sequence == 9
        assert decoded.time == 2.5
    decoded.after[0] = 1  # It can be written to.


def test_order(space):
    codec = UpdateCodec(space)
    before, mask, target = change(space, np.random.default_rng(6), 0.05)
    update = codec.encode(5, before, mask, target)
    assert codec.decode(update.data, before, 4).sequence == 5
    assert refusal(codec, update.data, before, 3) == "order"
    assert refusal(codec, update.data, before, None) == "order"
    assert refusal(codec, update.data, update.after, 5) == "duplicate"
    assert refusal(codec, update.data, update.after, 6) == "duplicate"
    # Updates 5 and 6 were overtaken before they were sent.
    late = codec.encode(7, before, mask, target, base_sequence=4)
    assert codec.decode(late.data, before, 4).sequence == 7
    assert refusal(codec, late.data, before, 5) == "order"
    snapshot = codec.encode_snapshot(5, before)
    assert refusal(codec, snapshot.data, None, 5) == "duplicate"
    assert codec.decode(snapshot.data, None, None).sequence == 5


@pytest.mark.parametrize("values, delta", SETTINGS)
def test_other_weights_before_are_noticed(space, values, delta):
    codec = UpdateCodec(space, values, delta)
    before, mask, target = change(space, np.random.default_rng(7), 0.05)
    data = codec.encode(1, before, mask, target, False).data
    other = before.copy()
    unsent = np.flatnonzero(~mask)[0]
    other[unsent] = np.nextafter(other[unsent], 1)
    assert refusal(codec, data, other) == "weights"


def test_other_architecture(space):
    import keras

    from accel_tf.distill import ParameterSpace

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    other = UpdateCodec(ParameterSpace(model))
    mask = np.ones(other.space.trainable_size, bool)
    weights = other.space.read()
    codec, before = UpdateCodec(space), space.read()
    for update in (
        other.encode(1, weights, mask, weights),
        other.encode_snapshot(1, weights),
    ):
        assert refusal(codec, update.data, before) == "architecture"
    large = codec.encode_snapshot(1, before).data
    assert refusal(other, large, weights) == "size"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_not_finite_is_refused_on_both_sides(space, bad):
    rng = np.random.default_rng(8)
    before, mask, target = change(space, rng, 0.05)
    sent, unsent = np.flatnonzero(mask)[3], np.flatnonzero(~mask)[3]
    for values, delta in SETTINGS:
        codec = UpdateCodec(space, values, delta)
        data = codec.encode(1, before, mask, target).data
        for place in (sent, unsent, space.size - 1):
            broken = before.copy()
            broken[place] = bad
            if delta or place == unsent:
                assert refusal(codec, data, broken) in ("finite", "weights")
            else:  # The update mends it.
                codec.decode(data, broken, 0)
        for place in (sent, space.size - 1):
            wrong = target.copy()
            wrong[place] = bad
            with pytest.raises(UpdateError, match="NaN or inf") as caught:
                codec.encode(1, before, mask, wrong)
            assert caught.value.kind == "finite"
        # Un-masked weights are not looked at.
        wrong = target.copy()
        wrong[unsent] = bad
        codec.encode(1, before, mask, wrong)
    with pytest.raises(UpdateError, match="NaN or inf"):
        broken = before.copy()
        broken[7] = bad
        UpdateCodec(space).encode_snapshot(1, broken)


def test_masks_are_coded_the_smaller_way(space):
    rng = np.random.default_rng(9)
    codec = UpdateCodec(space)
    before, sparse, target = change(space, rng, 0.01)
    update = codec.encode(1, before, sparse, target)
    assert update.header.mask_coding == GAPS
    dense = rng.random(space.trainable_size) < 0.5
    update = codec.encode(1, before, dense, target)
    assert update.header.mask_coding == BITS
    assert update.sizes["mask"] < space.trainable_size / 8 + 40


def test_smaller_than_the_original_by_a_seventh(space):
    """As training leaves weights: some channels move, by a few percent."""
    rng = np.random.default_rng(10)
    before = rng.normal(0, 0.1, space.size).astype(np.float32)
    channel = np.concatenate(
        [
            np.broadcast_to(rng.random(x.shape[-1]) < 0.2, x.shape).ravel()
            for x in space.split(before)
        ]
    )[: space.trainable_size]
    mask = channel & (rng.random(space.trainable_size) < 0.5)
    target = before + rng.normal(0, 0.003, space.size).astype(np.float32)
    sizes = np.diff(space.offsets)[: len(space.trainable)]
    original = len(original_update(mask, target, sizes))
    for values, share in (("float16", 0.86), ("int8", 0.65)):
        sizes = UpdateCodec(space, values).encode(1, before, mask, target).sizes
        assert sizes["mask"] + sizes["values"] < share * original


def test_same_bytes_everywhere(space):
    """A change of these bytes is a new version of the format."""
    rng = np.random.default_rng(11)
    before, mask, target = change(space, rng, 0.05)
    for values in ("float16", "int8"):
        update = UpdateCodec(space, values).encode(3, before, mask, target)
        # By hand, from the page of the format.
        after = before.copy()
        places = np.flatnonzero(np.append(mask, np.ones(128, bool)))
        half = target.astype(np.float16).astype(np.float32)
        after[places] = half[places]
        if values == "int8":
            for start, stop in zip(
                space.offsets,
                space.offsets[1 : len(space.trainable) + 1],
                strict=False,
            ):
                inside = start + np.flatnonzero(mask[start:stop])
                if not inside.size:
                    continue
                moved = target[inside] - before[inside]
                digits, exponent = np.frexp(np.abs(moved).max() / 127.0)
                step = np.ldexp(np.ceil(digits * 256) / 256, exponent)
                count = np.rint(moved / np.float32(step))
                after[inside] = before[inside] + count.astype(
                    np.float32
                ) * np.float32(step)
        assert_same(update.after, after)
        assert update.data[:5] == b"ATFU\x01"


def test_misuse_ends_in_a_line(space):
    codec = UpdateCodec(space)
    before, mask, target = change(space, np.random.default_rng(12), 0.05)
    with pytest.raises(ValueError, match='"half"; it is one of float32'):
        UpdateCodec(space, "half")
    for steps in (0, 128):
        with pytest.raises(ValueError, match=f"steps is {steps}; int8 has 1"):
            UpdateCodec(space, "int8", steps=steps)
    with pytest.raises(ValueError, match=r"`target` is float64 \[5123\]"):
        codec.encode(1, before, mask, target.astype(np.float64))
    with pytest.raises(ValueError, match=r"`before` is float32 \[5122\]"):
        codec.encode(1, before[1:], mask, target)
    with pytest.raises(ValueError, match="`weights` is list"):
        codec.encode_snapshot(1, list(before))
    with pytest.raises(ValueError, match=r"the mask is int64 \[4995\]"):
        codec.encode(1, before, mask.astype(np.int64), target)
    for number, base in ((0, None), (3, 3), (3, -1)):
        with pytest.raises(ValueError, match="cannot follow"):
            codec.encode(number, before, mask, target, base_sequence=base)
    with pytest.raises(ValueError, match="time is nan"):
        codec.encode(1, before, mask, target, time=math.nan)
    data = codec.encode(1, before, mask, target).data
    with pytest.raises(ValueError, match="`before` is NoneType"):
        codec.decode(data, None, 0)


def test_missing_package_is_named(space, monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ImportError, match=r"accel-tf\[distill\]"):
        UpdateCodec(space)


def test_header_that_lies_about_the_result(space):
    codec = UpdateCodec(space)
    before, mask, target = change(space, np.random.default_rng(13), 0.05)
    update = codec.encode(1, before, mask, target)
    assert codec.decode(forged(update), before, 0).sequence == 1
    assert refusal(codec, forged(update, weights_digest="0" * 64), before) == (
        "weights"
    )
    assert refusal(codec, forged(update, values="int8"), before) == "size"
    assert refusal(codec, forged(update, delta=False), before) == "weights"
    assert refusal(codec, forged(update, base_sequence=1), before) == "damaged"
    assert refusal(codec, forged(update, mask_coding=2), before) == "size"
    assert refusal(codec, forged(update, time=math.nan), before) == "damaged"
