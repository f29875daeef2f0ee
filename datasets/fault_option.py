"""What builders do about files that are missing or broken."""


class FaultOption:
    """The argument `on_fault` of a builder; a base beside TFDS' own.

    Args:
        on_fault: "error": a missing or broken file ends the build; "skip":
            what needs it is left out, and named in
            `info.metadata["skipped"]`.
        **arguments: those of `tfds.core.GeneratorBasedBuilder`.

    Raises:
        ValueError: `on_fault` is something else.
    """

    def __init__(self, *, on_fault="error", **arguments):
        if on_fault not in ("error", "skip"):
            raise ValueError(
                f'on_fault must be "error" or "skip", not {on_fault!r}'
            )
        super().__init__(**arguments)
        self.on_fault = on_fault
        # TFDS pickles a builder as its arguments.
        self._original_state["on_fault"] = on_fault

    def new_faults(self):
        """A list for the faults to skip, or None where they are errors."""
        return [] if self.on_fault == "skip" else None


def raise_or_note(error, faults):
    """Raises an error, or adds its text to the list of faults to skip.

    Args:
        error: an exception.
        faults: from `FaultOption.new_faults`.
    """
    if faults is None:
        raise error
    faults.append(str(error))
