"""The order of stages and going on; training itself is stood in for."""

import dataclasses
import pathlib

import pytest
from small_models import small_accel, small_deeplab, small_tdnet

from accel_tf.training import stages as stages_module
from accel_tf.training.configs import FlowConfig, SegmentationConfig
from accel_tf.training.epoch_lines import EpochLines
from accel_tf.training.stages import Stages, stage_names


def test_stages_of_models():
    assert stage_names(small_deeplab()) == ("reference",)
    names = ("reference", "flow", "update", "fusion")
    assert stage_names(small_accel()) == names
    without = small_accel().without_update()
    assert stage_names(without) == ("reference", "flow", "fusion")
    with pytest.raises(ValueError, match="`accel-tf recipe` lists how others"):
        stage_names(small_tdnet(2))


@pytest.fixture
def trained(monkeypatch):
    """Names of the stages that were trained, as they are."""
    names = []

    def train(config, *_, **__):
        out = pathlib.Path(config.out)
        out.mkdir(exist_ok=True)
        names.append(out.name)
        (out / f"{config.model}.keras").write_text(f"{out.name} {config.steps}")

    monkeypatch.setattr(stages_module, "train_segmenter", train)
    monkeypatch.setattr(stages_module, "train_flow_network", train)
    return names


@pytest.fixture
def configs(tmp_path):
    common = {"data": "none", "batch_size": 1, "learning_rate": 0.1}
    configs = {}
    for stage in ("reference", "flow", "update", "fusion"):
        kind = FlowConfig if stage == "flow" else SegmentationConfig
        configs[stage] = kind(
            **common, model="m", out=str(tmp_path / stage), steps=4
        )
    return configs


def test_finished_stages_are_not_run_again(trained, configs, tmp_path):
    path = Stages("m", configs).run()
    assert trained == list(configs) and path == tmp_path / "fusion" / "m.keras"
    trained.clear()
    Stages("m", configs).run()
    assert trained == []
    # One was stopped before its end.
    (tmp_path / "update" / "finished.json").unlink()
    Stages("m", configs).run()
    assert trained == ["update"]


def test_more_steps_go_on_and_the_fusion_takes_the_new_parts(
    trained, configs, tmp_path, capsys
):
    Stages("m", configs).run()
    trained.clear()
    state = tmp_path / "fusion" / "state"
    state.mkdir()
    longer = dataclasses.replace(configs["reference"], steps=8)
    Stages("m", {**configs, "reference": longer}).run()
    assert trained == ["reference", "fusion"] and not state.exists()
    assert (
        "fusion    starts anew: its parts have chan" in capsys.readouterr().out
    )
    best = tmp_path / "fusion" / "best.keras"
    best.write_text("")
    assert Stages("m", configs).best("fusion") == best


def test_a_line_for_each_epoch(capsys):
    lines = EpochLines("update", 40)
    first = {"loss": 1.5, "validation_mean_iou": 0.5, "seconds": 30.0}
    lines([first], 10)
    lines([first, {**first, "loss": 2, "validation_mean_iou": 0.25}], 20)
    lines([{"loss": 0.1234, "seconds": 7200.0}], 40)
    assert capsys.readouterr().out.splitlines() == [
        "update       10/40 steps  loss 1.500  mean IoU 50.0% (best 50.0%)  "
        "30 s  about 2 min left",
        "update       20/40 steps  loss 2.000  mean IoU 25.0% (best 50.0%)  "
        "60 s  about 60 s left",
        "update       40/40 steps  loss 0.123  2.0 h",
    ]
