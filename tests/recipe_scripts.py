"""The modules in recipes/."""

import importlib
import pathlib

RECIPES = pathlib.Path(__file__).parents[1] / "recipes"


def load_script(name):
    """A module by name, wherever it is in `recipes`."""
    (path,) = RECIPES.rglob(f"{name}.py")
    parts = path.relative_to(RECIPES).with_suffix("").parts
    return importlib.import_module(".".join(("accel_tf.recipes", *parts)))
