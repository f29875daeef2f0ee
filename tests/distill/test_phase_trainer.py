"""Phases of training with a few weights free."""

import dataclasses

import keras
import numpy as np
import pytest
from backend import to_numpy
from reference import FIXTURES, official_tensors, reference_frames
from small_models import CLASSES, small_accel, small_deeplab, small_pspnet

import accel_tf
from accel_tf.distill import (
    Full,
    GradientGuided,
    ParameterSpace,
    PhaseTrainer,
    RandomSubset,
    ReplayBuffer,
    StudentState,
)
from accel_tf.distill.class_subset import places_of_classes
from accel_tf.distill.masked_adam import adam_rate
from accel_tf.distill.train_step import TrainStep, subset_cross_entropy
from accel_tf.ops.resize import resize_bilinear

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="TensorFlow only"
)

SIZE = (32, 48)
SUBSET = [3, 0]


@pytest.fixture(scope="module")
def model():
    return small_deeplab()


@pytest.fixture(scope="module")
def trainers(model):
    """A trainer for each kind of statistics, compiled once.

    `"frozen"` learns the classes of `SUBSET` alone.
    """
    space = ParameterSpace(model)
    classes = {"sent": None, "frozen": SUBSET}
    return {
        kind: PhaseTrainer(
            model,
            space,
            learning_rate=1e-2,
            class_indices=classes[kind],
            statistics=kind,
        )
        for kind in ("sent", "frozen")
    }


@pytest.fixture
def trainer(trainers):
    return trainers["sent"]


def fresh(trainer, model):
    return StudentState.fresh(trainer.space, trainer.space.read())


