"""KerasHub's SegFormer and DeepLabV3+ against their own graphs."""

import json

import keras
import numpy as np
import pytest
from backend import to_numpy
from model_tools import assert_close, assert_labels, run, scenes
from small_models import CLASSES, lively

import accel_tf
from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.data.published_label_maps import ADE20K, PASCAL_VOC
from accel_tf.models.per_frame import hub_presets, per_frame
from accel_tf.models.per_frame.hub import segmenter_of_task
from accel_tf.models.per_frame.hub_architectures import (
    HUB_PRESETS,
    build_deeplab,
    build_segformer,
)

MEAN, SCALE = (120.0, 110.0, 100.0), 1 / 64


@pytest.fixture(scope="module", autouse=True)
def keras_hub():
    """Imported by the process that runs these tests, not by all."""
    return pytest.importorskip("keras_hub")


def small_segformer(depths=(1, 1, 1, 1), filters=16, size=64):
    return build_segformer(CLASSES, depths, (8, 16, 40, 64), filters, size)


def small_deeplab():
    return build_deeplab(CLASSES, (1, 1, 1, 1), (64, 4, 6, 8))


def with_weights(task):
    rng = np.random.default_rng(0)
    for variable in lively(task).weights:
        if variable.path.endswith("kernel") and len(variable.shape) == 2:
            value = rng.standard_normal(variable.shape)
            variable.assign(value / np.sqrt(variable.shape[0]))
    return task


_b2 = pytest.param("b2", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["b0", _b2, "deeplab"])
def model(request):
    task = {
        "b0": small_segformer,
        "b2": lambda: small_segformer((1, 2, 2, 1), 24),
        "deeplab": small_deeplab,
    }[request.param]()
    return segmenter_of_task(with_weights(task), mean=MEAN, scale=SCALE)


def own_output(model, frame):
    """What KerasHub's own graph gives for a square frame."""
    task, side = model.network, frame.shape[1]
    if side not in task.input_shape[1:3] and None not in task.input_shape[1:]:
        depths = task.backbone.image_encoder.layerwise_depths
        task = small_segformer(depths, task.backbone.projection_filters, side)
        task.set_weights(model.network.get_weights())
    image = (frame - np.array(MEAN)) * SCALE
    return task(image.astype("float32"), training=False)


@pytest.mark.parametrize(
    "side", [96, *(pytest.param(n, marks=pytest.mark.slow) for n in (64, 128))]
)
def test_gives_the_hubs_own_scores(model, side):
    frame = scenes(height=side, width=side)[:, 0]
    logits = to_numpy(model.step(frame, {})[0])
    assert logits.std((0, 1, 2)).min() > 0.01
    assert_close(logits, own_output(model, frame), 1e-5)


def test_takes_frames_of_any_size(model):
    frame = scenes(height=49, width=66)[:, 0]
    logits = to_numpy(model.step(frame, {})[0])
    assert logits.shape == (1, 49, 66, CLASSES)
    assert_labels(accel_tf.VideoStream(model)(frame), logits)
    scores = model.step(frame, {}, native_stride=True)[0]
    assert tuple(scores.shape) == (1, 13, 17, CLASSES)
    assert (model.output_stride, model.grid.multiple_of) == (4, 32)


@pytest.mark.parametrize("model", ["b0"], indirect=True)
def test_height_is_not_width(model):
    """What is turned on its side gives what is turned on its side."""
    turned = type(model).from_config(model.get_config())
    weights = [
        value.swapaxes(0, 1) if value.ndim == 4 else value
        for value in model.get_weights()
    ]
    turned.set_weights(weights)
    frame = scenes(height=64, width=160)[:, 0]
    actual = to_numpy(turned.step(frame.swapaxes(1, 2), {})[0]).swapaxes(1, 2)
    assert_close(actual, model.step(frame, {})[0], 1e-4)


@pytest.mark.parametrize("model", ["b0", _b2], indirect=True)
def test_fused(model):
    fused = accel_tf.fuse_for_inference(model)
    for size in ((64, 96), (49, 66)):
        frame = scenes(height=size[0], width=size[1])[:, 0]
        logits = to_numpy(model.step(frame, {})[0])
        assert_close(fused.step(frame, {})[0], logits, 1e-5)
    assert_labels(accel_tf.VideoStream(fused)(frame), logits)
    before, after = (m.multiply_adds(64, 64)["key"] for m in (model, fused))
    # The convolution of all levels at stride 4 is gone.
    filters = model.network.backbone.projection_filters
    assert before - after == 16 * 16 * 4 * filters**2
    with pytest.raises(ValueError, match="is fused for inference"):
        fused.save("model.keras")
    low = accel_tf.fuse_for_inference(model, "bfloat16")
    noise = to_numpy(low.step(frame, {})[0]) - logits
    assert 1e-4 < noise.std() / logits.std() < 0.05


