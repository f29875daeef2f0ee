"""The page at `/` of the embedded server.

Its files lie in `page/` and are served as they are; the page asks for the
models at `MODELS_PATH` and then uses the REST API like any client.
"""

import functools
import pathlib

from accel_tf.serving.descriptions import MODELS_PATH, describe_models

_FOLDER = pathlib.Path(__file__).parent / "page"
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


def pages(manager):
    """What a `RestHandler` answers outside the API.

    Args:
        manager: as for `describe_models`.

    Returns:
        dict of path -> (content type, bytes), or a function that gives these.
    """
    files = {
        f"/page/{path.name}": (_CONTENT_TYPES[path.suffix], path.read_bytes())
        for path in _FOLDER.iterdir()
        if path.suffix in _CONTENT_TYPES
    }
    start = files.pop("/page/index.html")
    models = functools.partial(_models, manager)
    return {"/": start, MODELS_PATH: models, **files}


def open_paths(pages):
    """Those of the paths of `pages` that tell nothing of the models."""
    return {path for path, page in pages.items() if not callable(page)}


def _models(manager):
    return "application/json", describe_models(manager)
