"""The command line that the recipes share."""

import argparse
import pathlib
import runpy
import sys

from accel_tf.messages import hide_deprecations
from accel_tf.recipes.common.catalogue import CONFIGS, configs_of

# Training is imported when it is needed: it takes seconds, and most mistakes
# in the options of other recipes can be told without.

_TRAINING = """\
The same command goes on with a run that was stopped, or that was finished
with fewer `steps`. Settings are those of
`accel_tf.training.configs.{config}`; files to copy and change:
"""


class _Parser(argparse.ArgumentParser):
    """Refuses with one line, as what comes after it does."""

    def error(self, message):
        raise ValueError(message)


def make_parser(file, description):
    """A parser for the options of a recipe.

    Args:
        file: `__file__` of the recipe.
        description: its docstring.

    Returns:
        An `argparse.ArgumentParser` that raises a `ValueError` rather than
        end the process.
    """
    name = pathlib.Path(file).stem
    # Started as a script, or by the command.
    is_script = pathlib.Path(sys.argv[0]).stem == name
    return _Parser(
        prog=None if is_script else f"accel-tf recipe {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def training_main(file, description, train, config_class):
    """The `main` of a recipe that trains what a config says.

    Args:
        file: `__file__` of the recipe.
        description: its docstring.
        train: called with the config; gives the path of what it has trained.
        config_class: of the config.

    Returns:
        A function of the command line's arguments; those of the process by
        default.
    """

    def main(arguments=None):
        config = read_config(file, description, config_class, arguments)
        hide_deprecations()
        print(f"Trained: {train(config)}")

    return main


def read_config(file, description, config_class, arguments=None):
    """Reads a config and the settings that change it.

    Args:
        file: `__file__` of the recipe.
        description: its docstring.
        config_class: what the config's file must hold as `config`.
        arguments: of the command line; those of the process by default.

    Returns:
        A config of that class.

    Raises:
        ValueError: if there is no such config, it is of another class, or a
            setting is wrong.
    """
    from accel_tf.training.settings import override

    recipe = pathlib.Path(file).stem
    examples = configs_of(recipe)
    parser = make_parser(file, description)
    lines = [f"  {config.name}: {config.summary}" for config in examples]
    parser.epilog = _TRAINING.format(config=config_class.__name__)
    parser.epilog += "\n".join(lines)
    parser.add_argument(
        "config",
        metavar="CONFIG",
        help="Python file that defines `config`, or the name of one below",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="changes a setting of the config; may be repeated",
    )
    parsed = parser.parse_args(arguments)
    names = [config.name for config in examples]
    config = load_config(parsed.config, names)
    if not isinstance(config, config_class):
        raise ValueError(
            f"{parsed.config} must define `config`, a {config_class.__name__}"
        )
    return override(config, parsed.set)


def load_config(text, names=()):
    """What a config's file holds as `config`, or `None`.

    Args:
        text: path of a file, or the name of one in `recipes/configs`.
        names: to choose from, for the error.

    Raises:
        ValueError: if there is none, or its Python is wrong.
    """
    path = pathlib.Path(text)
    if not path.is_file():
        path = CONFIGS / f"{text}.py"
    if not path.is_file():
        raise ValueError(
            f"there is no config {text!r}: give a Python file"
            + (f" or one of {', '.join(names)}" if names else "")
        )
    try:
        return runpy.run_path(str(path)).get("config")
    except (SyntaxError, NameError, TypeError) as error:
        raise ValueError(f"{text}: {error}") from error


def run(main):
    """Runs a script; a mistake of the user ends in one line and status 2."""
    try:
        main()
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError, ImportError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(2)