@pytest.mark.parametrize(
    "model",
    ["b0", pytest.param("deeplab", marks=pytest.mark.slow)],
    indirect=True,
)
def test_saving(model, tmp_path):
    clip = scenes()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert_close(run(loaded, clip)[0][-1], run(model, clip)[0][-1], 1e-6)


@pytest.mark.slow
def test_training_moves_every_variable():
    model = segmenter_of_task(with_weights(small_deeplab()), scale=SCALE)
    clips = scenes(batch=2)
    labels = np.arange(64)[None, None] // 16 + np.zeros((2, 48, 64), "int32")
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    model.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit(clips, labels, verbose=0)
    for variable, value in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(to_numpy(variable), value), variable.path


def test_the_tasks_own_normalisation(keras_hub):
    converter = keras_hub.layers.DeepLabV3ImageConverter(
        scale=[0.01, 0.02, 0.03], offset=[-1.0, -2.0, -3.0]
    )
    task = small_deeplab()
    task.preprocessor = keras_hub.models.DeepLabV3ImageSegmenterPreprocessor(
        converter
    )
    frame = scenes(height=32, width=32)[:, 0]
    expected = to_numpy(converter(frame.astype("float32")))
    model = per_frame(task)
    assert_close(model.normalization(frame), expected, 1e-5)


# === Presets ===


def test_all_presets_of_the_hub_are_known(keras_hub):
    known = {
        *keras_hub.models.SegFormerImageSegmenter.presets,
        *keras_hub.models.DeepLabV3ImageSegmenter.presets,
    }
    assert known == set(HUB_PRESETS)
    assert hub_presets() == [f"hub:{name}" for name in HUB_PRESETS]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, parameters, label_map",
    [
        ("segformer_b0_cityscapes_1024", 3_719_027, CITYSCAPES),
        ("deeplab_v3_plus_resnet50_pascalvoc", 39_190_656 + 5376, PASCAL_VOC),
    ],
)
def test_preset_without_weights(name, parameters, label_map):
    """Parameters as KerasHub's list of presets states them."""
    model = accel_tf.from_preset(f"hub:{name}", load_weights=False)
    statistics = 512 if name.startswith("seg") else 0
    assert model.count_params() == parameters + statistics
    assert (model.name, model.label_map) == (name, label_map)
    # SegFormer's table 1: 8.4 GFLOPs with 150 classes at 512x512.
    if name.startswith("seg"):
        cost = model.multiply_adds(512, 512)["key"]
        assert round((cost + 131 * 256 * 128**2) / 1e9, 1) == 8.4


def test_descriptions():
    name = "hub:segformer_b5_ade20k_640"
    assert accel_tf.describe_preset(name).startswith("SegFormer-B5")
    assert HUB_PRESETS[name.removeprefix("hub:")].label_map is ADE20K


def test_unknown_preset():
    with pytest.raises(ValueError, match="did you mean 'hub:segformer_b1_city"):
        accel_tf.from_preset("hub:segformer_b1_cityscapes_512")


@pytest.mark.parametrize(
    "fault, error, message",
    [
        (OSError("no route\nto host"), OSError, "cannot fetch the weights"),
        (None, ValueError, "another model than its name says"),
    ],
)
def test_weights_that_cannot_be_had(
    monkeypatch, keras_hub, fault, error, message
):
    def from_preset(name):
        if fault:
            raise fault
        return small_deeplab()  # 5 classes

    task = keras_hub.models.DeepLabV3ImageSegmenter
    monkeypatch.setattr(task, "from_preset", from_preset)
    with pytest.raises(error, match=message) as raised:
        accel_tf.from_preset("hub:deeplab_v3_plus_resnet50_pascalvoc")
    assert "\n" not in str(raised.value)


def test_published_label_maps():
    assert (len(ADE20K), len(PASCAL_VOC)) == (150, 21)
    assert dict(zip(ADE20K.names, ADE20K.colors, strict=True))["sky"] == (
        6, 230, 230,
    )  # fmt: skip
    colors = dict(zip(PASCAL_VOC.names, PASCAL_VOC.colors, strict=True))
    assert colors["person"] == (192, 128, 128)
    assert colors["tvmonitor"] == (0, 64, 128)
