"""The page of a data set, one file of HTML."""

import base64
import html
import importlib.resources
import string

from accel_tf import optional
from accel_tf.browse.views import UNKNOWN_COLOR

_FEW = 3  # places that need no click
_LAYERS = {"frame": "frames", "labels": "labels", "flow": "optical flow"}


def page(summary, label_map, faults, shown):
    """The page of a data set.

    Args:
        summary: dict as from `accel_tf.browse.browse`.
        label_map: `LabelMap` of the classes.
        faults: list of `Fault`.
        shown: dict from the name of a split to a list of `(name, views)`.

    Returns:
        HTML that holds its pictures and needs no other file.
    """
    template = importlib.resources.files("accel_tf.browse") / "page.html"
    views = [
        view for clips in shown.values() for _, views in clips for view in views
    ]
    return string.Template(template.read_text("utf-8")).substitute(
        title=html.escape(summary["data"]),
        numbers=_numbers(summary["splits"]),
        faults="\n".join(map(_fault, faults)) or "<p>None.</p>",
        classes=_classes(summary["splits"], label_map),
        show=_switches(views),
        clips="\n".join(_split(*each) for each in shown.items()),
    )


def _numbers(splits):
    rows = []
    for split, numbers in splits.items():
        least, most = numbers["clip_lengths"]
        sizes = list(numbers["frame_sizes"])
        rows.append(
            (
                html.escape(split),
                f"{numbers['clips']:,}",
                f"{numbers['frames']:,}",
                f"{numbers['labels']:,}",
                f"{least}" if least == most else f"{least} to {most}",
                ", ".join(sizes[:3]) + (", ..." if sizes[3:] else ""),
            )
        )
    head = ("split", "clips", "frames", "label images", "frames of a clip")
    return _table((*head, "height x width"), rows)


def _fault(fault):
    where = f"<b>{html.escape(fault.split)}</b>: " if fault.split else ""
    text = f"<p>{where}{html.escape(str(fault))}</p>"
    if fault.kind == "outside":
        text += f"<p>{_swatch(UNKNOWN_COLOR)}are their pixels.</p>"
    if fault.places and fault.kind != "never":
        more = fault.count - len(fault.places)
        places = [html.escape(place) for place in fault.places]
        places += [f"and {more:,} more"] if more > 0 else []
        state = " open" if fault.count <= _FEW else ""
        text += (
            f"<details{state}><summary>where</summary>{'<br>'.join(places)}"
            "</details>"
        )
    return f'<div class="fault">{text}{_views(fault.views)}</div>'


def _classes(splits, label_map):
    rows = []
    for name, color in zip(label_map.names, label_map.colors, strict=True):
        row = [_swatch(color) + html.escape(name)]
        for numbers in splits.values():
            images = numbers["images_with_class"][name]
            row += [
                _share(numbers["class_shares"][name]),
                f"{images:,}" if images else '<span class="never">never</span>',
            ]
        rows.append(row)
    ignored = ["ignored, of all pixels"]
    for numbers in splits.values():
        ignored += [_share(numbers["ignored_share"]), ""]
    head = ["class"]
    for split in splits:
        head += [html.escape(split), "images"]
    return _table(head, [*rows, ignored])


def _swatch(color):
    red, green, blue = color
    return (
        f'<span class="swatch" style="background:rgb({red},{green},{blue})">'
        "</span>"
    )


def _share(share):
    width = f"{100 * share:.1f}%"
    return f'{width}<span class="bar"><i style="width:{width}"></i></span>'


def _switches(views):
    there = [
        name
        for name in _LAYERS
        if any(getattr(view, name) is not None for view in views)
    ]
    return "".join(
        f'<label><input type="checkbox" id="{name}" checked> '
        f"{_LAYERS[name]}</label>"
        for name in there
    )


def _split(split, clips):
    parts = [
        f"<h3>{html.escape(split)}: {html.escape(name)}</h3>{_views(views)}"
        for name, views in clips
    ]
    return "\n".join(parts)


def _views(views):
    if not views:
        return ""
    return f'<div class="views">{"".join(map(_view, views))}</div>'


def _view(view):
    pictures = [
        f'<img class="{name}" loading="lazy" alt="{_LAYERS[name]}" '
        f'src="{_data_uri(getattr(view, name))}">'
        for name in _LAYERS
        if getattr(view, name) is not None
    ]
    place = html.escape(view.place)
    return (
        f"<figure>{''.join(pictures)}<figcaption>{place}</figcaption></figure>"
    )


def _data_uri(image):
    cv2 = optional.cv2()
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    data = cv2.imencode(".jpg", image[..., ::-1], quality)[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def _table(head, rows):
    cells = "".join(f"<th>{text}</th>" for text in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{cells}</tr>{body}</table></div>'
