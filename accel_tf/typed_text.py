"""Values of `KEY=VALUE`, read by the type of the field they are for."""

import ast
import types
import typing


def read(text, kind):
    """A value of a type.

    Args:
        text: `true` or `false`, a number, text as it is; tuples and lists
            with commas, `none` for nothing, `name:2,other:4` for a dict of
            numbers.
        kind: the type, as in an annotation.

    Raises:
        ValueError: if the text is no value of that type.
    """
    for option in options(kind):
        try:
            return _READERS[typing.get_origin(option) or option](text, option)
        except (ValueError, SyntaxError):
            continue
    raise ValueError(f"{text!r} is no {kind}")


def options(kind):
    """The types of a union, `NoneType` first; or the one type."""
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
    return tuple(map(read, items, inner))


def _read_list(text, kind):
    (inner,) = typing.get_args(kind)
    return list(_read_tuple(text, tuple[inner, ...]))


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
    str: lambda text, _: text,
    tuple: _read_tuple,
    list: _read_list,
    dict: _read_dict,
    type(None): _read_none,
    typing.Literal: _read_choice,
}
