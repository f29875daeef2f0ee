"""Keras models and functions as per-frame segmenters."""

import json

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import layers, ops
from model_checks import (
    check_batch,
    check_clip_and_stream,
    check_config,
    check_frame_dtypes,
    check_native_stride,
    check_sizes_and_tensor_key,
    check_state,
)
from model_tools import assert_close, run, scenes
from small_models import lively

import accel_tf
from accel_tf.models.cost import count_layers
from accel_tf.models.per_frame import ForeignPerFrame, PerFrame, per_frame
from accel_tf.models.restore import restore_model
from accel_tf.ops import resize_bilinear

CLASSES = 5


def small_network(size=(None, None), classes=CLASSES, activation=None):
    """Scores at stride 4."""
    image = keras.Input((*size, 3))
    x = layers.Conv2D(8, 3, 2, "same", activation="relu")(image)
    x = layers.Conv2D(8, 3, 2, "same", activation="relu")(x)
    x = layers.Conv2D(classes, 1, activation=activation)(x)
    return lively(keras.Model(image, x, name="small"))


def small_unet():
    """Scores at stride 1; takes multiples of 4."""
    image = keras.Input((None, None, 3))
    half = layers.Conv2D(6, 3, 2, "same", activation="relu")(image)
    x = layers.Conv2D(6, 3, 2, "same", activation="relu")(half)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = layers.Concatenate()([half, x])
    x = layers.Conv2DTranspose(CLASSES, 3, 2, "same")(x)
    return lively(keras.Model(image, x, name="unet"))


NETWORKS = {
    "any_size": small_network,
    "multiples": small_unet,
    "one_size": lambda: small_network((64, 96)),
    "corners": lambda: small_network((65, 97)),
}


@pytest.fixture(params=NETWORKS)
def model(request):
    return per_frame(NETWORKS[request.param](), mean=127.5, scale=1 / 64)


def test_takes_frames_of_any_size(model):
    check_sizes_and_tensor_key(lambda: model)


def test_keeps_the_contract():
    model = per_frame(small_network(), mean=127.5, scale=1 / 64)
    for check in (
        check_config,
        check_clip_and_stream,
        check_state,
        check_frame_dtypes,
        check_batch,
        check_native_stride,
    ):
        check(lambda: model)
    assert isinstance(model, PerFrame)
    assert not model.runs_on_host
    assert not model.uses_key_frames


@pytest.mark.parametrize(
    "name, stride, multiple, size, corners",
    [
        ("any_size", 4, 4, None, False),
        ("multiples", 1, 4, None, False),
        ("one_size", 4, 1, (64, 96), False),
        ("corners", 4, 1, (65, 97), True),
    ],
)
def test_finds_what_the_network_takes(name, stride, multiple, size, corners):
    grid = per_frame(NETWORKS[name]()).grid
    assert (grid.stride, grid.multiple_of) == (stride, multiple)
    assert (grid.size, grid.aligns_corners) == (size, corners)


def test_gives_the_networks_own_scores():
    network = small_network()
    model = per_frame(network, mean=[1, 2, 3], scale=0.02)
    frame = scenes(height=64, width=96)[:, 0]
    image = (frame - np.array([1.0, 2.0, 3.0])) * 0.02
    scores = network(image.astype("float32"))
    assert_close(model.step(frame, {}, native_stride=True)[0], scores, 1e-5)
    # Between the middles of pixels, as images are resized.
    expected = resize_bilinear(scores, (64, 96))
    assert_close(model.step(frame, {})[0], expected, 1e-5)


def test_channel_order():
    frame = scenes()[:, 0]
    options = dict(scale=0.02, mean=(10, 20, 30))
    network = small_network()
    actual = per_frame(network, channel_order="bgr", **options).step(frame, {})
    expected = per_frame(network, **options).step(frame[..., ::-1], {})
    assert_close(actual[0], expected[0], 1e-6)


