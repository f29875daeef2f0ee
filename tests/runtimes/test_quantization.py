"""Layers that hurt stay in float32, and what int8 changes is told."""

import dataclasses
import json

import numpy as np
import pytest

from accel_tf.runtimes import int8_trial
from accel_tf.runtimes.agreement import Agreement
from accel_tf.runtimes.calibration import Calibration
from accel_tf.runtimes.int8_report import Int8Report, LayerReport, ReportFile
from accel_tf.runtimes.layers import Layer, carries_products
from accel_tf.runtimes.programs import Program, SizePrograms
from accel_tf.runtimes.quantization import Int8Options, Quantization
from accel_tf.runtimes.steps import Kind, Tensor

# Part of the power that a layer's noise has, by name.
NOISE = {"first": 0.0004, "middle": 0.0001, "last": 0.0004}
LAYERS = [
    Layer("first", "Convolution", 1_000_000, 10),
    Layer("middle", "Convolution", 8_000_000, 10),
    Layer("last", "Convolution", 1_000_000, 10),
]
SIZE = (20, 50)
FRAMES = [np.zeros((*SIZE, 3), np.uint8)] * 10


@dataclasses.dataclass
class Content:
    """A program whose labels differ as the root of the noise of its layers.

    Attributes:
        whole: names of the layers in int8.
        asked: what is kept, for each time that it was made int8.
        powers: whether it gives those instead of labels.
    """

    whole: tuple = ()
    asked: list = dataclasses.field(default_factory=list)
    powers: bool = False

    def products(self):
        return LAYERS

    def quantized(self):
        return [layer for layer in LAYERS if layer.name in self.whole]

    def quantize(self, feeds, kept):
        assert len(feeds) == 10
        assert feeds[0]["frame"].shape == (1, *SIZE, 3)
        self.asked.append(sorted(kept))
        return Content(tuple(set(NOISE) - set(kept)))

    def comparison(self, whole, names, output):
        assert sorted(names) == sorted(whole.whole) and output == "powers"
        return Content(tuple(names), powers=True)

    def compile(self, inputs, outputs, threads):
        if self.powers:
            rows = [[2.0, 2 * NOISE[name]] for name in self.whole]
            return lambda arrays: [np.array(rows, np.float32)]
        labels = np.zeros((1, *SIZE), np.uint8)
        noise = sum(NOISE[name] for name in self.whole)
        labels.ravel()[: round(1000 * noise**0.5)] = 1
        return lambda arrays: [labels]


def int8(**options):
    """`(quantization, what was kept, reports)`."""
    content, reports = Content(), []
    inputs = [Tensor("frame", (1, *SIZE, 3), "uint8")]
    outputs = [Tensor("labels", (1, *SIZE), "uint8")]
    exact = SizePrograms(
        False,
        {},
        {"key": 10, "non_key": 10},
        lambda kind: Program(kind, inputs, outputs, (), content),
    )
    made = Quantization(
        exact,
        lambda: Calibration(exact, FRAMES, *SIZE),
        Int8Options(FRAMES, 5, on_report=reports.append, **options),
        ["road", "car", "sky"],
        "model for a runtime",
    )
    return made, content.asked, reports


def key(made):
    return made.program(Kind(True))


# === Layers that are kept ===


def test_as_it_comes(capsys):
    made, asked, _ = int8()
    program = key(made)
    assert asked == [[]]
    assert sorted(program.content.whole) == sorted(NOISE)
    # The root of .0009.
    assert made.agreement == pytest.approx(0.97)
    assert "int8 20x50 keeps 97.00% of the labels" in capsys.readouterr().err


def test_cheap_layers_with_much_noise_are_kept_first():
    made, asked, reports = int8(min_agreement=0.985)
    kept = key(made)
    # A quarter of the noise has to be left, and a bit is spared.
    assert asked == [[], ["first", "last"]]
    assert kept.content.whole == ("middle",)
    assert made.agreement == pytest.approx(0.99)
    (report,) = reports
    assert report.kept_layers == 2
    assert report.kept_share == pytest.approx(0.2)
    assert [row.precision for row in report.layers] == [
        "float32",
        "int8",
        "float32",
    ]
    assert report.layers[0].decibels == pytest.approx(33.98, abs=0.01)


