"""The API reference of `make docs`: a page for each room, made of `__all__`.

A public name is described once, where it is listed first; other rooms that
give it too link there.
"""

import importlib
import inspect
import re
import sys

from mkdocs.structure.files import File

ROOMS = {
    "accel_tf": (),
    "accel_tf.streaming": (),
    "accel_tf.segment": (),
    "accel_tf.classify": (),
    "accel_tf.video": (),
    "accel_tf.visualize": (),
    "accel_tf.models": (
        "accel_tf.models.deeplab",
        "accel_tf.models.dff",
        "accel_tf.models.accel",
        "accel_tf.models.pspnet",
        "accel_tf.models.tdnet",
        "accel_tf.models.pidnet",
        "accel_tf.models.x3d",
        "accel_tf.models.vov3d",
        "accel_tf.models.mobilenet",
        "accel_tf.models.xception",
        "accel_tf.models.per_frame",
        "accel_tf.models.propagation",
        "accel_tf.models.resnet",
        "accel_tf.models.flownet",
    ),
    "accel_tf.ops": (),
    "accel_tf.layers": (),
    "accel_tf.checkpoints": (),
    "accel_tf.weights": (),
    "accel_tf.data": (
        "accel_tf.data.augmentation",
        "accel_tf.data.clips",
        "accel_tf.data.clip_sampling",
        "accel_tf.data.training_clips",
        "accel_tf.data.motion",
    ),
    "accel_tf.browse": (),
    "accel_tf.datasets": (
        "accel_tf.datasets.sequence_features",
        "accel_tf.datasets.clip_features",
        "accel_tf.datasets.camvid_sequences",
        "accel_tf.datasets.cityscapes_sequences",
        "accel_tf.datasets.flying_chairs",
        "accel_tf.datasets.synthetic_streets",
        "accel_tf.datasets.video_folder",
        "accel_tf.datasets.clip_folder",
        "accel_tf.datasets.kinetics400",
        "accel_tf.datasets.something_something",
        "accel_tf.datasets.synthetic_motion",
    ),
    "accel_tf.training": (
        "accel_tf.training.configs",
        "accel_tf.training.classifier_recipe",
        "accel_tf.training.own_data",
        "accel_tf.training.own_data_plan",
        "accel_tf.training.own_data_set",
    ),
    "accel_tf.distill": (
        "accel_tf.distill.codec",
        "accel_tf.distill.selectors",
        "accel_tf.distill.teachers",
    ),
    "accel_tf.metrics": (),
    "accel_tf.evaluation": (),
    "accel_tf.planning": (),
    "accel_tf.runtimes": (),
    "accel_tf.serving": ("accel_tf.serving.client",),
}
"""Page -> modules whose names it describes beside those of its own."""

# Rooms without an `__init__.py` list no names themselves.
LISTED = {"accel_tf.serving": ("Client", "export_saved_model")}
# Where the repository keeps what is installed in the package.
_PLACES = {
    "accel_tf.datasets": "datasets",
    "accel_tf.serving": "serving",
}


def on_files(files, config):
    """Adds the pages of the reference to the files of the site."""
    homes = {}
    for page, modules in ROOMS.items():
        text = f"# {page}\n\n" + "".join(
            _section(module, page, homes) for module in (page, *modules)
        )
        files.append(File.generated(config, f"api/{page}.md", content=text))
    return files


def public_names(module):
    """The names of a module that are for others, in the order of a list."""
    if module.__name__ in LISTED:
        return LISTED[module.__name__]
    if hasattr(module, "__all__"):
        return module.__all__
    own = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
    ]
    return own


def _section(name, page, homes):
    module = importlib.import_module(name)
    lines = [] if name == page else [f"## {name}\n"]
    if module.__doc__:
        lines.append(inspect.cleandoc(module.__doc__) + "\n")
    for public in public_names(module):
        value = getattr(module, public)
        home = _home(value, public, name)
        place, anchor = homes.get(home, (home, ""))
        if inspect.ismodule(value) or home in homes:
            link = f"[{place}]({place}.md{anchor})"
            lines.append(f"`{name}.{public}`: see {link}.\n")
            continue
        homes[home] = (page, f"#{home}")
        lines.append(
            f"::: {home}\n"
            "    options:\n"
            f"      heading: {name}.{public}\n"
            f"      heading_level: {2 if name == page else 3}\n"
        )
    return "\n".join(lines) + "\n"


def _home(value, name, module):
    """Where the source defines a value, as griffe names it."""
    if inspect.ismodule(value):
        return value.__name__
    if inspect.isclass(value) or inspect.isfunction(value):
        return _place(f"{value.__module__}.{value.__qualname__}")
    for other, loaded in sorted(sys.modules.items()):
        if other.startswith(module) and re.search(
            rf"^{name} =", inspect.getsource(loaded), re.MULTILINE
        ):
            return _place(f"{other}.{name}")
    raise ValueError(f"{module}.{name} is defined nowhere in {module}")


def _place(path):
    for package, folder in _PLACES.items():
        if path.startswith(f"{package}."):
            return folder + path.removeprefix(package)
    return path
