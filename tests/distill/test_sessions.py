"""A server's and an edge's session, with every fault between them."""

import dataclasses

import numpy as np
import pytest
from distill_pairs import (
    SETTINGS,
    Pair,
    another_classroom,
    bright,
    classroom,
    picture,
    poisoned_snapshot,
)

from accel_tf.distill import messages
from accel_tf.distill.classroom import Classroom, TeachingSettings
from accel_tf.distill.parameter_space import weights_digest
from accel_tf.distill.server_session import ServerSession
from accel_tf.distill.teachers import TeacherError


def once(do, kind="update"):
    """A link that does something to the first message of a kind."""
    done = []

    def through(message):
        if message["type"] != kind or done:
            return [message]
        done.append(message)
        return do(message)

    return through


def test_student_learns_and_the_edge_follows():
    pair = Pair()
    pair.connect()
    assert pair.edge.size == (16, 32)
    pair.watch(13)
    assert pair.heard == ["welcome", "update", "update", "update"]
    assert pair.edge.sequence == 3 and pair.agrees
    assert pair.edge.time == 12.0
    np.testing.assert_array_equal(
        pair.edge.weights, pair.server.student.state.weights
    )
    assert (pair.edge.weights != pair.room.initial).any()
    assert pair.server.counts["phases"] == 3
    assert len(pair.server.student.buffer) == 13


@pytest.mark.parametrize("uplink", ["h264", "jpeg"])
def test_server_learns_from_what_it_decodes(uplink):
    seen = []

    def teach(frame, number):
        seen.append((number, frame))
        return bright(frame, number)

    pair = Pair(room=another_classroom(teach))
    pair.new_edge(uplink=uplink)
    pair.connect()
    pair.watch(5)
    assert [number for number, _ in seen] == [0, 2, 4, 6, 8]
    for number, frame in seen:
        difference = np.int16(frame) - picture(number)
        assert 0 < np.abs(difference).mean() < 20


def cut(message):
    return [{**message, "data": message["data"][:-20]}]


def flip(message):
    data = bytearray(message["data"])
    data[len(data) // 2] ^= 4
    return [{**message, "data": bytes(data)}]


def enlarge(message):
    return [{**message, "data": message["data"] + bytes(10**6)}]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(cut, "damaged"), (flip, "damaged"), (enlarge, "size")],
)
def test_damaged_update_ends_in_all_weights(fault, kind):
    pair = Pair(down=once(fault))
    pair.connect()
    pair.watch(13)
    assert pair.edge.faults == {kind: 1}
    assert pair.heard.count("snapshot") == 1
    assert (
        pair.agrees and pair.edge.sequence == pair.server.delivery.last_sequence
    )


def change_version(message):
    data = bytearray(message["data"])
    data[4] += 1
    return [{**message, "data": bytes(data)}]


def test_updates_of_another_version_end_the_connection():
    pair = Pair(down=once(change_version))
    pair.connect()
    pair.watch(13)
    assert pair.edge.faults == {"version": 1}
    assert "use the same accel-tf on both sides" in pair.edge.refusal
    assert not pair.edge.is_connected and not pair.server.is_connected
    assert "snapshot" not in pair.heard and pair.edge.sequence == 0


def test_damaged_snapshot_is_asked_for_again():
    damage = once(flip), once(flip, "snapshot")
    pair = Pair(down=lambda m: [y for x in damage[0](m) for y in damage[1](x)])
    pair.connect()
    pair.watch(13)
    assert pair.edge.faults == {"damaged": 2} and pair.agrees


def test_repeated_update_is_confirmed_once_more():
    pair = Pair(down=once(lambda message: [message, message]))
    pair.connect()
    pair.watch(13)
    assert pair.edge.faults == {"duplicate": 1}
    assert "snapshot" not in pair.heard and pair.agrees


def test_update_after_its_successor_is_left():
    held = []

    def late(message):
        if message["type"] == "update" and not held:
            held.append(message)
            return []
        if message["type"] == "update" and len(held) == 1:
            held.append(message)
            return [message, held[0]]
        return [message]

    pair = Pair(down=late)
    pair.connect()
    pair.watch(9)
    assert pair.heard == ["welcome"]
    pair.now += 100.0
    pair.work()
    # The second is made for the weights that the edge confirmed, too.
    assert pair.server.counts["lost"] == 1
    assert pair.edge.faults == {"duplicate": 1} and pair.agrees
    pair.watch(5)
    assert pair.agrees and "snapshot" not in pair.heard


