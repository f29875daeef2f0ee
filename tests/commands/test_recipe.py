"""`accel-tf recipe`."""

import pytest
from recipe_scripts import load_script

from accel_tf.commands import main


def test_without_a_name_all_are_listed(capsys):
    assert main(["recipe"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split(" ")[0] for line in lines]
    assert "benchmark_accel" in names and "speed_tables" not in names
    at = names.index("train_dff")
    assert lines[at].endswith(
        "Trains Deep Feature Flow end to end, through the warp."
    )
    assert lines[at + 1].startswith("  dff_101_cityscapes  ")


def test_options_are_the_recipe_s(monkeypatch, capsys):
    given = []
    script = load_script("evaluate")
    monkeypatch.setattr(script, "main", given.extend)
    rest = ["a=accel_tiny", "--data", "none", "--help"]
    assert main(["recipe", "evaluate", *rest]) == 0
    assert given == rest
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "no recipe 'train'; there are compare_cuts, "),
        (["train_flow"], "the following arguments are required: CONFIG"),
        (["train_dff", "x"], "no config 'x': give a Python file or one of dff"),
        (["benchmark_segment", "--rounds", "0"], "argument --rounds: must be"),
    ],
)
def test_mistakes_end_in_one_line(capsys, arguments, message):
    assert main(["recipe", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("accel-tf: ") and message in line
