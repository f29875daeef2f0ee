"""The data set builders of this library, by name.

A builder is a TFDS builder in a module of `accel_tf.datasets`; importing the
module registers it. Its configurations are dataclasses. A builder without
ready-made configurations names its dataclass as the class attribute
`CONFIG_CLASS`.
"""

import dataclasses
import difflib
import hashlib
import importlib
import inspect
import pathlib
import re

import tensorflow_datasets as tfds

from accel_tf.messages import one_line

BUILDERS = {
    name: f"accel_tf.datasets.{name}"
    for name in (
        "synthetic_streets",
        "cityscapes_sequences",
        "camvid_sequences",
        "flying_chairs",
        "video_folder",
        "clip_folder",
        "kinetics400",
        "something_something",
        "synthetic_motion",
    )
}
"""Name of every builder, and the module that defines it."""


def builder_class(name):
    """The class of a builder.

    Args:
        name: one of `BUILDERS`.

    Raises:
        ValueError: There is no such builder.
    """
    if name not in BUILDERS:
        raise ValueError(
            f"no data set {name!r}{_similar(name, BUILDERS)}; "
            f"there are: {', '.join(BUILDERS)}"
        )
    importlib.import_module(BUILDERS[name])
    return tfds.builder_cls(name)


def make_builder(name, /, data_dir=None, **options):
    """A builder, whether its data set is built already or not.

    Args:
        name: "builder" or "builder/configuration".
        data_dir: folder of all data sets; TFDS's default without, which is
            the environment variable TFDS_DATA_DIR or ~/tensorflow_datasets.
        **options: fields of the configuration that replace those of the named
            one; the name of the new configuration says which, unless `name`
            is among them. Or arguments of the builder itself, such as
            `on_fault` of `cityscapes_sequences`.

    Returns:
        A `tfds.core.DatasetBuilder`.

    Raises:
        ValueError: There is no such builder, configuration or option.
    """
    name, _, config_name = name.partition("/")
    cls = builder_class(name)
    if config_name and config_name not in cls.builder_configs:
        raise ValueError(
            f"{name} has no configuration {config_name!r}"
            f"{_similar(config_name, cls.builder_configs)}; there are: "
            f"{', '.join(cls.builder_configs) or 'only your own'}"
        )
    fields = config_fields(cls)
    arguments = builder_arguments(cls)
    for option in options:
        if option not in {*fields, *arguments}:
            known = ", ".join([*fields, *arguments]) or "none"
            raise ValueError(
                f"{name} has no option {option!r}; there are: {known}"
            )
    changes = {key: options.pop(key) for key in fields if key in options}
    if changes or not cls.builder_configs:
        options["config"] = _own_config(cls, config_name, changes)
    elif config_name:
        options["config"] = config_name
    return tfds.builder(name, data_dir=data_dir, **options)


def config_class(cls):
    """The dataclass of a builder's configurations, or None without any.

    Args:
        cls: class of the builder.
    """
    return getattr(cls, "CONFIG_CLASS", None) or cls.builder_config_cls


def config_fields(cls):
    """The fields of a builder's configuration that a user can set.

    Args:
        cls: class of the builder.

    Returns:
        A dict of `dataclasses.Field` by name; empty if there is nothing to
        configure.
    """
    dataclass = config_class(cls)
    if dataclass is None:
        return {}
    common = {
        field.name for field in dataclasses.fields(tfds.core.BuilderConfig)
    } - {"name"}
    return {
        field.name: field
        for field in dataclasses.fields(dataclass)
        if field.name not in common
    }


def builder_arguments(cls):
    """The arguments of a builder besides those that every TFDS builder has.

    Args:
        cls: class of the builder.

    Returns:
        A dict of `inspect.Parameter` by name.
    """
    return {
        name: parameter
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
        and name not in ("data_dir", "config", "version", "file_format")
    }


