"""Trainings that build on each other: parts first, then what they make."""

import hashlib
import json
import pathlib
import shutil

from accel_tf.checkpoints import load_checkpoint
from accel_tf.data.builders import prepared_builder
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.sequences import frame_size
from accel_tf.files import read_json, write_text
from accel_tf.messages import tell
from accel_tf.models.flownet import FlowNetwork
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.models.presets import from_preset
from accel_tf.models.propagation import Propagated
from accel_tf.models.resnet.imagenet_start import load_imagenet_start
from accel_tf.training.epoch_lines import EpochLines
from accel_tf.training.recipe import (
    new_flow_network,
    train_flow_network,
    train_segmenter,
)
from accel_tf.training.settings import as_dict, differences

REFERENCE, FLOW, UPDATE, FUSION = "reference", "flow", "update", "fusion"
_FINISHED, _INPUTS = "finished.json", "inputs.json"


def stage_names(model):
    """The stages in which a model is trained.

    Args:
        model: a `VideoSegmenter`.

    Returns:
        A tuple of names: a per-frame model is trained at once, as
        `REFERENCE`; one along the optical flow in its parts and then, as
        `FUSION`, as a whole.

    Raises:
        ValueError: if it is neither.
    """
    if hasattr(model, "flow_network"):
        has_update = hasattr(model, "update_segmenter")
        return (REFERENCE, FLOW, *((UPDATE,) if has_update else ()), FUSION)
    if model.initial_state(1, 64, 64):
        raise ValueError(
            f"{model.name} is neither a per-frame model nor one along the "
            "optical flow; `accel-tf recipe` lists how others are trained"
        )
    return (REFERENCE,)


class Stages:
    """Trains stage after stage, and goes on where it was stopped.

    Every stage has a folder, its config's `out`, with what
    `train_segmenter` leaves in it. A finished stage is not run again unless
    its config has more steps. The last stage starts anew when a part that it
    is made of has changed.

    Args:
        preset: name of the model, as for `from_preset`.
        configs: dict of stage -> config, in the order of `stage_names`. A
            stage of 0 steps leaves its start as it is. `config.model` names
            the stage's file; that of the flow and of the last stage is the
            preset's.
        start: called with the stage and its network, gives it its first
            weights and returns a line about them; `None` for those of a new
            one.
        reference: function of the label map that makes another per-frame
            model to use as the reference, and a line about it; `None` for the
            preset's.
    """

    def __init__(self, preset, configs, start=None, reference=None):
        self.preset = preset
        self.configs = configs
        self._first_weights = start
        self._given = reference

    def run(self):
        """Trains what is not trained yet.

        Returns:
            The path of the whole model's best file.

        Raises:
            ValueError, OSError: as `train_segmenter`.
        """
        for stage in self.configs:
            self._run(stage)
        return self.best(list(self.configs)[-1])

    def best(self, stage):
        """Path of the best model of a stage; the last without validation."""
        config = self.configs[stage]
        best = pathlib.Path(config.out) / "best.keras"
        return (
            best if best.exists() else best.with_name(f"{config.model}.keras")
        )

    def _run(self, stage):
        config = self.configs[stage]
        folder = pathlib.Path(config.out)
        if stage == FUSION:
            self._forget_if_parts_changed(folder)
        marker = folder / _FINISHED
        if marker.exists():
            stored = read_json(marker)
            if not differences(config, stored):
                tell(f"{stage:<9} finished before, in {folder}")
                return
        if not config.steps:
            self._keep_start(stage)
        elif stage == FLOW:
            lines = EpochLines(stage, config.steps, "flow error")
            train_flow_network(
                config,
                lines=lines,
                start=lambda network: self._start(stage, network),
            )
        else:
            train_segmenter(
                config,
                lambda config, label_map: self._build(stage, label_map),
                lines=EpochLines(stage, config.steps),
            )
        write_text(marker, json.dumps(as_dict(config), indent=1) + "\n")

    def _start(self, stage, network):
        if self._first_weights is not None:
            self._tell_start(stage, self._first_weights(stage, network))

    def _tell_start(self, stage, text):
        state = pathlib.Path(self.configs[stage].out) / "state"
        if list(state.glob("epoch_*.weights.h5")):
            text = "goes on after the last epoch that was finished"
        tell(f"{stage:<9} {text}")

    # === The networks ===

    def _build(self, stage, label_map):
        config = self.configs[stage]
        if stage == FUSION:
            return self._whole(label_map)
        if stage == REFERENCE and self._given is not None:
            network, text = self._given(label_map)
            self._tell_start(stage, text)
            return network
        model = network = self._new(config, label_map)
        if stage == UPDATE:
            network = model.update_segmenter(config.model)
        elif hasattr(model, "flow_network"):
            network = model.reference_segmenter(config.model)
        if config.weights:
            tell(
                str(
                    load_checkpoint(
                        network, *config.weights, skip_last=config.skip_last
                    )
                )
            )
        else:
            self._start(stage, network)
        if config.imagenet:
            tell(str(load_imagenet_start(network.backbone, config.imagenet)))
        return network

    def _new(self, config, label_map):
        return from_preset(
            self.preset,
            num_classes=len(label_map),
            label_map=label_map,
            dtype=config.precision,
        )

    def _whole(self, label_map):
        """The whole model, of the parts that were trained."""
        config = self.configs[FUSION]
        reference = load_keras_model(self.best(REFERENCE))
        flow = load_keras_model(self.best(FLOW), FlowNetwork)
        update = None
        if UPDATE in self.configs:
            update = load_keras_model(self.best(UPDATE))
        new = self._new(config, label_map)
        if layout(new.reference_segmenter()) != layout(reference):
            return Propagated(reference, flow, update, name=config.model)
        parts = {"reference": reference, "flow_network": flow}
        if update is not None:
            parts["update"] = update
        model = type(new).from_parts(
            **parts, name=config.model, dtype=config.precision
        )
        if config.fusion_start != "model":
            from accel_tf.models.accel.fusion_start import reset_fusion

            reset_fusion(model, config.fusion_start)
        return model

    def _keep_start(self, stage):
        config = self.configs[stage]
        builder = prepared_builder(config.data, config.data_dir)
        pathlib.Path(config.out).mkdir(parents=True, exist_ok=True)
        if stage == FLOW:
            network = new_flow_network(config)
            self._start(stage, network)
        else:
            network = self._build(stage, label_map_of(builder))
            network.trained_size = frame_size(builder, config.split)
        path = pathlib.Path(config.out) / f"{config.model}.keras"
        save_model(network, path)
        tell(f"{stage:<9} kept as it is")

    # === What a stage was made of ===

    def _forget_if_parts_changed(self, folder):
        """Its state holds the weights of the parts as they were."""
        now = {
            stage: hashlib.sha256(self.best(stage).read_bytes()).hexdigest()
            for stage in self.configs
            if stage != FUSION
        }
        path = folder / _INPUTS
        if path.exists() and read_json(path) != now:
            tell(f"{FUSION:<9} starts anew: its parts have changed")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(now, indent=1) + "\n")


def layout(model):
    """Whatever must be equal for a model's weights to fit another."""
    shapes = [tuple(weight.shape) for weight in model.weights]
    return type(model), model.output_stride, shapes