@pytest.mark.parametrize("name", ["any_size", "one_size", "corners"])
@pytest.mark.parametrize("size", [(64, 96), (65, 97), (128, 192), (111, 150)])
def test_scores_lie_where_the_image_has_them(name, size):
    """A slope through the image is the same slope in the scores."""
    network = NETWORKS[name]()
    kernels = [v for v in network.weights if v.path.endswith("kernel")]
    for kernel in kernels:
        value = np.zeros(kernel.shape, "float32")
        height, width = value.shape[:2]
        if name == "corners":  # the middle pixel
            value[height // 2, width // 2, 0, 0] = 1
        else:  # the middle of the two by two that are one pixel of the next
            value[: min(2, height), : min(2, width), 0, 0] = 1
            value /= value.sum()
        kernel.assign(value)
    for variable in network.weights:
        if variable.path.endswith("bias"):
            variable.assign(np.zeros(variable.shape, "float32"))
    model = per_frame(network)
    rows, columns = np.mgrid[: size[0], : size[1]]
    frame = np.stack([rows + 0.5 * columns] * 3, -1)[None].astype("float32")
    logits = to_numpy(model.step(frame, {})[0])[0, ..., 0]
    # Away from the edges, beyond which the nearest scores are repeated.
    inner = np.s_[8:-12, 8:-12]
    np.testing.assert_allclose(
        logits[inner], frame[0, ..., 0][inner], atol=0.02
    )


def test_probabilities_become_logits():
    network = small_network(activation="softmax")
    frame = scenes()[:, 0]
    kept, logits = (
        to_numpy(per_frame(network, scale=0.02, probabilities=p).step(frame, {},
                 native_stride=True)[0])
        for p in (False, True)
    )  # fmt: skip
    np.testing.assert_allclose(np.exp(logits), kept, atol=1e-6)


def test_saving(model, tmp_path):
    clip = scenes()
    model.save(tmp_path / "model.keras")
    loaded, message = restore_model(str(tmp_path / "model.keras"))
    assert type(loaded) is PerFrame and "model.keras" in message
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert_close(run(loaded, clip)[0][-1], run(model, clip)[0][-1], 1e-6)


def test_training():
    model = per_frame(small_network(), mean=127.5, scale=1 / 16)
    clips = scenes(batch=2)
    labels = np.zeros(clips[:, 0, ..., 0].shape, "int32")
    labels[:, :, labels.shape[2] // 2 :] = 1
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    model.compile(
        "adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    losses = model.fit(clips, labels, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for variable, value in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(to_numpy(variable), value), variable.path


def test_takes_a_model_of_its_own_call():
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.conv = layers.Conv2D(CLASSES, 4, 4, "same")

        def call(self, image):
            return {"scores": self.conv(image), "other": image}

    model = per_frame(Own(), output="scores", scale=0.02)
    assert (model.num_classes, model.output_stride) == (CLASSES, 4)
    check_sizes_and_tensor_key(lambda: model)
    with pytest.raises(ValueError, match="other, scores: choose one by output"):
        per_frame(Own())


def test_layers_after_a_resizing_one_do_not_train():
    """Keras takes `training` for true after a layer that resizes."""
    image = keras.Input((64, 64, 3))
    x = layers.Resizing(32, 32)(layers.Conv2D(4, 3, padding="same")(image))
    x = layers.BatchNormalization()(x)
    network = keras.Model(image, x)
    model = per_frame(network, scale=0.02)
    frame = scenes(height=64, width=64)[:, 0]
    expected = network(0.02 * frame.astype("float32"), training=False)
    assert_close(model.step(frame, {}, native_stride=True)[0], expected, 1e-5)


def test_fusing_and_exporting_are_possible():
    model = per_frame(small_network())
    assert accel_tf.fuse_for_inference(model) is model
    model.check_exportable()


def test_label_map():
    names = accel_tf.LabelMap("abcde", [(i, i, i) for i in range(5)])
    assert per_frame(small_network(), label_map=names).label_map == names


# === Cost ===


def test_cost():
    model = per_frame(small_network())
    # 50 times 70 pixels are padded to 52 times 72.
    expected = 26 * 36 * 27 * 8 + 13 * 18 * (72 * 8 + 8 * CLASSES)
    assert model.multiply_adds(50, 70) == {"key": expected, "non_key": expected}


def test_cost_of_each_kind_of_layer():
    query = (1, 6, 8)
    for layer, shape, expected in (
        (layers.Dense(5), (2, 3, 8), 2 * 3 * 8 * 5),
        (layers.EinsumDense("abc,cd->abd", (3, 5)), (2, 3, 8), 2 * 3 * 8 * 5),
        (layers.Conv2D(6, 3, 2, "same", groups=2), (1, 8, 8, 4), 16 * 54 * 2),
        (layers.DepthwiseConv2D(3, padding="same"), (1, 8, 8, 4), 64 * 36),
        (layers.SeparableConv2D(6, 3), (1, 8, 8, 4), 36 * (36 + 24)),
        (layers.Conv2DTranspose(6, 4, 2), (1, 8, 8, 4), 64 * 16 * 24),
    ):
        assert count_layers(layer, shape) == expected, layer
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=4)
    products = 2 * 6 * 6 * 2 * 4
    projections = 4 * 6 * 8 * 8
    counted = count_layers(lambda x: attention(x, x), query)
    assert counted == products + projections


# === Functions ===


def bands(images):
    """Labels 0 to 2 by the red of the middle."""
    assert images.dtype == np.uint8 and isinstance(images, np.ndarray)
    return images[..., 0] // 86


def test_function_of_labels():
    model = per_frame(bands, num_classes=3)
    assert isinstance(model, ForeignPerFrame) and model.runs_on_host
    assert (model.name, model.output_stride) == ("bands", 1)
    for check in (
        check_clip_and_stream,
        check_sizes_and_tensor_key,
        check_batch,
    ):
        check(lambda: model)
    frame = scenes(height=49, width=65)[:, 0]
    stream = accel_tf.VideoStream(model)
    np.testing.assert_array_equal(stream(frame), bands(frame))


def test_function_of_scores():
    def scores(images):
        return images[:, ::2, ::2].astype("float32")

    model = per_frame(scores)
    assert (model.num_classes, model.output_stride) == (3, 2)
    for check in (check_clip_and_stream, check_sizes_and_tensor_key):
        check(lambda: model)
    check_native_stride(lambda: model)


def test_function_of_images_of_one_size():
    """Labels come back to the frame's pixels, the nearest each."""
    model = per_frame(bands, num_classes=3, size=(24, 32))
    frame = np.repeat(np.repeat(scenes()[:, 0, ::2, ::2], 2, 1), 2, 2)
    expected = bands(frame)
    assert (accel_tf.VideoStream(model)(frame) == expected).all()


def test_pixels_of_no_class():
    def unsure(images):
        labels = bands(images)
        labels[:, :5] = 255
        return labels

    model = per_frame(unsure, num_classes=3)
    frame = scenes()[:, 0]
    # Scores cannot say none: they are those of the neighbours.
    logits = to_numpy(model.step(frame, {})[0])
    assert (logits.max(-1) == 1).all()
    expected = bands(frame)[:, 5:]
    assert (logits[:, 5:].argmax(-1) == expected).all()
    labels = accel_tf.VideoStream(model)(frame)
    assert (labels[:, :5] == 255).all() and labels[:, 5:].max() < 3


def test_what_runs_outside_the_graph_refuses(tmp_path):
    model = per_frame(bands, num_classes=3)
    for act, done in (
        (lambda: model.save(tmp_path / "model.keras"), "saved"),
        (lambda: model.fit(scenes()), "trained"),
        (lambda: model.check_exportable(), "exported"),
        (lambda: model.load_weights(tmp_path / "x.weights.h5"), "weights"),
    ):
        with pytest.raises(ValueError, match="runs outside the graph") as error:
            act()
        assert done in str(error.value) and "\n" not in str(error.value)
    assert model.multiply_adds(48, 64) == {"key": None, "non_key": None}


@pytest.mark.parametrize(
    "function, message",
    [
        (lambda x: x[..., 0] // 20, "gave the label"),
        (lambda x: x[..., 0].astype("int32") - 1, "gave the label -1"),
    ],
)
def test_wrong_labels(function, message):
    model = per_frame(function, num_classes=3)
    frame = np.arange(48 * 64 * 3).reshape(1, 48, 64, 3) % 256
    with pytest.raises(ValueError, match=message):
        accel_tf.VideoStream(model)(frame.astype("uint8"))


def test_wrong_scores():
    def no_numbers(images):
        scores = images.astype("float32")
        return np.where(scores == 255, np.nan, scores)

    stream = accel_tf.VideoStream(per_frame(no_numbers))
    with pytest.raises(ValueError, match="are no numbers"):
        stream(np.full((1, 8, 8, 3), 255, "uint8"))


# === Mistakes ===


def two_inputs():
    inputs = [keras.Input((None, None, 3)) for _ in range(2)]
    return keras.Model(inputs, layers.Add()(inputs))


def one_vector():
    image = keras.Input((None, None, 3))
    return keras.Model(image, layers.GlobalAveragePooling2D()(image))


def grey():
    image = keras.Input((None, None, 1))
    return keras.Model(image, layers.Conv2D(3, 1)(image))


@pytest.mark.parametrize(
    "make, options, message",
    [
        (two_inputs, {}, r"must take images \[B, H, W, 3\]"),
        (one_vector, {}, r"must give scores \[B, h, w, classes\]"),
        (grey, {}, r"must take images \[B, H, W, 3\]"),
        (small_network, {"num_classes": 4}, "has 5 classes, not 4"),
        (
            small_network,
            {"label_map": accel_tf.LabelMap(["a"], [(0, 0, 0)])},
            "label map names 1 classes, the model has 5",
        ),
        (small_network, {"output_stride": 8}, "gives scores at stride 4"),
        (small_network, {"multiple_of": 6}, "multiple of the stride 4"),
        (small_network, {"scale": 1, "std": 2}, "scale or std, not both"),
        (small_network, {"mean": (1, 2)}, "mean must be a number or three"),
        (small_network, {"channel_order": "gbr"}, "must be 'rgb' or 'bgr'"),
        (small_network, {"output": "x"}, "one output, and none named 'x'"),
        (small_network, {"size": 64}, r"size must be \(height, width\)"),
        (NETWORKS["one_size"], {"size": (64, 64)}, r"not of \[64, 64\]"),
        (lambda: bands, {}, "say how many classes"),
        (lambda: lambda x: x[0], {}, r"must give labels \[B, H, W\]"),
        (lambda: "missing.keras", {}, "no model file missing.keras"),
        (lambda: 3, {}, "must be a keras.Model, a path or a function"),
    ],
)
def test_mistakes_end_in_one_line(make, options, message):
    with pytest.raises((ValueError, OSError), match=message) as error:
        per_frame(make(), **options)
    assert "\n" not in str(error.value)


def test_a_segmenter_is_one_already():
    with pytest.raises(ValueError, match="VideoSegmenter already"):
        per_frame(per_frame(small_network()))


def test_ops_are_not_left_changed():
    """Programs for any size put Keras' layers back as they were."""
    call = layers.UpSampling2D.call, layers.Layer.__call__
    model = per_frame(small_unet())
    model.multiply_adds(48, 64)
    accel_tf.VideoStream(model)(scenes()[:, 0])
    assert (layers.UpSampling2D.call, layers.Layer.__call__) == call
    assert ops.shape(model.network(np.zeros((1, 8, 8, 3))))[1] == 8
