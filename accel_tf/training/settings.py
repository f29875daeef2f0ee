"""Settings of a training run: frozen dataclasses, changed by `key=value`."""

import ast
import dataclasses
import json
import types
import typing


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
    for option in _options(kind):
        try:
            return _READERS[typing.get_origin(option) or option](text, option)
        except (ValueError, SyntaxError):
            continue
    wanted = " or ".join(
        getattr(option, "__name__", str(option))
        if not typing.get_args(option)
        else str(option)
        for option in _options(kind)
    ).replace("NoneType", "none")
    raise ValueError(f"{key} must be {wanted}, not {text!r}")


def _options(kind):
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        # Nothing first: as text, "none" would be a name.
        return sorted(
            typing.get_args(kind), key=lambda option: option is not type(None)
        )
    return (kind,)


def _read_bool(text, _):
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _read_none(text, _):
    if text.lower() != "none":
        raise ValueError
    return None


def _read_text(text, kind):
    return text


def _read_choice(text, kind):
    if text not in typing.get_args(kind):
        raise ValueError
    return text


def _read_tuple(text, kind):
    inner = typing.get_args(kind)
    items = [item.strip() for item in text.strip("()[] ").split(",")]
    items = [item for item in items if item]
    if inner[-1:] == (Ellipsis,):
        inner = (inner[0],) * len(items)
    if len(inner) != len(items):
        raise ValueError
    return tuple(
        _READERS[option](item, option)
        for item, option in zip(items, inner, strict=True)
    )


def _read_dict(text, kind):
    pairs = [item.rpartition(":") for item in text.split(",") if item.strip()]
    if not all(colon for _, colon, _ in pairs):
        raise ValueError
    return {name.strip(): float(value) for name, _, value in pairs}


def _read_int(text, _):
    value = ast.literal_eval(text)
    if type(value) is not int:
        raise ValueError
    return value


_READERS = {
    bool: _read_bool,
    int: _read_int,
    float: lambda text, _: float(text),
    str: _read_text,
    tuple: _read_tuple,
    dict: _read_dict,
    type(None): _read_none,
    typing.Literal: _read_choice,
}
