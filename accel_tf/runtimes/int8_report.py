"""What int8 changes, layer by layer and class by class."""

import dataclasses
import json
import math
import pathlib

from accel_tf.benchmark.report import text_table
from accel_tf.files import write_text


@dataclasses.dataclass(frozen=True)
class LayerReport:
    """A layer of a program beside float32.

    Attributes:
        program: name of the kind of step.
        name: of the layer.
        kind: its type in the runtime.
        share: of the program's multiply-adds.
        noise: power of what int8 makes differ, as a part of the power of
            what float32 gives; the layer is given float32's numbers. `None`
            for layers that never were int8.
        precision: `"int8"` or `"float32"`.
    """

    program: str
    name: str
    kind: str
    share: float
    noise: float | None
    precision: str

    @property
    def decibels(self):
        """Signal-to-quantization-noise ratio; `None` where it has none."""
        if not self.noise or not math.isfinite(self.noise):
            return None
        return -10 * math.log10(self.noise)


@dataclasses.dataclass(frozen=True)
class Int8Report:
    """Programs of one size in int8 beside those in float32.

    Attributes:
        name: of the model and its runtime.
        size: of the frames, as text.
        frames: that were compared; they are run as streams.
        interval: from one key frame to the next.
        min_agreement: that was asked for; `None` for none.
        agreement: share of the pixels whose label is float32's.
        by_step: dict of the name of a kind of step -> the same.
        classes: as of `Agreement.classes`.
        kept_share: of the multiply-adds of all frames, those kept in float32
            for the sake of the agreement.
        kept_layers: their number, in all programs.
        layers: list of `LayerReport`; empty unless asked for.
    """

    name: str
    size: str
    frames: int
    interval: int
    min_agreement: float | None
    agreement: float
    by_step: dict
    classes: list
    kept_share: float
    kept_layers: int
    layers: list

    def summary(self):
        """One line: what is equal, and which class has lost most."""
        line = (
            f"int8 {self.size} keeps {self.agreement:.2%} of the labels of "
            f"float32 on {self.frames} frames"
        )
        known = [row for row in self.classes if row["agreement"] is not None]
        least = min(known, key=lambda row: row["agreement"])
        line += (
            f" (least: {least['name']}, {least['agreement']:.1%} of its pixels)"
        )
        if self.kept_layers:
            line += (
                f"; {self.kept_layers} layers with {self.kept_share:.1%} of "
                "the multiply-adds are kept in float32"
            )
        return f"{line}."

    def to_dict(self):
        """Of plain JSON types."""
        layers = [
            {
                **dataclasses.asdict(layer),
                "signal_to_noise_decibels": layer.decibels,
            }
            for layer in self.layers
        ]
        return {**dataclasses.asdict(self), "layers": layers}

    def text(self):
        """Tables for a terminal: steps, classes, layers."""
        steps = [[name, f"{x:.3%}"] for name, x in self.by_step.items()]
        steps.append(["all", f"{self.agreement:.3%}"])
        classes = [
            [
                row["name"],
                f"{row['share']:.3%}",
                f"{row['int8_share']:.3%}",
                "-" if row["agreement"] is None else f"{row['agreement']:.2%}",
            ]
            for row in self.classes
        ]
        layers = [
            [
                layer.program,
                layer.name,
                layer.kind,
                f"{layer.share:.1%}",
                "-" if layer.decibels is None else f"{layer.decibels:.1f}",
                layer.precision,
            ]
            for layer in self.layers
        ]
        tables = [
            text_table(["frames", "labels as in float32"], steps),
            text_table(
                ["class", "of float32", "of int8", "kept of it"], classes
            ),
            text_table(
                ["program", "layer", "kind", "of its GMAC", "dB", "in"], layers
            ),
        ]
        head = f"{self.name}, {self.summary()}"
        return "\n\n".join([head, *tables])


class ReportFile:
    """Takes an `Int8Report` for each size and writes or prints them.

    Args:
        path: JSON file, a list of what `to_dict` gives; `None` for tables on
            the standard output.

    Raises:
        FileNotFoundError: if its folder does not exist.
    """

    def __init__(self, path=None):
        if path is not None:
            folder = pathlib.Path(path).absolute().parent
            if not folder.is_dir():
                raise FileNotFoundError(f"no such folder: {folder}.")
        self._path = path
        self._reports = []

    def __call__(self, report):
        if self._path is None:
            print(report.text(), flush=True)
            return
        self._reports.append(report.to_dict())
        write_text(self._path, json.dumps(self._reports, indent=1) + "\n")
