"""Settings of a training run: frozen dataclasses, changed by `key=value`."""

import dataclasses
import json
import typing

from accel_tf import typed_text


def override(config, settings):
    """A copy of a config with some values replaced.

    Args:
        config: a dataclass instance; its fields may be dataclasses.
        settings: list of `"key=value"`; a key may be dotted, as in
            `"augmentation.flip=false"`. Values are read by the type of the
            field: `true` and `false`, numbers, text as it is; tuples with
            commas, `none` for nothing, `name:2,other:4` for a dict.

    Returns:
        A config of the same class.

    Raises:
        ValueError: for a setting that is no `key=value`, an unknown key
            (names those there are), or a value of another type.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise ValueError(f"{setting!r} is no setting; give key=value")
        config = _replace(config, key.split("."), text, key)
    return config


def as_dict(config):
    """The config as JSON types."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def as_markdown(config):
    """The config as a Markdown table, for TensorBoard's text page."""
    rows = [f"| {key} | {value} |" for key, value in _flat(as_dict(config))]
    return "\n".join(["| setting | value |", "|---|---|", *rows])


def differences(config, stored):
    """What differs between a config and one that `as_dict` made.

    A setting that is not among the stored ones had its default.

    Returns:
        list of str, such as `"batch_size: 8, not 4"`.
    """
    new = dict(_flat(as_dict(config)))
    old = {**dict(_flat(_defaults(config))), **dict(_flat(stored))}
    # An empty dict by default is not what it was where entries are stored.
    filled = {key.rpartition(".")[0] for key in dict(_flat(stored))}
    old = {key: old[key] for key in old if key not in filled}
    return [
        f"{key}: {old.get(key)!r}, not {new.get(key)!r}"
        for key in [*new, *(key for key in old if key not in new)]
        if old.get(key) != new.get(key)
    ]


def _defaults(config):
    """Of the settings that have one, as `as_dict` would give them."""
    values = {}
    for field in dataclasses.fields(config):
        if field.default_factory is not dataclasses.MISSING:
            values[field.name] = field.default_factory()
        elif field.default is not dataclasses.MISSING:
            values[field.name] = field.default
            if dataclasses.is_dataclass(field.default):
                values[field.name] = dataclasses.asdict(field.default)
    return json.loads(json.dumps(values))


def _flat(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _replace(config, keys, text, whole_key):
    hints = typing.get_type_hints(type(config))
    names = [field.name for field in dataclasses.fields(config)]
    name, *rest = keys
    if name not in names:
        raise ValueError(
            f"no setting {whole_key!r}; there are {', '.join(sorted(names))}"
        )
    if rest:
        part = getattr(config, name)
        if not dataclasses.is_dataclass(part):
            raise ValueError(f"the setting {name!r} has no parts")
        value = _replace(part, rest, text, whole_key)
    else:
        value = _read(text, hints[name], whole_key)
    return dataclasses.replace(config, **{name: value})


def _read(text, kind, key):
    try:
        return typed_text.read(text, kind)
    except ValueError as error:
        wanted = " or ".join(
            getattr(option, "__name__", str(option))
            if not typing.get_args(option)
            else str(option)
            for option in typed_text.options(kind)
        ).replace("NoneType", "none")
        raise ValueError(f"{key} must be {wanted}, not {text!r}") from error
