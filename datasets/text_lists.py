"""Lists that users write in an editor of theirs, or get as text files."""

import codecs

_UTF_16 = codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


def read_lines(path):
    """The lines of a text file in UTF-8 or, with its mark, in UTF-16.

    Line endings may be those of any system, and a byte order mark does not
    count.

    Args:
        path: `epath.Path` of the file.

    Returns:
        A list of `(number, text)`: the number of the line, from 1, and the
        line without white space around it. Empty lines are left out.

    Raises:
        ValueError: The file is in another encoding, or no text.
    """
    data = path.read_bytes()
    encoding = "utf-16" if data.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{path} is not a text file in UTF-8 or UTF-16")
    lines = enumerate(text.splitlines(), 1)
    return [(number, line.strip()) for number, line in lines if line.strip()]
