"""Every small model keeps the contract; and what each system adds to it."""

import os
import pathlib
import subprocess
import sys
import warnings

import keras
import model_checks
import numpy as np
import pytest
from backend import to_numpy
from model_tools import (
    assert_all_close,
    assert_close,
    copy_of,
    run,
    scenes,
    sublayers,
)
from small_models import (
    SMALL_MODELS,
    built,
    small_deeplab,
    small_flow_network,
    small_pre_activation_resnet,
    small_resnet_v1,
)

import accel_tf
from accel_tf.models.accel import Accel
from accel_tf.models.accel.accel import average_of_branches
from accel_tf.models.accel.feature_fusion_accel import current_features
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.resnet import ResNetV1, subtract_mean
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import upsample_scores

# The rest share all their code with these.
UNLIKE = ["light_deeplab", "accel", "feature_fusion_accel"]


@pytest.fixture(params=UNLIKE)
def make(request):
    return lambda: built(request.param)


def quick(*names):
    """All small models, of which all but these are slow."""
    params = [
        name if name in names else pytest.param(name, marks=pytest.mark.slow)
        for name in SMALL_MODELS
    ]
    return pytest.mark.parametrize("make", params, indirect=True)


# A model that is saved shows its config, too.
@quick("dff", "feature_fusion_accel")
def test_config(make):
    model_checks.check_config(make)


@quick("light_deeplab", "accel")
def test_saving(make, tmp_path):
    model_checks.check_saving(make, tmp_path)


@quick("light_deeplab", "accel")
def test_clip_and_stream(make):
    model_checks.check_clip_and_stream(make)


@quick("light_deeplab", "accel")
def test_sizes_and_tensor_key(make):
    model_checks.check_sizes_and_tensor_key(make)


def test_state(make):
    model_checks.check_state(make)


def test_frame_dtypes(make):
    model_checks.check_frame_dtypes(make)


def test_batch(make):
    model_checks.check_batch(make)


def test_native_stride(make):
    model_checks.check_native_stride(make)


# In bfloat16 below, too.
@quick("light_deeplab", "feature_fusion_accel")
def test_mixed_float16(make):
    model_checks.check_mixed_precision(make, "mixed_float16", noise=0.02)


@pytest.mark.parametrize("make", ["accel"], indirect=True)
def test_mixed_bfloat16(make):
    model_checks.check_mixed_precision(make, "mixed_bfloat16", noise=0.2)


@pytest.mark.parametrize("make", ["deeplab"], indirect=True)
def test_training(make):
    model_checks.check_training(make)


# To compile the training of these takes longer than to train them.
@pytest.mark.parametrize(
    "make",
    [pytest.param("accel", marks=pytest.mark.slow), "feature_fusion_accel"],
    indirect=True,
)
def test_training_eagerly(make):
    model_checks.check_training(make, run_eagerly=True)


def test_bad_shapes(make):
    model_checks.check_bad_shapes(make)


@pytest.mark.parametrize(
    "name, on_others",
    [
        ("dff", {"flow_network", "reference_head"}),
        (
            "accel",
            {
                "flow_network",
                "reference_head",
                "update_backbone",
                "update_head",
                "fusion",
            },
        ),
        (
            "feature_fusion_accel",
            {"flow_network", "reference_backbone", "fusion", "reference_head"},
        ),
    ],
)
def test_key_frames(name, on_others):
    model_checks.check_key_frames(
        lambda: built(name),
        {"reference_backbone", "reference_head"},
        on_others,
    )


@pytest.mark.slow
def test_loads_in_another_process(tmp_path):
    """`import accel_tf` is all that a saved model needs.

    On TensorFlow the quicker test_package.py sees to it.
    """
    model, clip = built("accel"), scenes()
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "clip.npy", clip)
    program = """if True:
        import sys
        import accel_tf, keras, numpy
        folder = sys.argv[1]
        model = keras.models.load_model(folder + "/model.keras")
        logits = model(numpy.load(folder + "/clip.npy"))
        logits = keras.ops.convert_to_numpy(logits)
        numpy.save(folder + "/logits.npy", logits)
    """
    repository = pathlib.Path(accel_tf.__file__).parent.parent
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "KERAS_BACKEND": keras.backend.backend(),
            "PYTHONPATH": str(repository),
        },
    )
    assert_close(np.load(tmp_path / "logits.npy"), to_numpy(model(clip)))


# === Training ===


def train(model, clips):
    """One step on labels that are all zero."""
    model.compile(
        keras.optimizers.SGD(0.003),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,
    )
    model.fit(clips, np.zeros(clips[:, 0, ..., 0].shape), verbose=0)


