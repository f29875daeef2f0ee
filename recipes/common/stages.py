"""Trainings that are stages of a comparison."""

import pathlib
import subprocess
import sys

from accel_tf.files import read_json

RECIPES = pathlib.Path(__file__).resolve().parents[1]


def train(script, config, **settings):
    """Runs a training script in a process of its own.

    A stage that is finished is not run again, and one that was stopped goes
    on.

    Args:
        script: its name, without the ending.
        config: name of the file in `configs`, without the ending.
        **settings: that differ from the config's.

    Raises:
        ValueError: if the script failed; it has said why.
    """
    command = [sys.executable, RECIPES / f"{script}.py", config]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    print(f"\n{script} {config}", flush=True)
    if subprocess.run(command).returncode:
        raise ValueError(f"{script}.py {config} failed; see above")


def cost(folder, **labels):
    """What a finished training took, for the report.

    Args:
        folder: its `out`.
        **labels: that the row starts with.

    Returns:
        dict of the labels, `steps`, `batch_size` and `seconds`.
    """
    config = read_json(folder / "config.json")
    history = read_json(folder / "history.json")
    return {
        **labels,
        "steps": config["steps"],
        "batch_size": config["batch_size"],
        "seconds": round(sum(logs["seconds"] for logs in history)),
    }


def settings_of(texts, stages):
    """What a command line changes, by stage.

    Args:
        texts: list of `"STAGE.KEY=VALUE"`.
        stages: names of the stages.

    Returns:
        dict of stage -> dict of key -> value, both text.

    Raises:
        ValueError: if a text is none, or there is no such stage.
    """
    settings = {stage: {} for stage in stages}
    for text in texts:
        stage, dot, setting = text.partition(".")
        key, equals, value = setting.partition("=")
        if stage not in settings or not dot or not equals:
            raise ValueError(
                "--set is STAGE.KEY=VALUE with a stage of "
                f"{', '.join(settings)}, not {text!r}."
            )
        settings[stage][key] = value
    return settings
