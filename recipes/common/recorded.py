"""Where recipes leave their results unless they are told otherwise."""

import pathlib

RESULTS = pathlib.Path(__file__).resolve().parents[1] / "results"


def results_file(name):
    """Path of a file of results.

    Args:
        name: of the file; an empty one for the folder.

    Returns:
        `pathlib.Path` in `recipes/results` of a checkout, from which
        `make readme` makes tables; in the current folder if the recipes are
        installed.
    """
    return (RESULTS if RESULTS.is_dir() else pathlib.Path()) / name
