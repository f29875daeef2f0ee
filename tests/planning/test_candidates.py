import types

import pytest
from small_models import small_deeplab

from accel_tf.models.per_frame.hub import hub_presets_at_hand
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.planning import candidates
from accel_tf.planning.candidates import ModelName, Variant, command
from accel_tf.planning.windows import read_sample


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("accel_tiny", ("accel_tiny", (), None)),
        ("accel_18=a.h5", ("accel_18", ("a.h5",), None)),
        ("a=b.params=c.params", ("a", ("b.params", "c.params"), None)),
        ("deeplab_18=a.h5+dis", ("deeplab_18", ("a.h5",), "dis")),
        ("hub:x+dis:fast:2", ("hub:x", (), "dis:fast:2")),
    ],
)
def test_names(text, parsed):
    name = ModelName.parse(text)
    assert (name.model, name.weights, name.flow) == parsed
    assert name.text == text


def test_a_preset_without_weights_is_refused():
    with pytest.raises(ValueError, match="accel_18 has no weights; give acc"):
        ModelName.parse("accel_18+small")


def test_a_path_may_have_the_sign_of_weights(tmp_path):
    path = tmp_path / "rate=0.1.keras"
    path.touch()
    assert ModelName.parse(str(path)).model == str(path)


@pytest.mark.parametrize(
    ("one", "interval", "words"),
    [
        (Variant(ModelName("a", "a")), 5, "--model a --interval 5"),
        (
            Variant(ModelName("a", "a", ("w",)), "openvino", "int8", (4, 8)),
            None,
            "--model a --weights w --runtime openvino --threads 2 "
            "--precision int8 --calibrate 'my drive.mp4' --size 4x8",
        ),
        (
            Variant(ModelName("a+dis", "a", flow="dis"), size="full"),
            2,
            "--model a --propagate dis --interval 2 --size full",
        ),
        # On every frame there is nothing to propagate.
        (Variant(ModelName("a+dis", "a", flow="dis")), 1, "--model a"),
        (
            Variant(ModelName("d", "d"), "litert", "float16", is_saved=True),
            3,
            "--model d --interval 3 --threads 2",
        ),
    ],
)
def test_command_lines(one, interval, words):
    line = command(one, interval, "my drive.mp4", "out.mp4", threads=2)
    assert line == (f"accel-tf segment 'my drive.mp4' {words} --output out.mp4")


@pytest.mark.parametrize(
    ("runtimes", "precisions", "message"),
    [
        (["tf"], ["float32"], "no runtime 'tf'; the runtimes are tensorflow, "),
        (["tensorflow"], ["float8"], "no precision 'float8'; the precisions"),
        (["tensorflow"], ["int8"], "none of the runtimes tensorflow has the "),
    ],
)
def test_runtimes_that_are_none(runtimes, precisions, message):
    with pytest.raises(ValueError, match=message):
        candidates.check_runtimes(runtimes, precisions)


def test_what_is_not_installed_is_not_tried(monkeypatch):
    def missing():
        raise ImportError("openvino is not installed")

    monkeypatch.setitem(
        candidates.RUNTIMES,
        "openvino",
        types.SimpleNamespace(require_runtime=missing),
    )
    assert "openvino" not in candidates.installed_runtimes()
    told = candidates.missing_runtimes()["openvino"]
    assert told == "openvino is not installed"


def test_weights_of_the_hub_that_were_fetched(tmp_path, monkeypatch):
    pytest.importorskip("kagglehub")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    name = "segformer_b0_cityscapes_1024"
    folder = tmp_path / f"models/keras/segformer/keras/{name}/3"
    folder.mkdir(parents=True)
    assert hub_presets_at_hand() == []
    (folder / "model.weights.h5").touch()
    assert hub_presets_at_hand() == [f"hub:{name}"]
    assert f"hub:{name}+dis" in candidates.default_models()


@pytest.mark.parametrize("source", ["0", "-", "rtsp://camera/1"])
def test_what_cannot_be_read_again_is_refused(source):
    with pytest.raises(ValueError, match="cannot be read again and again"):
        read_sample(source, 5)


class Unfused(VideoSegmenter):
    """One that no form is registered for."""

    uses_key_frames = False


def test_bfloat16_for_those_that_have_it():
    models = {
        ModelName("tiny", "tiny"): small_deeplab(),
        ModelName("odd", "odd"): Unfused(2, name="odd"),
    }
    plain, lower = candidates.forms(models, in_bfloat16=True)
    assert [name.text for name in lower] == ["tiny"]
    assert candidates.forms(models)[1] == {}
    variants, reasons = candidates.make_variants(
        plain, ["tensorflow"], ["float32", "bfloat16"], [None], lower
    )
    assert [x.title for x in variants] == [
        "tiny, tensorflow",
        "tiny, tensorflow bfloat16",
        "odd, tensorflow",
    ]
    (reason,) = reasons.values()
    assert reason == "odd has no form for inference in bfloat16."
    others, reasons = candidates.make_variants(
        plain, ["openvino", "litert"], ["bfloat16"], [None], lower
    )
    assert [x.title for x in others] == ["tiny, openvino bfloat16"]
    assert [x.title for x in reasons] == ["odd, openvino bfloat16"]
    assert "--precision bfloat16" in command(variants[1], None, "a", "b")