def filled_buffer(labels=None):
    buffer = ReplayBuffer()
    for time, frame in enumerate(reference_frames(*SIZE, 3, 0)):
        by_place = (np.indices(SIZE).sum(0) // 16 % CLASSES).astype(np.uint8)
        buffer.add(time, frame, by_place if labels is None else labels)
    return buffer


def run(trainer, state, buffer=None, selector=None, iterations=3, seed=0):
    buffer = filled_buffer() if buffer is None else buffer
    return trainer.run_phase(
        state,
        buffer,
        selector or Full(),
        iterations,
        2,
        np.random.default_rng(seed),
    )


# === What a phase changes ===


def test_losses_fall(trainer, model):
    result = run(trainer, fresh(trainer, model), iterations=12)
    assert result.skipped is None and result.empty_iterations == 0
    assert result.losses.shape == (12,) and result.losses.dtype == "float32"
    assert result.losses[-3:].mean() < 0.8 * result.losses[:3].mean()
    assert result.state.steps == 12 and result.seconds > 0
    for vector in (
        result.state.weights,
        result.state.first_moment,
        result.state.last_change,
    ):
        assert isinstance(vector, np.ndarray) and vector.dtype == "float32"


@pytest.mark.parametrize(
    "selector",
    [
        GradientGuided(0.05),
        GradientGuided(0.05, "last_update"),
        RandomSubset(0.05),
    ],
    ids=["first_step", "last_update", "random"],
)
def test_masked_weights_stay_exactly(trainer, model, selector):
    before = fresh(trainer, model)
    result = run(trainer, before, selector=selector)
    size = trainer.space.trainable_size
    assert result.mask.dtype == bool and result.mask.shape == (size,)
    assert 0.03 < result.mask.mean() < 0.07
    after = result.state.weights[:size]
    np.testing.assert_array_equal(
        after[~result.mask], before.weights[:size][~result.mask]
    )
    # Some have no gradient: they are of units that never fire.
    assert (after != before.weights[:size])[result.mask].mean() > 0.8
    # The moments follow all.
    assert (result.state.second_moment[~result.mask] > 0).mean() > 0.8


def test_the_same_seed_gives_the_same(trainer, model):
    one, other, another = (
        run(trainer, fresh(trainer, model), None, GradientGuided(0.1), 2, seed)
        for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(one.mask, other.mask)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-5)
    np.testing.assert_allclose(
        one.state.weights, other.state.weights, atol=1e-5
    )
    assert (one.losses != another.losses).any()


def test_the_model_and_other_students_are_left_alone(trainer, model):
    before = trainer.space.read()
    state = fresh(trainer, model)
    kept = state.weights.copy()
    run(trainer, state)
    # Weights in the program as constants would be those of another student.
    other = dataclasses.replace(state, weights=state.weights * 1.5)
    losses = [run(trainer, each).losses for each in (state, other)]
    assert (losses[0] != losses[1]).all()
    np.testing.assert_array_equal(trainer.space.read(), before)
    np.testing.assert_array_equal(state.weights, kept)
    assert not state.first_moment.any()


def test_moments_go_on_from_phase_to_phase(trainer, model):
    """Two phases of one iteration are one of two, for the same minibatches."""
    buffer = ReplayBuffer()
    buffer.add(
        0.0,
        *(
            each[0]
            for each in filled_buffer().sample(1, np.random.default_rng(0))
        ),
    )
    whole = run(trainer, fresh(trainer, model), buffer, iterations=2).state
    half = run(trainer, fresh(trainer, model), buffer, iterations=1).state
    halves = run(trainer, half, buffer, iterations=1).state
    assert halves.steps == 2
    np.testing.assert_allclose(whole.weights, halves.weights, atol=1e-6)


def test_dropout_is_drawn_anew_in_each_phase():
    model = small_pspnet()
    step = TrainStep(model, ParameterSpace(model), None, True)
    rngs = [np.random.default_rng(seed) for seed in (0, 0, 1)]
    (one,), (same,), (other,) = map(step.fresh_counters, rngs)
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


# === Which weights ===


def test_first_step_ranks_by_this_phase(trainer, model):
    """The free weights are those that the full first step changes most."""
    warm = run(trainer, fresh(trainer, model), iterations=2).state
    full = run(trainer, warm, iterations=1, seed=9)
    guided = run(trainer, warm, None, GradientGuided(0.1), 1, seed=9)
    size = trainer.space.trainable_size
    change = np.abs(full.state.last_change)
    # Rounding may differ between two runs of the same program.
    assert change[guided.mask].min() >= 0.999 * change[~guided.mask].max()
    np.testing.assert_allclose(
        guided.state.weights[:size][guided.mask],
        full.state.weights[:size][guided.mask],
        atol=1e-5,
    )


def test_the_very_first_step_ranks_by_gradients(trainer, model):
    """All changes of Adam's first step are about the rate."""
    full = run(trainer, fresh(trainer, model), iterations=1)
    guided = run(trainer, fresh(trainer, model), None, GradientGuided(0.1), 1)
    # The first moment is a tenth of the gradient.
    gradient = np.abs(full.state.first_moment)
    assert gradient[guided.mask].min() >= 0.999 * gradient[~guided.mask].max()


def test_last_update_ranks_by_the_phase_before(trainer, model):
    first = run(trainer, fresh(trainer, model)).state
    guided = run(trainer, first, selector=GradientGuided(0.1, "last_update"))
    change = np.abs(first.last_change)
    assert change[guided.mask].min() >= change[~guided.mask].max()


# === Statistics of batch normalisation ===


def test_statistics_move_or_stay(trainers, model):
    for kind, trainer in trainers.items():
        before = fresh(trainer, model)
        result = run(trainer, before, selector=RandomSubset(0.1))
        size = trainer.space.trainable_size
        moved = result.state.weights[size:] != before.weights[size:]
        assert moved.mean() > 0.9 if kind == "sent" else not moved.any()
        assert (result.state.weights[:size] != before.weights[:size]).any()


def test_frozen_learns_with_the_moving_statistics(trainers, model):
    """The loss is that of the model as the edge runs it, of a subset."""
    trainer, buffer = trainers["frozen"], filled_buffer()
    result = run(trainer, fresh(trainer, model), buffer, iterations=1)
    frames, labels = buffer.sample(2, np.random.default_rng(0))
    logits = to_numpy(model.step(frames, {})[0])[..., SUBSET]
    logits -= logits.max(-1, keepdims=True)
    losses = np.log(np.exp(logits).sum(-1, keepdims=True)) - logits
    expected = [losses[labels == c, i] for i, c in enumerate(SUBSET)]
    np.testing.assert_allclose(
        result.losses[0], np.concatenate(expected).mean(), rtol=1e-4
    )


def test_classes_out_of_the_subset_do_not_count(trainers, model):
    """As if their pixels were 255."""
    trainer = trainers["frozen"]
    state = fresh(trainer, model)
    labels = (np.indices(SIZE)[1] // 10).astype(np.uint8)
    unlabelled = np.where(np.isin(labels, SUBSET), labels, np.uint8(255))
    losses = [
        run(trainer, state, filled_buffer(each)).losses
        for each in (labels, unlabelled)
    ]
    np.testing.assert_allclose(*losses, rtol=1e-5)


# === Nothing to learn from ===


def assert_skipped(result, before, reason):
    assert reason in result.skipped
    assert result.state is before
    assert not result.mask.any() and len(result.losses) == 0


def test_an_empty_buffer(trainer, model):
    before = fresh(trainer, model)
    result = run(trainer, before, ReplayBuffer())
    assert_skipped(result, before, "no frames")


def test_a_teacher_that_abstains(trainer, model):
    before = fresh(trainer, model)
    for label in (255, CLASSES, 254):
        buffer = filled_buffer(np.full(SIZE, label, np.uint8))
        result = run(trainer, before, buffer, GradientGuided(0.1))
        assert_skipped(result, before, "no pixel has a label")
        assert result.empty_iterations == 3


def test_minibatches_without_labels_are_passed_over(trainer, model):
    buffer = filled_buffer(np.full(SIZE, 255, np.uint8))
    frame = reference_frames(*SIZE, 1, 0)[0]
    buffer.add(9.0, frame, np.zeros(SIZE, np.uint8))
    result = run(trainer, fresh(trainer, model), buffer, GradientGuided(0.1), 8)
    assert result.skipped is None
    assert 0 < result.empty_iterations < 8
    assert len(result.losses) + result.empty_iterations == 8
    assert result.state.steps == len(result.losses)
    assert np.isfinite(result.state.weights).all()


@pytest.mark.parametrize("iterations", [1, 3])
def test_nan_refuses_the_phase(trainer, model, iterations):
    state = fresh(trainer, model)
    weights = state.weights.copy()
    weights[0] = np.nan
    broken = dataclasses.replace(state, weights=weights)
    result = run(trainer, broken, iterations=iterations)
    assert "NaN or infinity" in result.skipped
    assert result.state is broken and not result.mask.any()


# === The loss ===


def student_of_the_fixtures():
    model = accel_tf.from_preset("deeplab_mobilenet_v2")
    tensors = official_tensors("ams_student_names.tsv")
    for entry in model.checkpoint_entries():
        entry.variable.assign(tensors[entry.names[0]])
    return model, {e.names[0]: e.variable for e in model.checkpoint_entries()}


def test_loss_of_the_authors():
    stored = np.load(FIXTURES / "ams_student_training.npz")
    logits = resize_bilinear(stored["train/logits_low"], (64, 128), True)
    classes = stored["class_indices"]
    loss, pixels = subset_cross_entropy(
        to_numpy(logits)[..., classes],
        stored["labels"],
        places_of_classes(classes),
    )
    np.testing.assert_allclose(loss, stored["train/loss"], atol=1e-5)
    assert pixels == np.isin(stored["labels"], classes).sum()


def test_loss_without_labels():
    logits = np.full((1, 2, 2, 3), np.inf, "float32")
    labels = np.full((1, 2, 2), 255, np.uint8)
    loss, pixels = subset_cross_entropy(logits, labels, places_of_classes())
    assert (loss, pixels) == (0, 0)


@pytest.mark.slow
def test_a_step_of_the_authors_student():
    """The loss of a subset, its gradients, and the moved statistics."""
    import tensorflow as tf

    stored = np.load(FIXTURES / "ams_student_training.npz")
    model, by_name = student_of_the_fixtures()
    space = ParameterSpace(model)
    state = StudentState.fresh(space, space.read())
    step = TrainStep(model, space, stored["class_indices"], True)
    size = space.trainable_size
    # Once is not worth compiling.
    tf.config.run_functions_eagerly(True)
    try:
        out = step(
            state.weights[:size],
            state.weights[size:],
            step.fresh_counters(np.random.default_rng(0)),
            [state.first_moment, state.second_moment],
            np.ones(size, bool),
            adam_rate(1),
            np.concatenate([reference_frames(64, 128, 1, i) for i in range(4)]),
            stored["labels"],
        )
    finally:
        tf.config.run_functions_eagerly(False)
    in_subset = np.isin(stored["labels"], stored["class_indices"])
    assert out.pixels == in_subset.sum()
    np.testing.assert_allclose(out.loss, stored["train/loss"], atol=5e-4)
    vectors = {
        "train_gradient/": dict(
            zip(
                map(id, space.trainable),
                space.split(out.gradient.numpy()),
                strict=True,
            )
        ),
        "after_step1/": dict(
            zip(
                map(id, space.variables),
                space.split(
                    np.concatenate([state.weights[:size], out.statistics])
                ),
                strict=True,
            )
        ),
    }
    for name in stored:
        for prefix, values in vectors.items():
            if name.startswith(prefix):
                value = values[id(by_name[name.removeprefix(prefix)])]
                np.testing.assert_allclose(
                    value, stored[name], rtol=0, atol=1e-3, err_msg=name
                )


# === Other students, and bad arguments ===


@pytest.mark.slow
def test_models_with_key_frames_can_be_students():
    model = small_accel()
    trainer = PhaseTrainer(model, ParameterSpace(model), 1e-2)
    result = run(trainer, fresh(trainer, model), None, GradientGuided(0.1), 2)
    assert result.skipped is None
    flow = [
        index
        for index, each in enumerate(trainer.space.trainable)
        if "flow" in each.path
    ]
    places = [slice(*trainer.space.offsets[i : i + 2]) for i in flow]
    assert places and not any(result.mask[place].any() for place in places)


def test_bad_arguments(trainer, model):
    space = trainer.space
    for options, fault in (
        ({"statistics": "none"}, 'statistics is "none"; it is one of sent, fr'),
        ({"learning_rate": 0}, "learning_rate is 0; above 0"),
        ({"class_indices": []}, r"class_indices is \[\]"),
        ({"class_indices": [0, 5]}, "has 5; the model has the classes 0 to 4"),
    ):
        with pytest.raises(ValueError, match=fault):
            PhaseTrainer(model, space, **options)
    state = fresh(trainer, model)
    with pytest.raises(ValueError, match="iterations is 0; 1 is the least"):
        run(trainer, state, iterations=0)
    other = dataclasses.replace(state, weights=state.weights[1:])
    with pytest.raises(ValueError, match="the state is of a model with"):
        run(trainer, other)
