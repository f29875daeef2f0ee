"""A JSON file about every window of a video."""

import json

from accel_tf.files import write_text


def write_record(path, header, found, end):
    """Writes one JSON document with a line for every window.

    An object of `header` (what is the same for all windows), `windows`, each
    with `start` and `end` in seconds and `top`, a list of `class`, `index`
    and `probability`, and `summary`: the same of the whole video by the mean
    of the probabilities, and counts.

    Args:
        path: of the file.
        header: dict of plain JSON types.
        found: `ClassesOfVideo`.
        end: how it ended: `"end"`, `"interrupt"` or `"lost"`.

    Raises:
        OSError: if it cannot be written.
    """
    windows = [
        {
            "start": round(window.start, 6),
            "end": round(window.end, 6),
            "top": found.top_of(window),
        }
        for window in found.windows
    ]
    summary = {
        "top": found.top(),
        "windows": len(found.windows),
        "frames": found.frames,
        "seconds": round(found.seconds, 3),
        "damaged": list(found.damaged),
        "dropped": found.dropped,
        "ended_by": end,
    }
    lines = ",\n".join(map(_line, windows))
    write_text(
        path,
        f'{{"header": {_line(header)},\n"windows": [\n{lines}\n],\n'
        f'"summary": {_line(summary)}}}\n',
    )


def _line(value):
    return json.dumps(value, ensure_ascii=False)
