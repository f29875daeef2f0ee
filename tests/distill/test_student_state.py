"""What the training of an edge's student goes on from."""

import dataclasses
import types

import numpy as np
import pytest

from accel_tf.distill import StudentState

SPACE = types.SimpleNamespace(size=7, trainable_size=5)


def trained_state():
    rng = np.random.default_rng(0)
    weights, *vectors = (
        rng.random(count).astype("float32") for count in (7, 5, 5, 5)
    )
    return StudentState(weights, *vectors[:2], 12, vectors[2])


def assert_same(one, other):
    for field in dataclasses.fields(StudentState):
        np.testing.assert_array_equal(
            getattr(one, field.name), getattr(other, field.name)
        )


def test_it_survives_a_restart(tmp_path):
    path = tmp_path / "state.npz"
    fresh = StudentState.fresh(SPACE, np.arange(7, dtype=np.float32))
    assert fresh.steps == 0 and fresh.last_change is None
    for state in (fresh, trained_state()):
        state.save(path)
        assert_same(state, StudentState.load(path).checked(SPACE))
    assert [each.name for each in tmp_path.iterdir()] == ["state.npz"]


def test_a_state_of_another_model():
    other = types.SimpleNamespace(size=7, trainable_size=6)
    with pytest.raises(ValueError, match="7 weights, 5 of them trainable"):
        trained_state().checked(other)
    with pytest.raises(ValueError, match="this one has 7 and 5"):
        StudentState.fresh(SPACE, np.zeros(6, "float32"))


def test_fresh_weights_are_a_copy():
    weights = np.zeros(7, "float32")
    state = StudentState.fresh(SPACE, weights)
    weights[:] = 1
    assert not state.weights.any()


def test_files_that_are_none(tmp_path):
    path = tmp_path / "state.npz"
    with pytest.raises(FileNotFoundError):
        StudentState.load(path)
    trained_state().save(path)
    arrays, data = dict(np.load(path)), path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="is damaged, or holds"):
        StudentState.load(path)
    np.save(tmp_path / "one.npy", arrays["weights"])
    with pytest.raises(ValueError, match="is damaged, or holds"):
        StudentState.load(tmp_path / "one.npy")
    for name, value, fault in (
        ("weights", arrays["weights"] * np.nan, "weights in .* holds NaN"),
        ("second_moment", np.ones(3, "float32"), "do not fit each other"),
        ("steps", np.array(-1), "do not fit each other"),
        ("steps", np.array(1.5), "steps in .* is float64"),
        ("weights", np.ones((7, 1), "float32"), "weights in .* 2 axes"),
    ):
        np.savez(path, **{**arrays, name: value})
        with pytest.raises(ValueError, match=fault):
            StudentState.load(path)
