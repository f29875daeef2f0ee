"""What all verbs have in common."""

import pathlib
import subprocess
import sys

import pytest

import accel_tf
from accel_tf import commands


def failing(monkeypatch, error):
    """A verb's arguments, which end in an error."""

    def run(arguments):
        raise error

    monkeypatch.setattr("accel_tf.commands.demo.run", run)
    return ["demo"]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fly"],
        ["models", "--size", "0x4"],
        ["segment", "a", "--alpha", "b"],
    ],
)
def test_bad_flags_exit_with_2(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main(argv)
    assert stop.value.code == 2
    assert "usage: accel-tf" in capsys.readouterr().err


@pytest.mark.parametrize("verb", commands.VERBS)
def test_help_has_an_example(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main([verb, "--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert f"Example: accel-tf {verb} " in printed
    assert "--quiet" in printed


@pytest.mark.parametrize("verb", commands.VERBS)
def test_the_example_is_one(verb):
    (example,) = [
        line
        for line in _epilog(verb).split("Example: accel-tf ")
        if line.startswith(verb)
    ]
    words = example.partition(" > ")[0].split()
    assert commands.make_parser({verb}).parse_args(words).verb == verb


def _epilog(verb):
    (verbs,) = (
        action
        for action in commands.make_parser({verb})._actions
        if action.dest == "verb"
    )
    return verbs.choices[verb].epilog


def test_every_verb_is_listed():
    folder = pathlib.Path(commands.__file__).parent
    verbs = {
        path.stem.replace("_", "-")
        for path in folder.glob("*.py")
        if "\nEXAMPLE = " in path.read_text()
    }
    assert verbs == set(commands.VERBS)


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        commands.main(["--version"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert printed == f"accel-tf {accel_tf.__version__}\n"


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ValueError("wrong\n  size"), 2, "accel-tf: wrong size\n"),
        (OSError("no such file"), 2, "accel-tf: no such file\n"),
        (ImportError("av is missing"), 2, "accel-tf: av is missing\n"),
        (KeyboardInterrupt(), 130, "accel-tf: interrupted\n"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--quiet"]])
def test_mistakes_end_in_one_line(
    error, status, line, options, monkeypatch, capsys
):
    argv = [*options, *failing(monkeypatch, error)]
    assert commands.main(argv) == status
    assert capsys.readouterr() == ("", line)


def test_bash_completes_verbs_options_and_files(tmp_path, capsys):
    pytest.importorskip("shtab")
    assert commands.main(["completion", "bash"]) == 0
    script = tmp_path / "accel-tf.bash"
    script.write_text(capsys.readouterr().out)
    (tmp_path / "weights.keras").touch()

    def completed(*words):
        program = (
            'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
            '_shtab_accel_tf accel-tf "${@: -1}"; echo "${COMPREPLY[@]}"'
        )
        return subprocess.run(
            ["bash", "-c", program, "bash", script, "accel-tf", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()

    assert completed("seg") == ["segment"]
    assert completed("segment", "--out") == ["--output", "--output-dir"]
    assert completed("segment", "--runtime", "op") == ["openvino"]
    assert completed("segment", "--weights", "we") == ["weights.keras"]


def test_completion_names_the_package_that_it_needs(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert commands.main(["completion", "bash"]) == 2
    error = capsys.readouterr().err
    assert 'pip install "accel-tf[completion]"' in error
