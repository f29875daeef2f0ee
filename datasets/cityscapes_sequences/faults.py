"""What is wrong with the files of a data set."""

import dataclasses

_SHOWN = 3  # of each kind


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that cannot become part of the data set.

    Attributes:
        kind: of faults, such as "frame missing".
        text: which files, and what is wrong with them.
    """

    kind: str
    text: str

    def __str__(self):
        return f"{self.kind}: {self.text}"


def summarize_faults(faults):
    """One line: how many there are, and the first few of each kind.

    Args:
        faults: list of `Fault`, at least one.
    """
    by_kind = {}
    for fault in faults:
        by_kind.setdefault(fault.kind, []).append(fault.text)
    parts = []
    for kind, texts in by_kind.items():
        more = len(texts) - _SHOWN
        parts.append(
            f"{kind}: {', '.join(texts[:_SHOWN])}"
            + (f" and {more} more" if more > 0 else "")
        )
    plural = "" if len(faults) == 1 else "s"
    return f"{len(faults)} fault{plural}: {'; '.join(parts)}"
