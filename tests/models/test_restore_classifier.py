"""A clip classifier from files, and what is said of wrong ones."""

import numpy as np
import pytest
from backend import to_numpy
from clip_models import tiny_classifier
from torch_checkpoints import official, refused, write_checkpoint

from accel_tf import commands
from accel_tf.models import presets
from accel_tf.models.restore import restore_model
from accel_tf.models.restore_classifier import restore_classifier
from accel_tf.models.x3d import architecture


def _vov3d(num_classes, **arguments):
    return tiny_classifier(num_classes, **arguments)


def _x3d(num_classes, **arguments):
    return tiny_classifier(num_classes, "x3d", **arguments)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Of small networks under presets' names: `vov3d_m` has five classes."""
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        for name, construct in (("vov3d_m", _vov3d), ("x3d_m", _x3d)):
            patch.setitem(presets._PRESETS, name, ("", construct))
        model = presets.from_preset("vov3d_m", 5, class_names=tuple("abcde"))
        model.save(folder / "model.keras")
        model.save_weights(folder / "model.weights.h5")
        write_checkpoint(folder / "vov3d.pth", official(model), epoch=3)
        write_checkpoint(
            folder / "x3d.pth", official(presets.from_preset("x3d_m", 5))
        )
        yield folder


@pytest.mark.parametrize(
    "name, file",
    [
        ("vov3d_m", "vov3d.pth"),
        ("vov3d_m", "model.weights.h5"),
        ("vov3d_m", "model.keras"),
        (None, "model.keras"),
    ],
)
def test_the_file_says_how_many_classes(name, file, files):
    model, message = restore_classifier(name, [files / file])
    assert model.num_classes == 5
    assert message.startswith("vov3d_m")
    named = tuple("vwxyz")
    model, _ = restore_classifier(name, [files / file], class_names=named)
    assert model.class_names == named


def test_a_model_of_a_file_has_its_names(files):
    model, _ = restore_classifier(str(files / "model.keras"))
    assert model.class_names == tuple("abcde")


def test_random_weights_have_as_many_classes_as_there_are_names():
    names = ["wave", "jump"]
    model, message = restore_classifier("vov3d_m", ["random"], None, names)
    assert model.class_names == ("wave", "jump")
    assert "random" in message
    model, _ = restore_classifier("vov3d_m", ["random"], frames=8)
    assert (model.num_classes, model.frames) == (400, 8)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((None,), "which classifier is it"),
        (("vov3d_n", ["random"]), "no preset 'vov3d_n'"),
        (("accel_18", ["random"]), "accel-tf segment"),
        (("vov3d_m",), "vov3d_m has no weights"),
        (("x3d_m", ["model.keras"]), "holds vov3d_m, not x3d_m"),
        (("model.keras", ["random"]), "leave out --weights"),
        (("model.keras", [], 7), "is for 5 classes, not 7"),
        (("model.keras", [], None, "abc"), "3 class names .* 5 classes"),
        (("vov3d_m", ["vov3d.pth"], None, "abc"), "3 class names .* 5 classes"),
        (("vov3d_m", ["vov3d.pth"], 7), "for 5 classes, not 7"),
        (("vov3d_m", ["model.weights.h5"], 7), "for 5 classes"),
        (("vov3d_m", ["none.pth"]), "no weights file none.pth"),
    ],
)
def test_what_does_not_fit(arguments, message, files, monkeypatch):
    monkeypatch.chdir(files)
    with pytest.raises((ValueError, OSError), match=message) as raised:
        restore_classifier(*arguments)
    assert "\n" not in str(raised.value)


def test_a_file_of_a_relative_is_named(files, monkeypatch):
    model = _vov3d(5, name="vov3d_m")
    line = refused(model, files / "x3d.pth")
    assert "those of a network that no preset has: 1-1-1-2 blocks" in line
    known = architecture.Architecture((1, 1, 1, 2), 4, 8)
    monkeypatch.setitem(architecture.NAMES, known, "x3d_xs")
    line = refused(model, files / "x3d.pth")
    assert "with 5 classes, but those of x3d_xs: 1-1-1-2 blocks" in line
    assert "this one has 1-1-1-1 blocks of 2 units" in line


@pytest.mark.parametrize(
    "name, blocks, stem, inner, units",
    [
        ("vov3d_m", (1, 2, 3, 2), 20, 40, 5),
        ("vov3d_l", (1, 2, 5, 3), 24, 48, 5),
        ("vov3d_m_v1", (1, 1, 2, 2), 24, 48, 4),
        ("x3d_m", (3, 5, 11, 7), 24, 54, 0),
        ("x3d_l", (5, 10, 25, 15), 24, 54, 0),
    ],
)
def test_published_files_are_known_by_content(name, blocks, stem, inner, units):
    shapes = {"s1.pathway0_stem.conv_xy.weight": (stem, 3, 1, 3, 3)}
    for stage, count in enumerate(blocks, 2):
        for index in range(count):
            block = f"s{stage}.pathway0_res{index}.branch2"
            wide = (inner * 2 ** (stage - 2), 8, 1, 1, 1)
            shapes[f"{block}.a.weight"] = wide
            for unit in range(units):
                shapes[f"{block}.layers.{unit}.a.0.weight"] = wide
    assert architecture.NAMES[architecture.architecture_of(shapes)] == name


def test_foreign_tensors_are_of_no_known_network():
    assert architecture.architecture_of({"conv1.weight": (64, 3, 7, 7)}) is None


# === The verbs for the one and the other ===


def test_a_classifier_segments_nothing(files):
    path = str(files / "model.keras")
    for arguments in ((path,), (None, [path])):
        with pytest.raises(ValueError, match="accel-tf classify"):
            restore_model(*arguments)
    with pytest.raises(ValueError, match="accel-tf classify"):
        restore_model("vov3d_m", [files / "vov3d.pth"])


def test_convert(files, tmp_path, capsys):
    output = tmp_path / "out.weights.h5"
    argv = ["convert", "--model", "vov3d_m", str(files / "vov3d.pth")]
    assert commands.main([*argv, "--output", str(output)]) == 0
    assert "tensors loaded from 1 file" in capsys.readouterr().out
    model, _ = restore_classifier("vov3d_m", [output])
    expected, _ = restore_classifier("vov3d_m", [files / "vov3d.pth"])
    clip = np.zeros((1, 2, 32, 32, 3), "uint8")
    np.testing.assert_array_equal(
        to_numpy(model(clip)), to_numpy(expected(clip))
    )
    argv = ["convert", str(files / "model.keras"), "--output", str(output)]
    assert commands.main(argv) == 0
