"""`load_checkpoint`: official files, Keras' own, and files that do not fit."""

import functools

import keras
import numpy as np
import pytest
from backend import to_numpy
from small_models import (
    small_accel,
    small_deeplab,
    small_dff,
    small_feature_fusion_accel,
    small_light_deeplab,
)

import accel_tf
from accel_tf.checkpoints.mxnet import write_params

MODELS = {
    "deeplab": small_deeplab,
    "light_deeplab": functools.partial(small_light_deeplab, prefix="18_"),
    "dff": small_dff,
    "accel": functools.partial(
        small_accel, update_prefix="50_", update_head_prefix="curr_"
    ),
    "feature_fusion_accel": small_feature_fusion_accel,
}


@pytest.fixture(scope="module")
def models():
    """Each model once; the tests change weights, never the structure."""
    return {name: make() for name, make in MODELS.items()}


def official(model, seed=1):
    """All tensors of an official file for `model`, with random values."""
    rng = np.random.default_rng(seed)
    return {
        entry.names[0]: rng.uniform(0.5, 1.5, entry.shape).astype("float32")
        if entry.constant is None
        else entry.constant
        for entry in model.checkpoint_entries()
    }


def write(path, tensors, dtype="float32"):
    """An MXNet file, with the marks of parameters and of statistics."""
    write_params(
        path,
        {
            f"{'aux' if '_moving_' in name else 'arg'}:{name}": np.array(
                value, dtype
            )
            for name, value in tensors.items()
        },
    )
    return path


def weights(model):
    return [to_numpy(variable).copy() for variable in model.variables]


def assert_weights(model, expected):
    for variable, value in zip(model.variables, expected, strict=True):
        np.testing.assert_array_equal(to_numpy(variable), value, variable.path)


def assert_refused(model, *paths):
    """A `ValueError` of one line, and a model as it was; gives the line."""
    before = weights(model)
    with pytest.raises(ValueError) as error:
        accel_tf.load_checkpoint(model, *paths)
    line = str(error.value)
    assert "\n" not in line
    assert_weights(model, before)
    return line


# === Official files ===


@pytest.mark.parametrize("name", MODELS)
def test_entries_cover_every_variable_once(models, name):
    model = models[name]
    entries = model.checkpoint_entries()
    mapped = [id(e.variable) for e in entries if e.variable is not None]
    assert sorted(mapped) == sorted(id(v) for v in model.variables)
    names = [entry.names[0] for entry in entries]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", MODELS)
def test_official_file(models, name, tmp_path):
    model = models[name]
    tensors = official(model)
    path = write(tmp_path / "model-0000.params", tensors)
    report = accel_tf.load_checkpoint(model, path)
    assert report.files == (str(path),)
    assert set(report.loaded) == set(tensors)
    assert report.ignored == ()
    for entry in model.checkpoint_entries():
        if entry.variable is None:
            continue
        value = tensors[entry.names[0]]
        if value.ndim == 4:
            # (out, in, rows, columns); transposed: (in, out, rows, columns).
            value = np.moveaxis(value, (2, 3), (0, 1)).swapaxes(2, 3)
        np.testing.assert_array_equal(to_numpy(entry.variable), value)


def test_official_names_of_the_parts(models):
    names = set(official(models["accel"]))
    reference = "conv1_weight bn_conv1_moving_var res2a_branch1_weight"
    deformable = "res5a_branch2b_offset_bias bn5a_branch2b_gamma"
    head = "fc6_weight score_bias upsampling_weight"
    flow = "flow_conv1_weight conv6_1_bias Convolution5_weight"
    update = "50_conv0_weight 50_bn_data_beta 50_stage1_unit1_sc_weight"
    others = "50_feat_upsampling_weight curr_fc6_bias corr_weight corr_bias"
    for some in (reference, deformable, head, flow, update, others):
        assert set(some.split()) <= names
    assert "50_bn_data_gamma" not in names  # has no effect


def test_a_later_file_overrides_an_earlier_one(models, tmp_path):
    model, dff = models["feature_fusion_accel"], models["dff"]
    base = official(model, seed=2)
    assert set(official(dff)) < set(base)
    overlay = {
        name: value + 1.0
        for name, value in base.items()
        if name.startswith(("corr_", "bn_conv1_"))
    }
    del base["corr_weight"]
    paths = [
        write(tmp_path / "base.params", base),
        write(tmp_path / "accel.params", overlay),
    ]
    report = accel_tf.load_checkpoint(model, *paths)
    assert report.files == tuple(map(str, paths))
    assert report.ignored == ()
    layer = model.reference_backbone.get_layer("bn_conv1")
    for variable, name in (
        (layer.gamma, "bn_conv1_gamma"),
        (layer.moving_variance, "bn_conv1_moving_var"),
        (model.fusion.bias, "corr_bias"),
    ):
        np.testing.assert_array_equal(to_numpy(variable), overlay[name])
    kernel = model.reference_backbone.get_layer("conv1").kernel
    np.testing.assert_array_equal(
        to_numpy(kernel), base["conv1_weight"].transpose(2, 3, 1, 0)
    )
    accel_tf.load_checkpoint(model, *reversed(paths))
    np.testing.assert_array_equal(to_numpy(layer.gamma), base["bn_conv1_gamma"])


