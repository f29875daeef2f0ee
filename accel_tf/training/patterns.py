"""Patterns for the names of variables."""

import fnmatch

# Enough to see how names are formed.
_SHOWN = 5


def matches(path, pattern):
    """Whether a pattern fits a variable's path or the end of it.

    Patterns are those of `fnmatch`: `*` stands for any text, `/` included.
    The end starts at a `/`: `fc6/bias`, `update_head/*` and `bias` are
    patterns for `update_head/fc6/bias`; `res2_*` is one for
    `backbone/res2_1_branch2a/kernel`.
    """
    parts = path.split("/")
    return any(
        fnmatch.fnmatchcase("/".join(parts[start:]), pattern)
        for start in range(len(parts))
    )


def check_patterns(patterns, paths, what):
    """Refuses patterns that fit nothing.

    Args:
        patterns: as in `matches`.
        paths: list of paths of variables.
        what: the argument that held the patterns, for the message.

    Raises:
        ValueError: for the first such pattern; shows how names look.
    """
    for pattern in patterns:
        if not any(matches(path, pattern) for path in paths):
            shown = ", ".join(paths[:: max(1, len(paths) // _SHOWN)][:_SHOWN])
            raise ValueError(
                f"{what}: no variable is named {pattern!r}; there are "
                f"{len(paths)}, such as {shown}."
            )
