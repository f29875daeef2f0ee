"""Programs in int8 of which some layers are kept in float32."""

import dataclasses

import numpy as np
import tqdm

from accel_tf.messages import one_line
from accel_tf.runtimes.int8_report import Int8Report, LayerReport
from accel_tf.runtimes.model import compile_program
from accel_tf.runtimes.programs import SizePrograms
from accel_tf.runtimes.steps import Tensor

MOST_KEPT = 0.5
"""Share of the multiply-adds above which float32 layers leave int8 no use."""
# Frames of a program on which its layers are compared.
_COMPARED = 3
# The noise of all layers is brought a bit lower than what seems to do.
_MARGIN = 0.9


class Trial:
    """Makes them, compares them and keeps more layers.

    The error of a layer is noise. That of all layers adds up by its power,
    and as labels change where two scores are nearer than the noise is high,
    their number goes with its root. So much is assumed for the choice of
    layers; what they do together is measured.

    Args:
        exact: `SizePrograms` in float32.
        calibration: their `Calibration`.
        num_classes: of the labels.

    Attributes:
        calibration: as given.
        kept: dict of `Kind` -> set of the names of layers in float32.
        programs: dict of `Kind` -> `Program` in int8.
        found: `Agreement` of these programs, run as streams.
    """

    def __init__(self, exact, calibration, num_classes):
        self.calibration = calibration
        self._exact = exact
        self._num_classes = num_classes
        self._layers = {
            kind: exact.program(kind).content.products()
            for kind in calibration.inputs
        }
        # Of all frames; one rather than none, to divide by.
        self._multiply_adds = max(
            1,
            sum(
                len(inputs) * layer.multiply_adds
                for kind, inputs in calibration.inputs.items()
                for layer in self._layers[kind]
            ),
        )
        self.kept = {kind: set() for kind in calibration.inputs}
        self.programs = {}
        self._quantize(self.kept)
        self._first = dict(self.programs)
        self._noise = None

    def keep_more(self, wanted):
        """Keeps more layers in float32, those that hurt most first.

        Args:
            wanted: share of equal labels that is to be reached.

        Returns:
            Whether there were any that the limit has room for.
        """
        if self._noise is None:
            self._noise = self._errors_in_labels()
        missing = (1 - wanted) / max(1 - self.found.share, 1e-9)
        left = {
            key: each
            for key, each in self._noise.items()
            if key[1].name not in self.kept[key[0]]
        }
        total = sum(left.values())
        most = total * _MARGIN * missing**2
        share, changed = self.kept_share(), {}
        for kind, layer in sorted(
            left, key=lambda key: left[key] / self._cost(*key), reverse=True
        ):
            if changed and total <= most:
                break
            part = len(self.calibration.inputs[kind]) * layer.multiply_adds
            part /= self._multiply_adds
            if share + part > MOST_KEPT:
                continue
            share += part
            total -= left[kind, layer]
            changed.setdefault(kind, set()).add(layer.name)
        for kind, names in changed.items():
            self.kept[kind] |= names
        self._quantize(changed)
        return bool(changed)

    def kept_share(self):
        """Of the multiply-adds of all frames, those kept in float32."""
        count = sum(
            len(inputs) * layer.multiply_adds
            for kind, inputs in self.calibration.inputs.items()
            for layer in self._layers[kind]
            if layer.name in self.kept[kind]
        )
        return count / self._multiply_adds

    def report(self, name, class_names, wanted, with_layers):
        """The `Int8Report`.

        Args:
            name: of the model and its runtime.
            class_names: of the labels.
            wanted: share of equal labels that was asked for, or `None`.
            with_layers: whether layers are compared, too.
        """
        kinds = self.calibration.inputs if with_layers else ()
        return Int8Report(
            name=name,
            size=self.calibration.size,
            frames=len(self.calibration),
            interval=self.calibration.interval,
            min_agreement=wanted,
            agreement=self.found.share,
            by_step={
                step: self.found.of_step(step) for step in self.found.by_step
            },
            classes=self.found.classes(class_names),
            kept_share=self.kept_share(),
            kept_layers=sum(map(len, self.kept.values())),
            layers=[row for kind in kinds for row in self._rows(kind)],
        )

    def _quantize(self, kinds):
        for kind in kinds:
            program = self._exact.program(kind)
            feeds = [
                {
                    tensor.name: array
                    for tensor, array in zip(
                        program.inputs, arrays, strict=True
                    )
                }
                for arrays in self.calibration.inputs[kind]
            ]
            what = f"int8 {self.calibration.size}, {kind}: {len(feeds)} frames"
            if self.kept[kind]:
                what += f", {len(self.kept[kind])} layers in float32"
            with tqdm.tqdm(total=1, desc=what, bar_format="{desc} [{elapsed}]"):
                content = _quantized(program, feeds, self.kept[kind])
            self.programs[kind] = dataclasses.replace(program, content=content)
        self.found = self._agreement()

    def _agreement(self, apart=False):
        programs = SizePrograms(
            self._exact.uses_key_frames,
            self._exact.initial_state,
            self._exact.multiply_adds,
            self.programs.__getitem__,
        )
        return self.calibration.agreement(programs, self._num_classes, apart)

    def _cost(self, kind, layer):
        return len(self.calibration.inputs[kind]) * layer.cost

    def _errors_in_labels(self):
        """dict of `(kind, layer)` -> its part in what labels differ.

        The square of how many differ where a program starts from float32's
        state, divided among its layers by their noise.
        """
        apart = self._agreement(apart=True)
        parts = {}
        for kind, inputs in self.calibration.inputs.items():
            layers = self.programs[kind].content.quantized()
            noise = self._noise_of(kind, [layer.name for layer in layers])
            weight = len(inputs) * (1 - apart.of_step(str(kind))) ** 2
            total = sum(noise.values()) or 1
            for layer in layers:
                parts[kind, layer] = weight * noise[layer.name] / total
        return parts

    def _noise_of(self, kind, names):
        """dict of a layer's name -> noise's part of its power."""
        if not names:
            return {}
        program = self._exact.program(kind)
        output = Tensor("powers", (len(names), 2), "float32")
        compared = dataclasses.replace(
            program,
            outputs=[output],
            content=program.content.comparison(
                self._first[kind].content, names, output.name
            ),
        )
        run = compile_program(compared, None, f"of the layers of {kind}")
        inputs = self.calibration.inputs[kind]
        step = max(1, len(inputs) // _COMPARED)
        powers = sum(
            np.array(run(arrays)[0], np.float64)
            for arrays in inputs[::step][:_COMPARED]
        )
        ratios = powers[:, 1] / np.maximum(powers[:, 0], 1e-30)
        return dict(zip(names, map(float, ratios), strict=True))

    def _rows(self, kind):
        quantized = self._first[kind].content.quantized()
        noise = self._noise_of(kind, [layer.name for layer in quantized])
        layers = {layer.name: layer for layer in self._layers[kind]}
        layers |= {layer.name: layer for layer in quantized}
        count = sum(layer.multiply_adds for layer in layers.values())
        now = {each.name for each in self.programs[kind].content.quantized()}
        return [
            LayerReport(
                program=str(kind),
                name=layer.name,
                kind=layer.kind,
                share=layer.multiply_adds / count if count else 0.0,
                noise=noise.get(layer.name),
                precision="int8" if layer.name in now else "float32",
            )
            for layer in layers.values()
        ]


def _quantized(program, feeds, kept):
    try:
        return program.content.quantize(feeds, kept)
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(
            f"the program {program.kind} cannot be made int8: "
            f"{one_line(error, 300)}"
        ) from error
