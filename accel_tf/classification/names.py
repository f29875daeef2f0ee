"""Files of class names."""

import json


def read_class_names(path):
    """The names of classes, in the order of their index.

    Args:
        path: a text file with a name on each line (such as
            `something-something-v1-labels.csv`), or JSON: a list of names,
            or an object of name -> index (such as
            `something-something-v2-labels.json`).

    Returns:
        tuple of str.

    Raises:
        OSError: if it cannot be read.
        ValueError: one line, if it holds no such names.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"no file of class names {path}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is no text in UTF-8; give a file with a class name on "
            "each line."
        ) from error
    if str(path).lower().endswith(".json"):
        names = _from_json(path, text)
    else:
        names = [line.strip() for line in text.rstrip().splitlines()]
    if not names:
        raise ValueError(f"{path} holds no class name.")
    for number, name in enumerate(names, 1):
        if not name:
            raise ValueError(
                f"{path}: name {number} is empty; each class has a name on a "
                "line of its own."
            )
    return tuple(names)


def _from_json(path, text):
    try:
        value = json.loads(text)
        if isinstance(value, dict):
            order = {int(index): name for name, index in value.items()}
            if sorted(order) != list(range(len(value))):
                raise ValueError("its indices are not 0, 1, 2, ...")
            value = [order[index] for index in range(len(order))]
        if not isinstance(value, list) or not all(
            isinstance(name, str) for name in value
        ):
            raise ValueError("it is no list of names")
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deep for JSON.") from error
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{path} is no JSON list of names or object of name -> index: "
            f"{' '.join(str(error).split())}."
        ) from error
    return [name.strip() for name in value]
