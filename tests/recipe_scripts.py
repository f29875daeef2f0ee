"""The scripts in recipes/, as modules."""

import importlib
import pathlib
import runpy
import sys

RECIPES = pathlib.Path(__file__).parents[1] / "recipes"


def load_script(name):
    """A script by name; it finds its neighbours as when it is run."""
    if str(RECIPES) not in sys.path:
        sys.path.insert(0, str(RECIPES))
    return importlib.import_module(name)


def load_config(name):
    """The config of `recipes/configs/<name>.py`."""
    return runpy.run_path(str(RECIPES / "configs" / f"{name}.py"))["config"]


def config_names():
    return sorted(path.stem for path in (RECIPES / "configs").glob("*.py"))
