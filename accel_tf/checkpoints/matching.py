"""Which tensor of an official file goes where in a model."""

import dataclasses
import fnmatch


@dataclasses.dataclass(frozen=True)
class Match:
    """Where the tensors of a file go.

    Attributes:
        chosen: pairs of an entry of the model and the name of its tensor.
        skipped: names of the tensors of the last layer, where they are left.
    """

    chosen: list
    skipped: tuple


def match_tensors(model, tensors, where, strict=False, skip_last=False):
    """Finds the tensor of every entry of a model.

    Args:
        model: has `checkpoint_entries`.
        tensors: official name -> array.
        where: the files, for errors.
        strict: whether tensors that the model does not know are a fault.
        skip_last: whether those of the last layer are left.

    Returns:
        `Match`.

    Raises:
        ValueError: names what is missing, misshaped or unknown, and what the
            file holds instead where that is known.
    """
    entries = model.checkpoint_entries()
    last = [entry for entry in entries if _is_of_last_layer(model, entry)]
    skipped = ()
    if skip_last:
        names = {name for entry in last for name in entry.names}
        skipped = tuple(name for name in tensors if name in names)
        entries = [e for e in entries if not _is_of_last_layer(model, e)]
        tensors = {n: x for n, x in tensors.items() if n not in skipped}
    chosen, missing, misshaped = [], [], []
    for entry in entries:
        name = next((n for n in entry.names if n in tensors), None)
        if name is None:
            if entry.variable is not None:
                missing.append(entry.names[0])
        elif not entry.fits(tensors[name].shape):
            misshaped.append(
                f"{name} is {tensors[name].shape}, not {entry.shape}"
            )
        else:
            chosen.append((entry, name))
    unknown = _unknown(model, entries, tensors) if strict else []
    faults = {
        "tensors missing": missing,
        "of another shape": misshaped,
        "that it has no place for": unknown,
    }
    if any(faults.values()):
        raise ValueError(
            f"{where} does not hold the weights of {model.name} with "
            f"{model.num_classes} classes{_in_words(model, tensors, faults)}"
            + _advice(model, last, tensors, *faults.values())
        )
    return Match(chosen, skipped)


def last_layer_patterns(model):
    """Patterns of the official names of a model's last layer, if it has any."""
    # Models for training have parts of several.
    return getattr(model, "last_layer_tensors", ())


def _in_words(model, tensors, faults):
    """What a file holds instead, and how much of each fault there is."""
    other = _of_other(model, tensors)
    counts = (
        f"{len(names)} {what}" + ("" if other else _some(names))
        for what, names in faults.items()
        if names
    )
    return f"{other}: " + "; ".join(counts) + "."


def _of_other(model, tensors):
    """What a file holds instead, where the model knows its relatives."""
    describe = getattr(model, "describe_other", lambda shapes: None)
    other = describe({name: x.shape for name, x in tensors.items()})
    return "" if other is None else f" but those of {other}"


def _is_of_last_layer(model, entry):
    return any(
        fnmatch.fnmatchcase(name, each)
        for name in entry.names
        for each in last_layer_patterns(model)
    )


def _advice(model, last, tensors, missing, misshaped, unknown):
    """What to do where a file differs in its number of classes alone."""
    numbers = {
        size
        for entry in last
        for name in entry.names
        if name in tensors
        for size, own in zip(tensors[name].shape, entry.shape, strict=False)
        if size != own == model.num_classes
    }
    if missing or unknown or len(numbers) != 1 or len(misshaped) > len(last):
        return ""
    return (
        f" The file is for {numbers.pop()} classes, not {model.num_classes}: "
        "say how many the model has (num_classes, --num-classes), or load all "
        "but the last layer (skip_last=True, --skip-last-layer)."
    )


def _unknown(model, entries, tensors):
    """Names of which the model does not know that it has no use for them."""
    known = {name for entry in entries for name in entry.names}
    patterns = (*model.unused_checkpoint_tensors, "*.num_batches_tracked")
    return [
        name
        for name in tensors
        if name not in known
        and not any(fnmatch.fnmatchcase(name, each) for each in patterns)
    ]


def _some(names):
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f" ({shown})"
