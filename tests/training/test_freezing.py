import keras
import numpy as np
import pytest
from backend import to_numpy
from model_tools import scenes
from small_models import (
    small_accel,
    small_deeplab,
    small_feature_fusion_accel,
    small_light_deeplab,
)

import accel_tf
from accel_tf.models.accel.fusion_start import reset_fusion
from accel_tf.training import (
    ACCEL_TRAINED,
    DEEPLAB_101_FROZEN,
    freeze,
    synchronize_batch_norm,
    train_only,
)


def trainable_names(model):
    names = [variable.path for variable in model.trainable_variables]
    assert len(set(names)) == len(names)
    return names


def test_the_tiny_preset_has_the_names_of_the_paper():
    model = accel_tf.from_preset("accel_tiny", num_classes=5)
    count = len(model.trainable_variables)
    assert freeze(model, DEEPLAB_101_FROZEN) < count
    assert train_only(model, ACCEL_TRAINED) == 2
    assert train_only(model, ("all",)) == count


@pytest.mark.parametrize("build", [small_accel, small_feature_fusion_accel])
def test_the_paper_trains_the_fusion_alone(build):
    model = build()
    assert train_only(model, ACCEL_TRAINED) == 2
    assert trainable_names(model) == ["fusion/kernel", "fusion/bias"]
    assert train_only(model, "all") == len(model.trainable_variables)
    untouched = build()
    assert len(model.trainable_variables) == len(untouched.trainable_variables)


def test_the_paper_freezes_the_start_of_deeplab_101():
    model = small_deeplab()
    before = trainable_names(model)
    freeze(model, DEEPLAB_101_FROZEN)
    trained = trainable_names(model)
    frozen = set(before) - set(trained)
    assert frozen == {
        name
        for name in before
        if name.split("/")[1].startswith(("conv1", "bn", "res2"))
    }
    assert {"backbone/res3_1_branch1/kernel", "head/fc6/bias"} <= set(trained)


def batch_norms(model):
    return [
        layer
        for network in model.layers
        for layer in getattr(network, "layers", ())
        if isinstance(layer, keras.layers.BatchNormalization)
    ]


def test_frozen_batch_normalisation_uses_its_statistics():
    model = small_light_deeplab()
    clip = scenes(2, length=1)
    labels = np.zeros((2, 48, 64), "uint8")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert freeze(model, ["gamma", "beta"]) == len(model.trainable_variables)
    assert not any(layer.trainable for layer in batch_norms(model))
    inference = to_numpy(model(clip))
    np.testing.assert_array_equal(
        to_numpy(model(clip, training=True)), inference
    )
    statistics = [to_numpy(layer.moving_mean) for layer in batch_norms(model)]
    kernel = to_numpy(model.head.get_layer("fc6").kernel)
    # XLA takes long to compile and is not what is tested.
    jit = keras.backend.backend() == "jax"
    model.compile("sgd", loss, jit_compile=jit)
    model.fit(clip, labels, verbose=0)
    for layer, before in zip(batch_norms(model), statistics, strict=True):
        np.testing.assert_array_equal(to_numpy(layer.moving_mean), before)
    assert (to_numpy(model.head.get_layer("fc6").kernel) != kernel).any()

    # Half of a layer: it goes on normalising by the batch.
    train_only(model, "all")
    freeze(model, "gamma")
    assert all(layer.trainable for layer in batch_norms(model))
    assert not any("gamma" in name for name in trainable_names(model))
    assert any("beta" in name for name in trainable_names(model))
    changed = to_numpy(model(clip, training=True))
    assert np.abs(changed - inference).max() > 1e-3


def test_freezing_adds_up_and_names_of_networks_count():
    model = small_accel()
    all_names = trainable_names(model)
    freeze(model, "flow_network/*")
    # What was frozen by Keras' own flag stays so too.
    model.reference_head.trainable = False
    count = freeze(model, ["update_backbone/*", "update_head/score/bias"])
    trained = trainable_names(model)
    assert count == len(trained)
    assert trained == [
        name
        for name in all_names
        if name.startswith(("reference_backbone", "fusion"))
        or name in ("update_head/fc6/kernel", "update_head/fc6/bias")
        or name == "update_head/score/kernel"
    ]
    train_only(model, ["update_head/*", "*offset/kernel", "conv1/*"])
    assert {name.split("/")[0] for name in trainable_names(model)} == {
        "update_head",
        "update_backbone",
        "reference_backbone",
    }


def test_a_pattern_without_variable_is_refused_and_changes_nothing():
    model = small_accel()
    freeze(model, "flow_network/*")
    before = trainable_names(model)
    for patterns in (["fusion/*", "fussion/*"], "flow_network", "moving_mean"):
        for function in (freeze, train_only):
            with pytest.raises(ValueError, match="_backbone/.*kernel") as error:
                function(model, patterns)
            assert "\n" not in str(error.value)
            assert trainable_names(model) == before


def test_synchronized_batch_normalisation_comes_into_effect():
    model = small_light_deeplab()
    if keras.backend.backend() != "tensorflow":
        with pytest.raises(ValueError, match="TensorFlow backend only"):
            synchronize_batch_norm(model)
        return
    count = synchronize_batch_norm(model)
    assert count == len(batch_norms(model)) > 5
    assert all(
        layer.get_config()["synchronized"] for layer in batch_norms(model)
    )


def test_the_fusion_starts_as_in_the_paper():
    model = small_accel()
    keras.utils.set_random_seed(0)
    reset_fusion(model)
    kernel = to_numpy(model.fusion.kernel)
    assert kernel.std() == pytest.approx(0.01, rel=0.3)
    assert np.unique(kernel).size == kernel.size
    assert not to_numpy(model.fusion.bias).any()
    reset_fusion(model, "model")
    half = np.concatenate([np.eye(5), np.eye(5)]) / 2
    np.testing.assert_array_equal(to_numpy(model.fusion.kernel)[0, 0], half)
    reset_fusion(model, "reference")
    kernel = to_numpy(model.fusion.kernel)[0, 0]
    np.testing.assert_array_equal(kernel[:5], np.eye(5))
    assert not kernel[5:].any()

    model = small_feature_fusion_accel()
    reset_fusion(model)
    kernel = to_numpy(model.fusion.kernel)[0, 0]
    np.testing.assert_array_equal(kernel[:32], np.zeros((32, 32)))
    np.testing.assert_array_equal(kernel[32:], np.eye(32))
    assert not to_numpy(model.fusion.bias).any()
    with pytest.raises(ValueError, match="reference, not 'average'"):
        reset_fusion(model, "average")
    with pytest.raises(ValueError, match="DeepLab has no fusion"):
        reset_fusion(small_deeplab())