def test_an_agreement_out_of_reach(monkeypatch):
    made, asked, reports = int8(min_agreement=0.999)
    with pytest.raises(ValueError, match="keeps 99.00% .* not 99.90%") as error:
        key(made)
    assert "20% of the multiply-adds in float32" in str(error.value)
    assert "\n" not in str(error.value)
    # The last try is what is told of.
    assert asked[-1] == ["first", "last"]
    assert not reports
    monkeypatch.setattr(int8_trial, "MOST_KEPT", 1)
    made, asked, reports = int8(min_agreement=0.999)
    assert key(made).content.whole == ()
    assert made.agreement == 1


# === What is told ===


def test_agreement_of_classes():
    found = Agreement(4)
    found.add("key", np.uint8([[0, 0, 1, 1]]), np.uint8([[0, 0, 0, 3]]))
    found.add("nonkey", np.uint8([[0, 1]]), np.uint8([[0, 1]]))
    assert found.share == pytest.approx(4 / 6)
    assert (found.of_step("key"), found.of_step("nonkey")) == (0.5, 1)
    rows = found.classes(["road", "car", "sky", "bus"])
    assert [row["name"] for row in rows] == ["road", "car", "bus"]
    assert [row["agreement"] for row in rows] == [1, pytest.approx(1 / 3), None]
    assert rows[0]["int8_share"] == pytest.approx(4 / 6)


def report(**changes):
    return Int8Report(
        **{
            "name": "accel_tiny for openvino",
            "size": "20x50",
            "frames": 10,
            "interval": 5,
            "min_agreement": None,
            "agreement": 0.97,
            "by_step": {"key": 0.98, "nonkey": 0.9675},
            "classes": [
                {
                    "name": "rider",
                    "share": 0.03,
                    "int8_share": 0.0,
                    "agreement": 0.0,
                },
                {
                    "name": "road",
                    "share": 0.97,
                    "int8_share": 1.0,
                    "agreement": 1.0,
                },
            ],
            "kept_share": 0.0,
            "kept_layers": 0,
            "layers": [
                LayerReport("key", "conv1", "Conv", 0.9, 0.001, "int8"),
                LayerReport("key", "resize", "MatMul", 0.1, None, "float32"),
            ],
            **changes,
        }
    )


def test_a_class_that_vanishes_is_seen():
    text = " ".join(report().text().split())
    assert "rider, 0.0% of its pixels" in text
    assert "rider 3.000% 0.000% 0.00%" in text
    assert "key conv1 Conv 90.0% 30.0 int8" in text
    assert "key resize MatMul 10.0% - float32" in text
    kept = report(kept_layers=2, kept_share=0.125).summary()
    assert "2 layers with 12.5% of the multiply-adds are kept" in kept


def test_a_report_as_a_file(tmp_path):
    path = tmp_path / "report.json"
    write = ReportFile(path)
    write(report())
    write(report(size="40x100"))
    first, second = json.loads(path.read_text())
    assert (first["size"], second["size"]) == ("20x50", "40x100")
    assert first["layers"][0]["signal_to_noise_decibels"] == pytest.approx(30)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        ReportFile(tmp_path / "nowhere" / "report.json")


# === What is never int8 ===


def test_what_is_made_of_products_alone():
    graph = {
        "frame": ("source", []),
        "conv": ("product", ["frame"]),
        "sample": ("source", ["conv"]),
        "weight": ("other", ["conv"]),
        "weighted": ("weighted", ["sample", "weight"]),
        "warped": ("other", ["weighted", "weighted"]),
        "residual": ("other", ["warped", "conv"]),
        "gate": ("weighted", ["residual", "weight"]),
    }
    found = carries_products(graph, graph.__getitem__)
    assert found == {"conv", "weight", "residual", "gate"}
