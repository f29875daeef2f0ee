import argparse
import importlib.util

import pytest

import accel_tf.runtimes
from accel_tf.benchmark import compare
from accel_tf.benchmark.choices import RUNTIMES
from accel_tf.benchmark.compare import benchmark, make_systems
from accel_tf.benchmark.systems import System
from accel_tf.commands.benchmark import add_options
from accel_tf.commands.keywords import keywords


def parse(*argv, **defaults):
    parser = argparse.ArgumentParser()
    add_options(parser, **defaults)
    return keywords(parser.parse_args(argv))


def test_defaults():
    assert parse("--models", "accel_18") == {
        "models": ("accel_18",),
        "size": (512, 1024),
        "clip": (16, 224, 224),
        "interval": 5,
        "rounds": 5,
        "frames": None,
        "threads": 1,
        "forms": ("fused",),
        "runtimes": ("tensorflow",),
        "batches": (1,),
        "device": "cpu",
        "kernels": False,
        "profile": False,
        "json": None,
    }


def test_a_script_may_have_other_defaults():
    given = parse(models=("dff_101",), kernels=True, forms=("exact",))
    assert given["models"] == ("dff_101",)
    assert given["kernels"] is True
    assert given["forms"] == ("exact",)


def test_given():
    given = parse(
        *["--models", "accel_18,dff_101,accel_18", "--size", "64x128"],
        *["--batches", "1,4", "--clip", "8x112x128"],
        *["--runtimes", "tensorflow,openvino:int8", "--exact-graph"],
    )
    assert given["models"] == ("accel_18", "dff_101")
    assert given["size"] == (64, 128)
    assert given["clip"] == (8, 112, 128)
    assert given["runtimes"] == ("tensorflow", "openvino:int8")
    assert given["batches"] == (1, 4)
    assert given["forms"] == ("exact",)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "--models"),
        (["--models", "accel_18,"], "'accel_18,' are no names with a comma"),
        (["--size", "512"], "'512' is no size; give HEIGHTxWIDTH of 16"),
        (["--size", "8x512"], "'8x512' is no size"),
        (["--clip", "16x224"], "'16x224' is no clip; give FRAMESxHEIGHTx"),
        (["--rounds", "0"], "'0' is no whole number of 1 or more"),
        (["--batches", "1,0"], "'0' is no whole number of 1 or more"),
        (["--interval", "x"], "'x' is no whole number of 1 or more"),
        (["--device", "tpu"], "invalid choice: 'tpu'"),
        (["--exact-graph", "--forms", "fused"], "not allowed with"),
    ],
)
def test_mistakes(argv, message, capsys):
    with pytest.raises(SystemExit) as error:
        parse(*argv)
    assert error.value.code == 2
    assert message in capsys.readouterr().err


def test_every_model_in_every_form_and_runtime():
    systems = make_systems(
        ["accel_18", "dff_101"], ["fused", "exact"], ["tensorflow"]
    )
    assert systems == [
        System("accel_18", "fused"),
        System("dff_101", "fused"),
        System("accel_18", "exact"),
        System("dff_101", "exact"),
    ]


def test_every_batch():
    systems = make_systems(["accel_18"], batches=[1, 4])
    assert systems == [System("accel_18"), System("accel_18", batch=4)]
    assert "batch" not in systems[0].title
    assert systems[1].title.endswith("batch 4")


def test_backends_of_keras_run_the_model_and_others_convert_it():
    assert System("accel_18", "fused", "torch").backend == "torch"
    assert System("accel_18", "fused", "openvino").backend == "tensorflow"
    assert compare._runtime("jax:mixed_float16") == ("jax", "mixed_float16")
    assert compare._runtime("litert") == ("litert", "float32")


def test_runtimes_are_those_of_the_library():
    converted = {
        name: kind.precisions
        for name, kind in accel_tf.runtimes.RUNTIMES.items()
    }
    named = {
        name: precisions
        for name, precisions in RUNTIMES.items()
        if not System("", "", name).is_keras
    }
    assert named == converted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"models": ["accel_19"]}, "no preset 'accel_19'; did you mean"),
        ({"forms": ["fast"]}, "no form 'fast'; the forms are fused, exact"),
        ({"runtimes": ["tf"]}, "no runtime 'tf'; the runtimes are tensorflow"),
        (
            {"runtimes": ["litert:int8"]},
            "litert has no precision 'int8'; it has float32, float16",
        ),
        (
            {"runtimes": ["openvino:bfloat16"], "forms": ["exact"]},
            "only the fused form .* leave --forms exact out.$",
        ),
        ({"json": "nowhere/out.json"}, "no such folder: .*nowhere"),
    ],
)
def test_wrong_systems(settings, message, monkeypatch):
    monkeypatch.setattr(compare, "measure", None)
    with pytest.raises((ValueError, OSError), match=message) as error:
        benchmark(**{"models": ["accel_18"], **settings})
    assert "\n" not in str(error.value)


def test_converted_models_run_on_the_processor(monkeypatch):
    monkeypatch.setattr(compare, "_require", lambda system: None)
    message = "openvino runs on --device cpu only"
    with pytest.raises(ValueError, match=message):
        make_systems(["accel_18"], runtimes=["openvino"], device="gpu")


def test_converted_models_run_one_stream(monkeypatch):
    monkeypatch.setattr(compare, "_require", lambda system: None)
    with pytest.raises(ValueError, match="openvino runs one stream at a time"):
        make_systems(["accel_18"], runtimes=["openvino"], batches=[1, 4])


def test_a_missing_runtime_names_its_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(ImportError, match=r'pip install "accel-tf\[jax\]"'):
        make_systems(["accel_18"], runtimes=["jax"])