def test_lost_confirmation_is_noticed():
    pair = Pair(up=once(lambda message: [], "applied"))
    pair.connect()
    pair.watch(5)
    assert not pair.agrees
    pair.now += 100.0
    pair.watch(5)
    assert pair.edge.faults == {"order": 1}
    assert pair.heard.count("snapshot") == 1 and pair.agrees


def test_nan_never_reaches_the_model():
    pair = Pair()
    pair.connect()
    pair.watch(5)
    good = pair.edge.weights

    data = poisoned_snapshot(pair.codec, pair.edge.weights)
    pair.down = once(lambda message: [{**message, "data": data}])
    pair.watch(4)
    assert pair.edge.faults == {"finite": 1}
    assert np.isfinite(pair.edge.weights).all() and pair.agrees
    assert (pair.edge.weights != good).any()


def test_slow_link_gets_the_sum_of_what_was_learnt():
    held = []

    def slow(message):
        if message["type"] != "update" or pair.now > 12:
            return [message]
        held.append(message)
        return []

    pair = Pair(down=slow)
    pair.connect()
    pair.watch(13)
    assert len(held) == 1 and pair.server.counts["phases"] == 3
    for message in held:
        pair.to_server(pair.edge.receive(message, pair.now))
    assert pair.edge.sequence == 1
    pair.work()
    assert pair.edge.sequence == 2 and pair.agrees
    np.testing.assert_array_equal(
        pair.edge.weights, pair.server.student.state.weights
    )


def test_edge_that_was_cut_off_goes_on():
    pair = Pair()
    pair.connect()
    pair.watch(5)
    pair.edge.disconnect()
    pair.server.disconnect()
    pair.watch(20)
    assert pair.edge.left_out == 15 and pair.edge.sequence == 1
    pair.connect()
    pair.watch(1)
    assert pair.agrees and pair.edge.sequence == 2
    assert "snapshot" not in pair.heard


def test_edge_that_was_started_again_gets_what_was_learnt():
    pair = Pair()
    pair.connect()
    pair.watch(5)
    learnt = pair.edge.weights
    pair.new_edge("run-2")
    pair.now = 0.0
    pair.connect()
    pair.work()
    # No snapshot: the server knows the weights that all begin with.
    assert pair.heard[-1] == "update" and pair.agrees
    change = np.abs(pair.edge.weights - learnt).max()
    assert change < np.abs(learnt - pair.room.initial).max() / 100
    pair.watch(5)
    assert pair.agrees and pair.server.counts["phases"] == 2
    assert len(pair.server.student.buffer) == 10


def test_edge_with_other_weights_gets_all():
    pair = Pair()
    pair.edge.weights = pair.room.initial + np.float32(1)
    pair.connect()
    pair.work()
    assert pair.heard == ["welcome", "snapshot"] and pair.agrees


def test_server_goes_on_after_a_restart(tmp_path):
    pair = Pair()
    pair.connect()
    pair.watch(9)
    pair.server.save(tmp_path)
    before, pair.server = pair.server, ServerSession(pair.room, "car-7")
    pair.server.load(tmp_path)
    old, new = before.student, pair.server.student
    assert new.buffer.times == old.buffer.times
    for name in ("weights", "first_moment", "second_moment"):
        np.testing.assert_array_equal(
            getattr(new.state, name), getattr(old.state, name)
        )
    assert pair.server.digest == before.digest
    pair.connect()
    pair.watch(4)
    assert pair.agrees and "snapshot" not in pair.heard
    assert pair.edge.sequence == 3


def test_server_that_forgot_sends_all():
    pair = Pair()
    pair.connect()
    pair.watch(9)
    pair.server = ServerSession(pair.room, "car-7")
    pair.connect()
    pair.watch(5)
    assert pair.heard.count("snapshot") == 1 and pair.agrees
    assert pair.edge.sequence > 2


def test_state_of_another_model_is_refused(tmp_path):
    pair = Pair()
    pair.server.save(tmp_path)
    record = tmp_path / "session.json"
    digest = pair.room.space.digest.hex()
    text = record.read_text()
    record.write_text(text.replace(digest, "0" * 64))
    with pytest.raises(ValueError, match="student of another model learnt"):
        ServerSession(pair.room, "car-7").load(tmp_path)
    record.write_text(text[:40])
    with pytest.raises(ValueError, match=r"session\.json is damaged"):
        ServerSession(pair.room, "car-7").load(tmp_path)