def test_training_updates_the_moving_statistics():
    model = copy_of(built("deeplab"))
    model.backbone.get_layer("bn_conv1").trainable = False
    normalisations = [
        layer
        for layer in sublayers(model)
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    before = [to_numpy(layer.moving_mean) for layer in normalisations]
    train(model, scenes(batch=2, length=1))
    for layer, value in zip(normalisations, before, strict=True):
        moved = not np.array_equal(to_numpy(layer.moving_mean), value)
        assert moved == layer.trainable, layer.name


def test_a_clip_of_one_frame_trains_the_reference_branch_alone():
    model = copy_of(built("accel"))
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gradients do not exist")
        train(model, scenes(batch=2, length=1))
    moved = {
        variable.path
        for variable, value in zip(
            model.trainable_variables, before, strict=True
        )
        if not np.array_equal(to_numpy(variable), value)
    }
    reference = {
        *(v.path for v in model.reference_backbone.trainable_variables),
        *(v.path for v in model.reference_head.trainable_variables),
    }
    assert moved == reference


# === Label maps ===


def test_label_map_is_kept(tmp_path):
    label_map = accel_tf.LabelMap(
        ("road", "car", "sky"), ((1, 2, 3), (4, 5, 6), (7, 8, 9))
    )
    model = small_deeplab(3, label_map=label_map)
    assert model.label_map == label_map
    assert copy_of(model).label_map == label_map
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.label_map == label_map


def test_label_map_must_fit():
    label_map = accel_tf.LabelMap(("road", "car"), ((1, 2, 3), (4, 5, 6)))
    with pytest.raises(ValueError, match="names 2 classes, the model has 5"):
        small_deeplab(label_map=label_map)


# === What the systems are made of ===


@pytest.mark.parametrize("name", ["dff", "accel", "feature_fusion_accel"])
def test_key_frames_are_those_of_deeplab(name):
    """With a key frame on every frame, each system is plain DeepLab."""
    model, clip = built(name), scenes()
    plain = DeepLab(model.reference_backbone, model.num_classes, 16)
    plain.head.set_weights(model.reference_head.get_weights())
    expected, _ = run(plain, clip)
    assert_all_close(run(model, clip, (True, True))[0], expected, 1e-6)


@pytest.mark.parametrize("name", UNLIKE)
def test_native_logits_are_upsampled(name):
    """Only a bias that comes after up-sampling sets the two apart."""
    model, frame = built(name), scenes(length=1)[:, 0]
    state = model.initial_state(1, 48, 64)
    for is_key in (True, False):
        full, after = model.step(frame, state, is_key=is_key)
        native, _ = model.step(frame, state, is_key=is_key, native_stride=True)
        bias = 0.0
        if name == "accel" and not is_key:
            bias = to_numpy(model.fusion.bias)
        upsampled = upsample_scores(
            to_numpy(native) - bias, model.output_stride, (48, 64)
        )
        assert_close(to_numpy(upsampled) + bias, full)
        state = after


def test_untrained_accel_averages_its_branches():
    model = copy_of(built("accel"))
    model.fusion.set_weights(
        [
            average_of_branches((1, 1, 10, 5), "float32"),
            np.zeros(5, "float32"),
        ]
    )
    clip = scenes(height=64, width=96)
    _, state = model.step(clip[:, 0], {}, is_key=True)
    logits, state = model.step(
        clip[:, 1], state, is_key=False, native_stride=True
    )
    reference = model.reference_head(state["features"])
    features = model.update_backbone(subtract_mean(clip[:, 1]))
    update = model.update_head(features)
    assert_close(logits, (to_numpy(reference) + to_numpy(update)) / 2)


def test_untrained_feature_fusion_sees_the_current_frame_only():
    model = copy_of(built("feature_fusion_accel"))
    model.fusion.set_weights(
        [current_features((1, 1, 64, 32), "float32"), np.zeros(32, "float32")]
    )
    clip = scenes()
    others = run(model, clip, (True, False))[0][1]
    assert_close(others, run(model, clip, (True, True))[0][1])


def test_strides_must_agree():
    with pytest.raises(ValueError, match="that of flow_network, got 8 and 16"):
        DeepFeatureFlow(small_resnet_v1(8), small_flow_network(16), 5)
    reference = small_resnet_v1(16)
    update = small_pre_activation_resnet(8)
    with pytest.raises(ValueError, match="stride 16, got 8"):
        Accel(reference, small_flow_network(16), update, 5)
    with pytest.raises(ValueError, match="must be 8 or 16, got 4"):
        small_flow_network(4)
    with pytest.raises(ValueError, match=r"must be 1, got \(1, 2, 2, 2\)"):
        ResNetV1(blocks=(1, 1, 1, 1), strides=(1, 2, 2, 2))


def test_a_clip_needs_a_frame():
    model = built("deeplab")
    with pytest.raises(ValueError, match=r"clip must be \[B, T, H, W, 3\]"):
        model(np.zeros((1, 0, 48, 64, 3), "uint8"))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow",
    reason="only TensorFlow traces programs for dimensions not known",
)
def test_a_clip_needs_a_fixed_length():
    import tensorflow as tf

    clip = tf.TensorSpec([1, None, 48, 64, 3], "uint8")
    program = tf.function(built("deeplab"), input_signature=[clip])
    with pytest.raises(ValueError, match="with a fixed T"):
        program.get_concrete_function()


def test_what_a_new_segmenter_lacks_is_named():
    class Unfinished(VideoSegmenter):
        pass

    frame = np.zeros((1, 8, 8, 3), "uint8")
    with pytest.raises(NotImplementedError, match="Unfinished .* score;"):
        Unfinished(2).step(frame, {})
    with pytest.raises(NotImplementedError, match="Unfinished .* output_str"):
        _ = Unfinished(2).output_stride