def test_names_of_the_training_symbol(models, tmp_path):
    """`X_test` in a file is `X`; what a model has no use for is reported."""
    model = models["deeplab"]
    tensors = official(model)
    expected = tensors["score_bias"]
    tensors["score_bias_test"] = tensors.pop("score_bias")
    tensors["rpn_conv_weight"] = np.ones((2, 2, 1, 1), "float32")
    tensors["upsampling_old_weight"] = np.ones(3, "float32")
    path = write(tmp_path / "model.params", tensors)
    report = accel_tf.load_checkpoint(model, path)
    assert set(report.ignored) == {"rpn_conv_weight", "upsampling_old_weight"}
    bias = model.head.get_layer("score").bias
    np.testing.assert_array_equal(to_numpy(bias), expected)


@pytest.mark.parametrize("prefix", ["18_", ""])
def test_a_part_in_its_own_file_or_in_a_larger_one(models, prefix, tmp_path):
    model = models["light_deeplab"]
    tensors = {
        prefix + name.removeprefix("18_"): value
        for name, value in official(model).items()
    }
    path = write(tmp_path / "model.params", tensors)
    assert set(accel_tf.load_checkpoint(model, path).loaded) == set(tensors)
    kernel = model.backbone.get_layer("conv0").kernel
    np.testing.assert_array_equal(
        to_numpy(kernel), tensors[f"{prefix}conv0_weight"].transpose(2, 3, 1, 0)
    )


def test_the_upsampling_kernel_may_be_left_out(models, tmp_path):
    tensors = official(models["deeplab"])
    del tensors["upsampling_weight"]
    path = write(tmp_path / "model.params", tensors)
    report = accel_tf.load_checkpoint(models["deeplab"], path)
    assert set(report.loaded) == set(tensors)


def test_half_precision_file(models, tmp_path):
    model = models["deeplab"]
    tensors = official(model)
    path = write(tmp_path / "model.params", tensors, "float16")
    accel_tf.load_checkpoint(model, path)
    kernel = model.head.get_layer("fc6").kernel
    assert keras.backend.standardize_dtype(kernel.dtype) == "float32"
    expected = tensors["fc6_weight"].astype("float16").transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(to_numpy(kernel), expected)


def test_report_in_words(models, tmp_path):
    tensors = official(models["deeplab"])
    path = write(tmp_path / "a.params", tensors)
    count = len(tensors)
    report = accel_tf.load_checkpoint(models["deeplab"], path)
    assert str(report) == f"{count} tensors loaded from 1 file"
    more = {f"other_{n}_weight": np.ones(1, "float32") for n in range(4)}
    overlay = write(tmp_path / "b.params", more)
    report = accel_tf.load_checkpoint(models["deeplab"], path, overlay)
    assert str(report) == (
        f"{count} tensors loaded from 2 files; 4 not used by this model "
        "(other_0_weight, other_1_weight, other_2_weight, ...)"
    )


# === Official files that do not fit ===


def test_missing_tensors_are_named(models, tmp_path):
    tensors = official(models["deeplab"])
    del tensors["fc6_bias"], tensors["bn_conv1_moving_mean"]
    path = write(tmp_path / "model.params", tensors)
    line = assert_refused(models["deeplab"], path)
    assert "2 tensors missing (bn_conv1_moving_mean, fc6_bias)" in line
    assert str(path) in line and models["deeplab"].name in line


@pytest.mark.parametrize(
    "name, other",
    [("deeplab", "light_deeplab"), ("dff", "deeplab"), ("accel", "dff")],
)
def test_official_file_of_another_model(models, name, other, tmp_path):
    path = write(tmp_path / "model.params", official(models[other]))
    assert "tensors missing" in assert_refused(models[name], path)


def test_tensors_of_another_shape_are_named(models, tmp_path):
    path = write(tmp_path / "model.params", official(small_deeplab(7)))
    line = assert_refused(models["deeplab"], path)
    assert "with 5 classes" in line and "3 of another shape" in line
    assert "score_bias is (7,), not (5,)" in line


