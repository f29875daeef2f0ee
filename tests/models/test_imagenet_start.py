"""ImageNet starts, against the preprocessing and layers they were made for."""

import h5py
import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import layers
from small_models import (
    small_flow_network,
    small_pre_activation_resnet,
    small_resnet_v1,
)

from accel_tf.models.resnet import subtract_mean
from accel_tf.models.resnet.imagenet_start import load_imagenet_start


def photo(height=192, width=192):
    rng = np.random.default_rng(0)
    small = rng.uniform(0, 256, (1, height // 8, width // 8, 3))
    large = np.kron(small, np.ones((1, 8, 8, 1)))
    return np.clip(large + rng.normal(0, 8, large.shape), 0, 255).astype(
        "uint8"
    )


def up_to(backbone, *names):
    """The outputs of some layers, as numpy arrays, for a raw image."""
    outputs = {name: backbone.get_layer(name).output for name in names}
    model = keras.Model(backbone.input, outputs)

    def run(image):
        values = model(subtract_mean(image))
        return [to_numpy(values[name]) for name in names]

    return run


# === keras.applications ===


def keras_classifier(blocks=(1, 1, 1, 1), filters=(4, 6, 8, 8), stem=8):
    """The layers of `keras.applications.ResNet50`, fewer and narrower."""

    def normal(x, name):
        return layers.BatchNormalization(epsilon=1.001e-5, name=name)(x)

    image = keras.Input((None, None, 3))
    x = layers.ZeroPadding2D(3)(image)
    x = layers.Conv2D(stem, 7, strides=2, name="conv1_conv")(x)
    x = layers.ReLU()(normal(x, "conv1_bn"))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for stage, (units, width) in enumerate(
        zip(blocks, filters, strict=True), start=2
    ):
        for unit in range(1, units + 1):
            name = f"conv{stage}_block{unit}"
            stride = 2 if unit == 1 and stage > 2 else 1
            shortcut = x
            for part, (size, out) in enumerate(
                ((1, 4 * width), (1, width), (3, width), (1, 4 * width))
            ):
                if part == 0 and unit > 1:
                    continue
                y = layers.Conv2D(
                    out,
                    size,
                    strides=stride if part < 2 else 1,
                    padding="same",
                    name=f"{name}_{part}_conv",
                )(x)
                y = normal(y, f"{name}_{part}_bn")
                if part == 0:
                    shortcut = y
                else:
                    x = layers.ReLU()(y) if part < 3 else y
            x = layers.ReLU(name=f"{name}_out")(x + shortcut)
    model = keras.Model(image, x, name="resnet")
    rng = np.random.default_rng(1)
    for variable in model.weights:
        value = 0.3 * rng.standard_normal(variable.shape)
        if variable.name == "moving_variance":
            value = np.exp(value) * (2e4 if "conv1_bn" in variable.path else 1)
        elif variable.name == "gamma":
            value = np.exp(value)
        variable.assign(value.astype("float32"))
    return model


def write_hdf5(model, path):
    """As the published files: a group a layer, names with `:0`."""
    with h5py.File(path, "w") as file:
        for layer in model.layers:
            for variable in layer.weights:
                name = f"{layer.name}/{layer.name}/{variable.name}:0"
                file[name] = to_numpy(variable)
        file["predictions/predictions/kernel:0"] = np.zeros((2, 3))
    return path


def test_the_classifier_of_keras_is_the_same_function(tmp_path):
    classifier = keras_classifier()
    backbone = small_resnet_v1()
    report = load_imagenet_start(
        backbone, write_hdf5(classifier, tmp_path / "resnet.h5")
    )
    image = photo()
    reversed_mean = np.array([103.939, 116.779, 123.68], "float32")
    # The first pooling starts one pixel, two of the image, later here.
    seen = image[:, 2:, 2:, ::-1].astype("float32") - reversed_mean
    names = ("conv1_bn", "conv4_block1_0_bn", "conv4_block1_3_bn")
    outputs = [classifier.get_layer(name).output for name in names]
    expected = [
        to_numpy(x) for x in keras.Model(classifier.input, outputs)(seen)
    ]
    actual = up_to(backbone, "bn_conv1", "bn4_1_branch1", "bn4_1_branch2c")(
        image
    )
    actual[0] = actual[0][:, 1:, 1:]
    for one, other, border in zip(actual, expected, (4, 3, 3), strict=True):
        size = min(one.shape[1], other.shape[1]) - border
        one, other = (x[:, border:size, border:size] for x in (one, other))
        assert one.size and np.abs(other).max() > 0.5
        np.testing.assert_allclose(one, other, atol=2e-4)
    offset = backbone.get_layer("res5_1_branch2b_offset")
    assert report.left == (offset.kernel.path, offset.bias.path)
    assert len(report.loaded) == len(backbone.weights) - 2
    assert not to_numpy(offset.kernel).any()
    kernel = classifier.get_layer("conv5_block1_2_conv").kernel
    np.testing.assert_array_equal(
        to_numpy(backbone.get_layer("res5_1_branch2b").kernel), to_numpy(kernel)
    )
    assert str(report).startswith("85 tensors loaded from ")
    assert "2 keep their values" in str(report)


def test_whole_models_of_keras_are_read(tmp_path):
    classifier = keras_classifier()
    path = tmp_path / "model.h5"
    classifier.save(path)
    backbone = small_resnet_v1()
    load_imagenet_start(backbone, path)
    np.testing.assert_array_equal(
        to_numpy(backbone.get_layer("res3_1_branch2b").kernel),
        to_numpy(classifier.get_layer("conv3_block1_2_conv").kernel),
    )


# === torchvision ===


def torch_tensors(
    blocks=(1, 1, 1, 1), filters=(4, 6, 8, 8), stem=8, basic=False
):
    """A state dict under torchvision's names; `basic` is ResNet-18's."""
    rng = np.random.default_rng(2)
    tensors = {}

    def unit(convolution, normalisation, out, width, size):
        shape = (out, width, size, size)
        tensors[f"{convolution}.weight"] = rng.standard_normal(shape)
        for name in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{normalisation}.{name}"] = rng.uniform(0.5, 1.5, out)
        tensors[f"{normalisation}.num_batches_tracked"] = np.array(7)

    unit("conv1", "bn1", stem, 3, 7)
    width = stem
    for stage, (units, middle) in enumerate(
        zip(blocks, filters, strict=True), start=1
    ):
        out = middle if basic else 4 * middle
        for index in range(units):
            name = f"layer{stage}.{index}"
            parts = [(middle, width, 3), (out, middle, 3)]
            if not basic:
                parts = [
                    (middle, width, 1),
                    (middle, middle, 3),
                    (out, middle, 1),
                ]
            for part, shape in enumerate(parts, start=1):
                unit(f"{name}.conv{part}", f"{name}.bn{part}", *shape)
            if index == 0 and (width != out or stage > 1):
                unit(
                    f"{name}.downsample.0",
                    f"{name}.downsample.1",
                    out,
                    width,
                    1,
                )
            width = out
    tensors["fc.weight"] = rng.standard_normal((10, width))
    return {
        name: value.astype("float32") if value.ndim else value
        for name, value in tensors.items()
    }


@pytest.fixture
def as_file(monkeypatch, tmp_path):
    """Gives tensors as if `torch.save` had written them to a file."""
    path = tmp_path / "resnet.pth"
    path.write_bytes(b"")

    def make(tensors):
        module = "accel_tf.models.resnet.imagenet_start"
        monkeypatch.setattr(f"{module}.is_torch_file", lambda _: True)
        monkeypatch.setattr(f"{module}.read_torch_file", lambda _: tensors)
        return path

    return make


def test_the_first_layers_see_torchvisions_image(as_file):
    tensors = torch_tensors()
    backbone = small_resnet_v1()
    load_imagenet_start(backbone, as_file(tensors))
    image = photo(64, 64)
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    seen = (image / 255 - mean) / deviation
    kernel = tensors["conv1.weight"].transpose(2, 3, 1, 0).astype("float64")
    windows = np.lib.stride_tricks.sliding_window_view(seen[0], (7, 7), (0, 1))
    # Away from the border: window 1 starts at pixel 1, ours 2 at 2 * 2 - 3.
    expected = np.einsum("hwcyx,yxco->hwo", windows[1::2, 1::2], kernel)
    expected = (expected - tensors["bn1.running_mean"]) / np.sqrt(
        tensors["bn1.running_var"] + 1e-5
    )
    expected = expected * tensors["bn1.weight"] + tensors["bn1.bias"]
    (actual,) = up_to(backbone, "bn_conv1")(image)
    actual = actual[0, 2 : 2 + len(expected), 2 : 2 + len(expected)]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, atol=1e-5 * scale)


def test_torchvision_names_of_a_bottleneck_network(as_file):
    tensors = torch_tensors()
    backbone = small_resnet_v1()
    wrapped = {"state_dict": {f"module.{n}": v for n, v in tensors.items()}}
    report = load_imagenet_start(backbone, as_file(wrapped))
    assert len(report.loaded) == len(backbone.weights) - 2
    pairs = {
        "res2_1_branch1": "layer1.0.downsample.0",
        "res3_1_branch2a": "layer2.0.conv1",
        "res4_1_branch2b": "layer3.0.conv2",
        "res5_1_branch2b": "layer4.0.conv2",
        "res5_1_branch2c": "layer4.0.conv3",
    }
    for ours, theirs in pairs.items():
        np.testing.assert_array_equal(
            to_numpy(backbone.get_layer(ours).kernel),
            tensors[f"{theirs}.weight"].transpose(2, 3, 1, 0),
        )
    layer = backbone.get_layer("bn4_1_branch1")
    for ours, theirs in (
        (layer.gamma, "weight"),
        (layer.beta, "bias"),
        (layer.moving_mean, "running_mean"),
        (layer.moving_variance, "running_var"),
    ):
        np.testing.assert_array_equal(
            to_numpy(ours), tensors[f"layer3.0.downsample.1.{theirs}"]
        )


def test_torchvision_names_of_a_basic_network(as_file):
    tensors = torch_tensors(filters=(8, 6, 8, 8), basic=True)
    backbone = small_pre_activation_resnet()
    backbone = type(backbone).from_config(
        {**backbone.get_config(), "filters": (8, 6, 8, 8)}
    )
    before = {v.path: to_numpy(v) for v in backbone.weights}
    report = load_imagenet_start(backbone, as_file(tensors))
    pairs = {
        "conv0": "conv1",
        "stage1_unit1_conv1": "layer1.0.conv1",
        "stage2_unit1_sc": "layer2.0.downsample.0",
        "stage3_unit1_conv2": "layer3.0.conv2",
        "res5_1_branch1": "layer4.0.downsample.0",
        "res5_1_branch2a": "layer4.0.conv1",
        "res5_1_branch2b": "layer4.0.conv2",
    }
    for ours, theirs in pairs.items():
        np.testing.assert_array_equal(
            to_numpy(backbone.get_layer(ours).kernel),
            tensors[f"{theirs}.weight"].transpose(2, 3, 1, 0),
        )
    image = photo(32, 32)
    (seen,) = up_to(backbone, "bn_data")(image)
    expected = (image / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(seen, expected, atol=1e-4)
    for variable in backbone.weights:
        if variable.path in report.left:
            np.testing.assert_array_equal(
                to_numpy(variable), before[variable.path]
            )
    left = {path.split("/")[-2] for path in report.left}
    assert {"stage1_unit1_sc", "feat_upsampling", "bn0"} <= left
    assert not left & set(pairs)
    assert len(report.left) + len(report.loaded) == len(backbone.weights)


# === Files that do not fit ===


def refused(backbone, path):
    before = [to_numpy(v) for v in backbone.weights]
    with pytest.raises(ValueError) as caught:
        load_imagenet_start(backbone, path)
    for variable, value in zip(backbone.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(variable), value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_other_networks_are_refused(as_file, tmp_path):
    backbone = small_resnet_v1()
    deeper = torch_tensors(blocks=(1, 1, 2, 1))
    assert "(1, 1, 2, 1) units" in refused(backbone, as_file(deeper))
    wider = torch_tensors(filters=(4, 6, 8, 9))
    message = refused(backbone, as_file(wider))
    assert "res5_1_branch2a/kernel" in message and "(1, 1, 32, 9)" in message
    basic = torch_tensors(basic=True)
    assert "has no layer1.0.conv3" in refused(backbone, as_file(basic))
    assert "units" in refused(backbone, as_file({"epoch": 3}))
    assert "no state dict" in refused(backbone, as_file([1]))
    bottleneck = torch_tensors()
    light = small_pre_activation_resnet()
    assert "of another shape" in refused(light, as_file(bottleneck))

    classifier = keras_classifier(blocks=(1, 2, 1, 1))
    path = write_hdf5(classifier, tmp_path / "deeper.h5")
    assert "(1, 2, 1, 1) units" in refused(backbone, path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"text")
    assert "is no ImageNet start" in refused(small_resnet_v1(), path)
    path = write_hdf5(keras_classifier(), tmp_path / "resnet.h5")
    light = small_pre_activation_resnet()
    assert "is no ImageNet start" in refused(light, path)
    assert "FlowNetS has no ImageNet start" in refused(
        small_flow_network(), path
    )
    path.write_bytes(path.read_bytes()[:3000])
    assert "damaged" in refused(small_resnet_v1(), path)
    with pytest.raises(FileNotFoundError, match="no weights file"):
        load_imagenet_start(light, tmp_path / "missing.pth")