def test_two_edges_have_a_student_each():
    first, second = Pair("car-7"), Pair("car-8")
    first.connect()
    second.connect()
    for _ in range(9):
        first.watch(1)
        second.number += 20
        second.watch(1)
    assert first.agrees and second.agrees
    assert first.server.digest != second.server.digest


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"architecture": bytes(32)}, "has another architecture"),
        ({"classes": ["a"]}, "has 1 classes, the server's 5"),
        ({"classes": list("abcde")}, "class 0 is 'a' to the edge"),
        ({"version": 2}, "speaks version 1 of the messages, the edge 2"),
    ],
)
def test_another_model_is_refused(change, reason):
    pair = Pair(up=once(lambda message: [{**message, **change}], "hello"))
    pair.connect()
    assert reason in pair.edge.refusal
    assert pair.server.is_refused and not pair.edge.is_connected


def test_frames_that_do_not_decode_are_left_out():
    def damage(message):
        return [{**message, "data": [bytes(9)] * len(message["data"])}]

    pair = Pair(up=once(damage, "frames"))
    pair.connect()
    pair.watch(9)
    assert pair.server.counts["damaged"] == 1
    assert pair.server.counts["phases"] == 1 and pair.agrees


def test_teacher_that_abstains_teaches_nothing():
    room = another_classroom(lambda frame, number: None)
    pair = Pair(room=room)
    pair.connect()
    pair.watch(5)
    assert pair.server.counts["skipped"] == 1
    assert pair.heard == ["welcome"] and pair.agrees


def test_teacher_that_fails_ends_the_connection():
    def fail(frame, number):
        raise TeacherError("the folder has no labels of the frames 0 to 8.")

    pair = Pair(room=another_classroom(fail))
    pair.connect()
    pair.watch(5)
    assert pair.edge.refusal == "the folder has no labels of the frames 0 to 8."
    assert not pair.server.is_connected


def test_messages_at_the_wrong_time_are_refused():
    pair = Pair()
    with pytest.raises(messages.MessageError, match="resync before hello"):
        pair.server.receive({"type": "resync", "reason": ""}, 0.0)
    with pytest.raises(messages.MessageError, match="rate before a welcome"):
        pair.edge.receive({"type": "rate", "rate": 1.0, "period": 1.0}, 0.0)
    pair.connect()
    with pytest.raises(messages.MessageError, match="does not say welcome"):
        pair.server.receive({"type": "welcome"}, 0.0)


def test_waiting_frames_are_bounded():
    room = another_classroom(most_waiting_bytes=2000)
    pair = Pair(room=room)
    pair.connect()
    for start in range(0, 40, 4):
        pair.edge._frames = [
            (n, float(n), picture(n)) for n in range(start, start + 4)
        ]
        pair.to_server(pair.edge.due_frames(100.0 + start, last=True))
    assert pair.server.counts["dropped"] > 0
    assert sum(batch.bytes for batch in pair.server._waiting.take()) <= 2000


def test_rate_follows_the_scene():
    room = another_classroom(adapt_rate=True)
    pair = Pair(room=room)
    pair.connect()
    still = picture(0)
    for index in range(40):
        now = index / 4
        if pair.edge.wants_frame(now):
            pair.edge.add_frame(index, now, still)
        pair.to_server(pair.edge.due_frames(now))
        pair.now = now
        pair.work()
    assert "rate" in pair.heard and pair.edge.rate < 1
    assert weights_digest(pair.edge.weights) == pair.server.digest


def test_coarser_int8_is_smaller():
    sizes = []
    for steps in (127, 15):
        settings = dataclasses.replace(
            SETTINGS, values="int8", value_steps=steps
        )
        room = Classroom(classroom().model, classroom().teacher, settings)
        before = room.space.read()
        noise = np.sin(np.arange(before.size)).astype("float32")
        target = before + noise / 100
        every = np.ones(room.space.trainable_size, bool)
        update = room.codec.encode(1, before, every, target)
        sizes.append(update.sizes["values"])
    assert sizes[1] < 0.9 * sizes[0], sizes


def test_steps_without_int8_are_refused():
    with pytest.raises(ValueError, match="value_steps is of int8"):
        TeachingSettings(value_steps=31)
