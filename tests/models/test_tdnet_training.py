"""The model that `fit` trains TDNet with."""

import keras
import numpy as np
import pytest
from backend import to_numpy
from distilling import divergence, small_teacher
from model_tools import assert_close, policy_scope, scenes
from small_models import small_td2, small_td2_fanet, small_td4
from torch_checkpoints import write_checkpoint

import accel_tf
from accel_tf.models.pspnet import normalize_image
from accel_tf.models.tdnet.tdnet_training import TDNetTraining
from accel_tf.training import OhemCrossEntropy


def labels_of(clip):
    rng = np.random.default_rng(0)
    return rng.integers(0, 5, (len(clip), *clip.shape[2:4]), dtype=np.uint8)


# The third path learns from the second group: both see the first half.
@pytest.mark.parametrize(
    "phase, group", [pytest.param(0, 0, marks=pytest.mark.slow), (2, 1)]
)
def test_outputs_of_a_clip(phase, group):
    segmenter = small_td4()
    teacher, _ = small_teacher(4)
    model = TDNetTraining(segmenter, teacher)
    clip = scenes(batch=2, length=4)
    outputs = model((clip, np.full(2, phase, "int32")))
    assert sorted(outputs) == sorted(model.outputs_to_train)
    full = segmenter(clip, start_phase=phase + 1)
    assert_close(outputs["full"], full, 1e-5)

    image = normalize_image(clip[:, -1])
    path = segmenter.paths[phase]
    alone = path(image)
    assert_close(outputs["sub"], segmenter.upsample(alone, (48, 64)), 1e-5)
    stage = keras.Model(path.backbone.inputs, path.backbone.stage_output(3))
    aux = model.auxiliary_heads[phase](stage(image))
    assert_close(outputs["aux"], segmenter.upsample(aux, (48, 64)), 1e-5)

    state = segmenter.initial_state(2, 48, 64, start_phase=phase + 1)
    for index in range(4):
        native, state = segmenter.step(
            clip[:, index], state, native_stride=True
        )
    whole, groups = teacher(clip[:, -1])
    expected = divergence(whole, native) + 0.5 * divergence(
        groups[:, group], alone
    )
    assert_close(outputs["distillation"], expected.astype("float32"), 1e-4)


@pytest.mark.slow
def test_one_program_serves_all_phases():
    model = TDNetTraining(small_td4(), small_teacher(4)[0])
    model.compile()
    clip = scenes(batch=2, length=4)
    for phase in range(4):
        inputs = clip, np.full(2, phase, "int32")
        expected = model(inputs)
        outputs = model.predict(inputs, verbose=0)
        assert sorted(outputs) == sorted(expected)
        for name, value in outputs.items():
            assert_close(value, expected[name], 1e-5)


def test_mixed_precision_gives_float32():
    with policy_scope("mixed_bfloat16"):
        model = TDNetTraining(small_td2(), small_teacher(2)[0])
    assert model.auxiliary_heads[0].get_layer("conv").compute_dtype == (
        "bfloat16"
    )
    for value in model((scenes(length=2), np.int32(1))).values():
        assert keras.backend.standardize_dtype(value.dtype) == "float32"
        assert np.isfinite(to_numpy(value)).all()


def test_what_is_not_there_is_not_trained():
    segmenter = small_td2_fanet()
    model = TDNetTraining(segmenter)
    assert model.outputs_to_train == ["full", "sub"]
    objectives = model.objectives(OhemCrossEntropy())
    assert objectives["loss_weights"] == {"full": 1.0, "sub": 0.5}
    clip = scenes(length=2)
    outputs = model((clip, np.int32(1)))
    assert_close(outputs["full"], segmenter(clip, start_phase=0), 1e-5)
    with pytest.raises(ValueError, match=r"must be \[B, 2, H, W, 3\]"):
        model((scenes(length=3), np.int32(1)))
    with pytest.raises(ValueError, match="2 paths and 5 classes is needed"):
        TDNetTraining(segmenter, small_teacher(4)[0])


@pytest.mark.slow
def test_it_learns_all_but_the_teacher(tmp_path):
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    segmenter = small_td2(dropout=0.0)
    teacher, _ = small_teacher(2)
    model = TDNetTraining(segmenter, teacher, dropout=0.0)
    paths = {variable.path for variable in model.variables}
    assert len(paths) == len(model.variables)
    assert not any(
        variable is other
        for variable in model.variables
        for other in teacher.variables
    )
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    taught = [to_numpy(v).copy() for v in teacher.variables]
    clip = scenes(batch=2)
    batches = tf.data.Dataset.from_tensors((clip, labels_of(clip)))
    turns = model.training_data(batches.repeat(), first=1)
    phases = [x[1].numpy().tolist() for x, _ in turns.take(3)]
    assert phases == [[1, 1], [0, 0], [1, 1]]

    objectives = model.objectives(OhemCrossEntropy())
    model.compile(keras.optimizers.SGD(0.01), **objectives)
    assert not model.jit_compile
    history = model.fit(
        turns, steps_per_epoch=4, epochs=3, shuffle=False, verbose=0
    ).history
    assert set(history) == {
        "loss",
        *(f"{name}_loss" for name in model.outputs_to_train),
    }
    weights = objectives["loss_weights"]
    total = sum(
        weight * np.array(history[f"{name}_loss"])
        for name, weight in weights.items()
    )
    np.testing.assert_allclose(total, history["loss"], rtol=1e-4)
    assert history["full_loss"][-1] < history["full_loss"][0]
    assert history["distillation_loss"][-1] < history["distillation_loss"][0]

    unmoved = [
        variable.path
        for variable, value in zip(
            model.trainable_variables, before, strict=True
        )
        if np.array_equal(to_numpy(variable), value)
    ]
    # Softmax and normalisation do not see what is added everywhere.
    blind = tuple(f"{x}_" for x in ("query", "key", "value", "attention"))
    for path in unmoved:
        assert path.startswith(blind) and path.endswith("/bias"), path
    for variable, value in zip(teacher.variables, taught, strict=True):
        np.testing.assert_array_equal(to_numpy(variable), value)

    path = tmp_path / "state.weights.h5"
    model.save_weights(path)
    again = TDNetTraining(small_td2(dropout=0.0), teacher)
    again.load_weights(path)
    inputs = clip, np.int32(0)
    assert_close(again(inputs)["full"], model(inputs)["full"], 1e-6)


def test_an_official_training_file(tmp_path):
    model = TDNetTraining(small_td2())
    rng = np.random.default_rng(0)
    tensors = {
        entry.names[0]: rng.uniform(0.5, 1.5, entry.shape).astype("float32")
        for entry in model.checkpoint_entries()
    }
    assert len(tensors) == len(model.weights)
    path = tmp_path / "best_model.pkl"
    write_checkpoint(path, tensors, epoch=3, best_iou=0.5)
    report = accel_tf.load_checkpoint(model, path)
    assert not report.ignored
    np.testing.assert_array_equal(
        to_numpy(model.auxiliary_heads[1].get_layer("score").bias),
        tensors["auxlayer2.conv5.4.bias"],
    )