def test_upsampling_must_be_the_bilinear_one(models, tmp_path):
    tensors = official(models["deeplab"])
    tensors["upsampling_weight"] = tensors["upsampling_weight"] * 1.01
    path = write(tmp_path / "model.params", tensors)
    line = assert_refused(models["deeplab"], path)
    assert "upsampling_weight is not the fixed bilinear kernel" in line


# === Keras' own files ===


def save(model, path):
    if path.suffix == ".keras":
        model.save(path)
    else:
        model.save_weights(path)
    return path


@pytest.mark.parametrize("file", ["model.keras", "model.weights.h5"])
def test_keras_file(models, file, tmp_path):
    model = models["accel"]
    path = save(model, tmp_path / file)
    expected = weights(model)
    model.set_weights([np.zeros_like(value) for value in expected])
    report = accel_tf.load_checkpoint(model, path)
    assert_weights(model, expected)
    assert report.files == (str(path),)
    assert len(report.loaded) == len(model.variables)
    assert report.ignored == ()


OTHERS = [
    ("deeplab", "light_deeplab"),
    ("deeplab", "accel"),
    ("dff", "deeplab"),
    ("accel", "dff"),
    ("accel", "feature_fusion_accel"),
]


@pytest.mark.parametrize(
    "name, other, file",
    [
        *((*pair, "model.keras") for pair in OTHERS),
        (*OTHERS[0], "model.weights.h5"),
        *(
            pytest.param(*pair, "model.weights.h5", marks=pytest.mark.slow)
            for pair in OTHERS[1:]
        ),
    ],
)
def test_keras_file_of_another_model(models, name, other, file, tmp_path):
    path = save(models[other], tmp_path / file)
    line = assert_refused(models[name], path)
    assert f"does not hold the weights of {models[name].name}" in line


@pytest.mark.parametrize("file", ["model.keras", "model.weights.h5"])
def test_keras_file_of_other_classes(models, file, tmp_path):
    path = save(small_deeplab(7), tmp_path / file)
    line = assert_refused(models["deeplab"], path)
    assert line.endswith("with 5 classes: it holds those for 7 classes")


def test_keras_file_of_other_classes_and_a_fusion(models, tmp_path):
    path = save(small_accel(num_classes=7), tmp_path / "model.weights.h5")
    line = assert_refused(models["accel"], path)
    assert line.endswith("with 5 classes: it holds those for 7 classes")


def test_weights_onto_a_compiled_model(models, tmp_path):
    path = save(models["deeplab"], tmp_path / "model.weights.h5")
    model = small_deeplab()
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    accel_tf.load_checkpoint(model, path)
    assert_weights(model, weights(models["deeplab"]))
    # And the reverse: a file with the state of an optimizer.
    path = save(model, tmp_path / "compiled.weights.h5")
    accel_tf.load_checkpoint(models["deeplab"], path)
    assert_weights(models["deeplab"], weights(model))


@pytest.mark.parametrize("file", ["a.keras", "a.weights.h5", "a.params"])
def test_damaged_file(models, file, tmp_path):
    path = tmp_path / file
    if file == "a.params":
        write(path, official(models["deeplab"]))
    else:
        save(models["deeplab"], path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert str(path) in assert_refused(models["deeplab"], path)


# === Files of no use ===


@pytest.mark.parametrize("content", [b"", b"PNG", b"no weights " * 100])
def test_not_a_weights_file(models, content, tmp_path):
    path = tmp_path / "model.params"
    path.write_bytes(content)
    line = assert_refused(models["deeplab"], path)
    assert "is not a weights file" in line and ".params" in line


def test_a_file_by_another_name(models, tmp_path):
    path = save(models["deeplab"], tmp_path / "model.weights.h5")
    renamed = path.rename(tmp_path / "model.params")
    line = assert_refused(models["deeplab"], renamed)
    assert "is a .weights.h5 file by its content" in line


def test_missing_file(models, tmp_path):
    missing = tmp_path / "nothing.params"
    path = write(tmp_path / "model.params", official(models["deeplab"]))
    before = weights(models["deeplab"])
    for paths in ((missing,), (path, missing), (tmp_path,)):
        with pytest.raises(FileNotFoundError, match="no weights file") as error:
            accel_tf.load_checkpoint(models["deeplab"], *paths)
        assert str(paths[-1]) in str(error.value)
    assert_weights(models["deeplab"], before)


def test_only_official_files_can_be_laid_over_each_other(models, tmp_path):
    base = write(tmp_path / "model.params", official(models["deeplab"]))
    other = save(models["deeplab"], tmp_path / "model.weights.h5")
    line = assert_refused(models["deeplab"], base, other)
    assert "only MXNet .params files" in line and str(other) in line
