"""The command line that the training scripts share."""

import argparse
import runpy
import sys

from accel_tf.training.settings import override


def read_config(config_class, description, arguments=None):
    """Reads a config file and the settings that change it.

    Args:
        config_class: what the file must hold as `config`.
        description: of the script.
        arguments: of the command line; those of the process by default.

    Returns:
        A config of that class.

    Raises:
        ValueError: if the file holds none, or a setting is wrong.
        FileNotFoundError: if there is no such file.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "config", help="Python file that defines `config`, as in configs/"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="changes a setting of the config; may be repeated",
    )
    parsed = parser.parse_args(arguments)
    config = runpy.run_path(parsed.config).get("config")
    if not isinstance(config, config_class):
        raise ValueError(
            f"{parsed.config} must define `config`, a {config_class.__name__}"
        )
    return override(config, parsed.set)


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
