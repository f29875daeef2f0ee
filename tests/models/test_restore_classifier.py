"""A clip classifier from files, and what is said of wrong ones."""

import numpy as np
import pytest
from torch_checkpoints import official, refused, write_checkpoint

import accel_tf
from accel_tf import commands
from accel_tf.models import presets
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.restore import restore_model
from accel_tf.models.restore_classifier import restore_classifier
from accel_tf.models.vov3d import VoV3DBackbone, vov3d_presets
from accel_tf.models.x3d import BackboneClassifier, X3DBackbone, architecture

TINY = {"frames": 4, "crop_size": 32, "hidden": 8}


def _x3d(num_classes, **arguments):
    backbone = X3DBackbone((1, 1, 1, 1), 4, 8, name="backbone")
    return BackboneClassifier(backbone, num_classes, **{**TINY, **arguments})


def _vov3d(num_classes, **arguments):
    backbone = VoV3DBackbone((1, 1, 1, 1), 8, 1, name="backbone")
    return BackboneClassifier(backbone, num_classes, **{**TINY, **arguments})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Of small networks under presets' names, for five classes."""
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        for name, construct in (("x3d_m", _x3d), ("vov3d_m", _vov3d)):
            patch.setitem(presets._PRESETS, name, ("", construct))
        model = presets.from_preset("x3d_m", 5, class_names=tuple("abcde"))
        model.save(folder / "model.keras")
        model.save_weights(folder / "model.weights.h5")
        write_checkpoint(folder / "x3d.pth", official(model), epoch=3)
        yield folder


@pytest.mark.parametrize(
    "name, file, known",
    [
        ("x3d_m", "x3d.pth", "class 0"),
        ("x3d_m", "model.weights.h5", "class 0"),
        ("x3d_m", "model.keras", "a"),
        (None, "model.keras", "a"),
    ],
)
def test_the_file_says_how_many_classes(name, file, known, files):
    model, message = restore_classifier(name, [files / file])
    assert model.num_classes == 5 and model.class_names[0] == known
    assert message.startswith("x3d_m")


def test_names_may_be_given(files):
    arguments = str(files / "model.keras"), [], None, tuple("vwxyz")
    assert restore_classifier(*arguments)[0].class_names == tuple("vwxyz")
    names = ["wave", "jump"]
    model, message = restore_classifier("x3d_m", ["random"], None, names)
    assert model.class_names == ("wave", "jump")
    assert "random" in message


def test_further_arguments_are_the_presets(files):
    model, _ = restore_classifier("x3d_m", ["random"], frames=8)
    assert (model.num_classes, model.frames) == (400, 8)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((None,), "which classifier is it"),
        (("x3d_n", ["random"]), "no preset 'x3d_n'"),
        (("accel_18", ["random"]), "accel-tf segment"),
        (("x3d_m",), "x3d_m has no weights"),
        (("vov3d_m", ["model.keras"]), "holds x3d_m, not vov3d_m"),
        (("model.keras", ["random"]), "leave out --weights"),
        (("model.keras", [], 7), "is for 5 classes, not 7"),
        (("model.keras", [], None, "abc"), "3 class names .* 5 classes"),
        (("model.keras", [], None, None, 8), "has frames=4, not 8"),
        (("x3d_m", ["x3d.pth"], None, "abc"), "3 class names .* 5 classes"),
        (("x3d_m", ["x3d.pth"], 7), "for 5 classes, not 7"),
        (("x3d_m", ["model.weights.h5"], 7), "for 5 classes"),
        (("x3d_m", ["none.pth"]), "no weights file none.pth"),
    ],
)
def test_what_does_not_fit(arguments, message, files, monkeypatch):
    monkeypatch.chdir(files)
    with pytest.raises((ValueError, OSError), match=message) as raised:
        more = {"frames": arguments[4]} if len(arguments) > 4 else {}
        restore_classifier(*arguments[:4], **more)
    assert "\n" not in str(raised.value)


def test_a_file_of_a_relative_is_named(files, monkeypatch):
    model = _vov3d(5, name="vov3d_m")
    line = refused(model, files / "x3d.pth")
    assert "those of a network that no preset has (1-1-1-1 blocks, " in line
    known = architecture.Architecture((1, 1, 1, 1), 4, 8)
    monkeypatch.setitem(architecture.NAMES, known, "x3d_xs")
    line = refused(model, files / "x3d.pth")
    assert "vov3d_m with 5 classes but those of x3d_xs (1-1-1-1 blocks" in line
    assert "not 1-1-1-1 blocks of 1 units, width 4 and 8): " in line
    assert "tensors missing" in line


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
    for arguments in ((path,), ("x3d_m", [files / "x3d.pth"])):
        with pytest.raises(ValueError, match="accel-tf classify"):
            restore_model(*arguments)
    model = accel_tf.load_model(files / "x3d.pth", "x3d_m")
    assert isinstance(model, ClipClassifier)


def test_the_step_of_published_weights(monkeypatch):
    """Their classes tell it: those of Kinetics, those of Something."""
    backbone = VoV3DBackbone((1, 1, 1, 1), 8, 1, name="backbone")
    monkeypatch.setattr(
        vov3d_presets, "VoV3DBackbone", lambda *_, **__: backbone
    )

    def step(name, classes, **arguments):
        return presets.from_preset(name, classes, **arguments).frame_step

    assert step("vov3d_l", 400) == 5
    assert step("vov3d_l", 174) is None
    assert step("vov3d_l", 5) == step("vov3d_tiny", 400) == "unknown"
    assert step("vov3d_l", 400, frame_step=2) == 2


def test_convert(files, tmp_path, capsys):
    output = tmp_path / "out.weights.h5"
    argv = ["convert", "--model", "x3d_m", str(files / "x3d.pth")]
    assert commands.main([*argv, "--output", str(output)]) == 0
    assert "tensors loaded from 1 file" in capsys.readouterr().out
    model, _ = restore_classifier("x3d_m", [output])
    expected, _ = restore_classifier("x3d_m", [files / "x3d.pth"])
    for one, other in zip(
        model.get_weights(), expected.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
