"""Which recipes there are, and which configs belong to them.

From the text of the files alone: a list must not take the seconds that
TensorFlow needs.
"""

import ast
import dataclasses
import importlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs"
_FOLDERS = {"": ROOT, "benchmarks.": ROOT / "benchmarks"}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A script with a function `main`.

    Attributes:
        name: what `accel-tf recipe` knows it by.
        module: to import.
        summary: first sentence of its docstring.
    """

    name: str
    module: str
    summary: str


@dataclasses.dataclass(frozen=True)
class Config:
    """A file in `configs/`.

    Attributes:
        name: of the file, without its ending.
        recipe: name of the recipe that its docstring runs it with.
        summary: first sentence of its docstring.
    """

    name: str
    recipe: str
    summary: str


def recipes():
    """All `Recipe`s, those of `benchmarks/` last, each part by name."""
    return [
        Recipe(
            path.stem,
            f"accel_tf.recipes.{package}{path.stem}",
            _summary(tree),
        )
        for package, folder in _FOLDERS.items()
        for path, tree in _parsed(folder)
        if "main" in _names(tree)
    ]


def configs():
    """All `Config`s by name."""
    found = []
    for path, tree in _parsed(CONFIGS):
        text = ast.get_docstring(tree)
        command = r"accel-tf recipe (\w+)"
        # A stage may come with the recipe of all stages only.
        recipe = re.search(f"{command} {path.stem}", text)
        recipe = recipe or re.search(command, text)
        found.append(Config(path.stem, recipe[1], _summary(tree)))
    return found


def configs_of(recipe):
    """The `Config`s that a recipe is run with.

    Args:
        recipe: its name.
    """
    return [config for config in configs() if config.recipe == recipe]


def load_recipe(name):
    """The module of a recipe.

    Args:
        name: with or without `.py`.

    Raises:
        ValueError: if there is none of that name.
    """
    modules = {recipe.name: recipe.module for recipe in recipes()}
    if name.removesuffix(".py") not in modules:
        raise ValueError(
            f"there is no recipe {name!r}; there are {', '.join(modules)}"
        )
    return importlib.import_module(modules[name.removesuffix(".py")])


def format_list():
    """All recipes with a line each, and below them their configs."""
    width = max(len(config.name) for config in configs()) + 4
    lines = []
    for recipe in recipes():
        lines.append(f"{recipe.name:<{width}}{recipe.summary}")
        lines += [
            f"  {config.name:<{width - 2}}{config.summary}"
            for config in configs_of(recipe.name)
        ]
    return "\n".join(
        [
            *lines,
            "",
            "accel-tf recipe NAME --help says what a recipe needs. Indented "
            "are its configs,",
            f"files in {CONFIGS}.",
        ]
    )


def _parsed(folder):
    for path in sorted(folder.glob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _summary(tree):
    return ast.get_docstring(tree).partition("\n\n")[0].replace("\n", " ")


def _names(tree):
    """What a module defines at its top level."""
    names = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            names.add(statement.name)
        if isinstance(statement, ast.Assign):
            names.update(ast.unparse(target) for target in statement.targets)
    return names