def prepared_builder(name, data_dir=None):
    """A builder whose data set has been built.

    Args:
        name: "builder" or "builder/configuration", also a configuration of
            one's own. Without a configuration it is the builder's default
            one, or, where there are none ready-made, the one that was built.
        data_dir: folder of all data sets, as in `make_builder`.

    Returns:
        A `tfds.core.DatasetBuilder` that `as_dataset` can be called on.

    Raises:
        FileNotFoundError: The data set has not been built; the message has
            the command that builds it.
        ValueError: There is no such builder, several data sets fit, or what
            TFDS says about it is damaged.
    """
    name, _, config_name = name.partition("/")
    cls = builder_class(name)
    root = _data_root(data_dir)
    built = built_folders(name, root)
    if not config_name:
        default = cls.default_builder_config
        if default is not None:
            config_name = default.name
        elif len(built) > 1:
            raise ValueError(
                f"{root} holds several data sets of {name}; name one: "
                + ", ".join(f"{name}/{config}" for config in built)
            )
        elif built:
            (config_name,) = built
    if config_name not in built:
        wanted = f"{name}/{config_name}".rstrip("/")
        others = ", ".join(f"{name}/{config}" for config in built)
        raise FileNotFoundError(
            f"{wanted} is not built in {root}"
            + (f" (there is {others})" if others else "")
            + f"; build it with: accel-tf build-data {wanted} "
            + ("--manual-dir DIR " if cls.MANUAL_DOWNLOAD_INSTRUCTIONS else "")
            + f"--data-dir {root}"
        )
    return _read_builder(built[config_name])


def _read_builder(folder):
    try:
        return tfds.builder_from_directory(folder)
    except Exception as error:  # TFDS has none of its own for this.
        raise ValueError(
            f"{folder} is damaged ({one_line(error, 100)}); remove it and "
            "build the data set again"
        ) from error


def built_folders(name, data_dir=None):
    """The finished data sets of one builder.

    Args:
        name: one of `BUILDERS`.
        data_dir: folder of all data sets, as in `make_builder`.

    Returns:
        A dict from the name of a configuration to the `pathlib.Path` of its
        newest version.
    """
    folders = {}
    root = _data_root(data_dir) / name
    for info in sorted(root.glob("*/*/dataset_info.json")):
        folder = info.parent
        if not tfds.core.Version.is_valid(folder.name):
            continue
        newest = folders.setdefault(folder.parent.name, folder)
        if tfds.core.Version(folder.name) > tfds.core.Version(newest.name):
            folders[folder.parent.name] = folder
    return folders


def _data_root(data_dir):
    if data_dir is None:
        from tensorflow_datasets.core import constants

        data_dir = constants.DATA_DIR
    return pathlib.Path(data_dir).expanduser()


def _own_config(cls, base_name, changes):
    """The configuration `base_name` with changes, under a name of its own."""
    configs = cls.builder_configs
    base = configs.get(base_name) if base_name else cls.default_builder_config
    changes.setdefault("name", _own_name(base, changes))
    if changes["name"] in configs:
        raise ValueError(
            f"{cls.name} has a configuration {changes['name']!r} already; "
            "give your own another name"
        )
    if not re.fullmatch(r"[\w+.-]+", changes["name"]):
        raise ValueError(
            "the name of a configuration has letters, digits and _ + - . "
            f"only, not {changes['name']!r}"
        )
    if base is not None:
        return dataclasses.replace(base, **changes)
    dataclass = config_class(cls)
    missing = [
        field.name
        for field in dataclasses.fields(dataclass)
        if field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
        and field.name not in changes
    ]
    if missing:
        raise ValueError(f"{cls.name} also needs: {', '.join(missing)}")
    return dataclass(**changes)


def _own_name(base, changes):
    text = "+".join(
        f"{key}-{'-'.join(map(str, value))}"
        if isinstance(value, (list, tuple))
        else f"{key}-{value}"
        for key, value in sorted(changes.items())
    )
    name = re.sub(r"[^\w+.-]+", "_", text).strip("_") or "own"
    if name != text or len(name) > 80:
        # What was cut off or replaced must still tell two names apart.
        digest = hashlib.sha256(repr(sorted(changes.items())).encode())
        name = f"{name[:60]}-{digest.hexdigest()[:8]}"
    return f"{base.name}+{name}" if base is not None else name


def _similar(name, known):
    matches = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
