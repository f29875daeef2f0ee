"""Draws how each system works: `python docs/figures/draw.py`.

Time goes from left to right, what is computed from the bottom to the top. The
SVG files beside this script are its output.
"""

import itertools
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

FOLDER = pathlib.Path(__file__).resolve().parent
INK = "#343a40"
KINDS = {
    "deep network": ("#364fc7", "white"),
    "light network": ("#74c0fc", INK),
    "optical flow": ("#ffa94d", INK),
    "operation": ("white", INK),
    "data": ("#e9ecef", INK),
}
"""Kind of a box -> its colour and that of its text."""


class Drawing:
    """Boxes and arrows; one unit is half an inch.

    Args:
        width, height: in units.
    """

    def __init__(self, width, height):
        self.size = (width, height)
        self.figure = plt.figure(figsize=(width / 2, height / 2))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")
        self.kinds = []

    def box(self, x, y, text, kind="data", width=3.0):
        """A box around `(x, y)`; gives that place, for `arrow`."""
        color, ink = KINDS[kind]
        if kind not in self.kinds:
            self.kinds.append(kind)
        self.axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - 0.36),
                width,
                0.72,
                boxstyle="round,pad=0,rounding_size=.12",
                facecolor=color,
                edgecolor=INK,
                linewidth=0.8,
            )
        )
        self.text(x, y, text, color=ink)
        return x, y, width / 2, 0.36

    def text(self, x, y, text, color=INK, size=9, **options):
        options = {"ha": "center", "va": "center", **options}
        self.axes.text(x, y, text, color=color, size=size, **options)

    def arrow(self, start, end, sideways=False, dashed=False):
        """From the top of one box to the bottom of another, or sideways."""
        (x, y, half, up), (to_x, to_y, to_half, to_up) = start, end
        if sideways or to_y - y < up + to_up:
            x, to_x = x + half, to_x - to_half
        else:
            y, to_y = y + up, to_y - to_up
            place, reach = x, 0.8 * half
            x = min(max(to_x, x - reach), x + reach)
            reach = 0.8 * to_half
            to_x = min(max(place, to_x - reach), to_x + reach)
        self.axes.annotate(
            "",
            (to_x, to_y),
            (x, y),
            arrowprops={
                "arrowstyle": "-|>",
                "color": INK,
                "linewidth": 1,
                "linestyle": "--" if dashed else "-",
                "shrinkA": 0,
                "shrinkB": 0,
            },
            zorder=0.5,
        )

    def chain(self, *boxes, sideways=False):
        """Arrows from each box to the next."""
        for start, end in itertools.pairwise(boxes):
            self.arrow(start, end, sideways)

    def save(self, name, folder):
        """Adds the legend and writes the file."""
        x = 0.4
        for kind in self.kinds:
            color, _ = KINDS[kind]
            self.axes.add_patch(
                FancyBboxPatch(
                    (x, 0.22),
                    0.36,
                    0.26,
                    boxstyle="round,pad=0,rounding_size=.05",
                    facecolor=color,
                    edgecolor=INK,
                    linewidth=0.6,
                )
            )
            self.text(x + 0.5, 0.35, kind, size=8, ha="left")
            x += 0.9 + 0.2 * len(kind)
        path = pathlib.Path(folder) / f"{name}.svg"
        self.figure.savefig(path, facecolor="white", metadata={"Date": None})
        plt.close(self.figure)


def step():
    """The contract: a frame and a state go in, scores and a state come out."""
    drawing = Drawing(16, 5.2)
    before = drawing.box(1.6, 2.6, "initial_state", width=2.6)
    for index in range(3):
        x = 4.8 + 4.3 * index
        name = ("key frame", "frame", "frame")[index]
        frame = drawing.box(x, 1.3, f"{name} {index}", width=2.4)
        made = drawing.box(x, 2.6, "step", "operation", width=1.7)
        logits = drawing.box(x, 3.9, f"logits {index}", width=2.4)
        drawing.chain(frame, made, logits)
        drawing.arrow(before, made)
        before = made
        drawing.text(x + 2.15, 2.82, "state", size=8)
    drawing.arrow(before, (16.1, 2.6, 0.2, 0.36))
    return drawing


def per_frame():
    """DeepLab: every frame through the deep network."""
    drawing = Drawing(13, 5.8)
    for index in range(3):
        x = 2.4 + 4.1 * index
        drawing.chain(
            drawing.box(x, 1.3, f"frame {index}"),
            drawing.box(x, 2.5, "ResNet", "deep network"),
            drawing.box(x, 3.7, "score layers", "operation"),
            drawing.box(x, 4.9, f"labels {index}"),
        )
    return drawing


def dff():
    """Deep Feature Flow: features of the key frame move along the flow."""
    drawing = Drawing(15.6, 7)
    return _carried(drawing, top=6.1)


def accel():
    """Accel: Deep Feature Flow, and a light network that corrects it."""
    drawing = Drawing(15.6, 8.2)
    return _carried(drawing, top=7.3, update=True)


def _carried(drawing, top, update=False):
    before = previous = None
    for index in range(3):
        x = 2.2 + 5.6 * index
        name = "key frame" if index == 0 else "frame"
        frame = drawing.box(x, 1.3, f"{name} {index}", width=2.6)
        score = (x, 4.9)
        if index == 0:
            features = drawing.box(x, 3.7, "ResNet-101", "deep network", 2.6)
            drawing.arrow(frame, features)
        else:
            flow = drawing.box(x - 2.3, 2.5, "FlowNet", "optical flow", 1.9)
            features = drawing.box(x - 2.3, 3.7, "warp", "operation", 1.9)
            drawing.arrow(previous, flow)
            drawing.arrow(frame, flow)
            drawing.arrow(flow, features)
            drawing.arrow(before, features)
            score = (x - 2.3, 4.9)
        last = drawing.box(*score, "score", "operation", 1.9)
        drawing.arrow(features, last)
        if index and update:
            light = drawing.box(x + 0.1, 2.5, "ResNet-18", "light network", 2.1)
            other = drawing.box(x + 0.1, 4.9, "score", "operation", 1.9)
            fused = drawing.box(x - 1.1, 6.1, "1x1 fusion", "operation", 2.3)
            drawing.chain(frame, light, other, fused)
            drawing.arrow(last, fused)
            last = fused
        labels = drawing.box(last[0], top, f"labels {index}", width=2.3)
        drawing.arrow(last, labels)
        before, previous = features, frame
    return drawing


def pspnet():
    """PSPNet: what a pixel means also depends on the whole picture."""
    drawing = Drawing(18.4, 3.9)
    frame = drawing.box(1.7, 2.2, "frame", width=2)
    backbone = drawing.box(5.0, 2.2, "dilated ResNet", "deep network", 2.8)
    pooled = [
        drawing.box(9.1, y, text, "operation", 3.6)
        for y, text in (
            (3.2, "mean of all"),
            (2.2, "means of 2x2, 3x3 parts"),
            (1.2, "means of 6x6 parts"),
        )
    ]
    head = drawing.box(13.2, 2.2, "head", "operation", 2.0)
    labels = drawing.box(16.6, 2.2, "labels", width=2)
    drawing.chain(frame, backbone)
    for each in pooled:
        drawing.chain(backbone, each, head, sideways=True)
    drawing.chain(head, labels)
    return drawing


def pidnet():
    """PIDNet: three branches, of which one decides between the others."""
    drawing = Drawing(18.4, 3.9)
    frame = drawing.box(1.7, 2.2, "frame", width=2)
    stem = drawing.box(4.9, 2.2, "first layers", "deep network", 2.4)
    branches = [
        drawing.box(8.7, y, text, "deep network", 3.0)
        for y, text in (
            (3.2, "P: detail"),
            (2.2, "D: boundaries"),
            (1.2, "I: context"),
        )
    ]
    bag = drawing.box(13.0, 2.2, "D chooses P or I", "operation", 3.4)
    labels = drawing.box(16.8, 2.2, "labels", width=2)
    drawing.chain(frame, stem)
    for each in branches:
        drawing.chain(stem, each, bag, sideways=True)
    drawing.chain(bag, labels)
    return drawing


def tdnet():
    """TDNet: light paths take turns; attention gathers what they saw."""
    drawing = Drawing(16.4, 5.8)
    boxes = []
    for index in range(4):
        x = 2.0 + 4.1 * index
        frame = drawing.box(x, 1.3, f"frame {index}", width=2.6)
        path = drawing.box(x, 2.5, f"path {index + 1}", "light network", 2.6)
        drawing.arrow(frame, path)
        boxes.append(path)
    x = boxes[-1][0]
    attention = drawing.box(x, 3.7, "attention", "operation", 2.6)
    drawing.arrow(boxes[-1], attention)
    for path in boxes[:-1]:
        drawing.arrow(path, attention, dashed=True)
    labels = drawing.box(x, 4.9, "labels 3", width=2.6)
    drawing.arrow(attention, labels)
    drawing.text(
        4.6, 4.3, "keys and values of the last three frames", size=8, ha="left"
    )
    return drawing


def propagation():
    """Any per-frame model: its scores move along the flow, with trust."""
    drawing = Drawing(15.6, 7)
    key = drawing.box(2.2, 1.3, "key frame 0", width=2.6)
    model = drawing.box(2.2, 3.7, "any model", "deep network", 2.6)
    labels = drawing.box(2.2, 6.1, "labels 0", width=2.6)
    drawing.chain(key, model, labels)
    previous, flow_before, carried = key, None, model
    for index in (1, 2):
        x = 2.2 + 5.4 * index
        frame = drawing.box(x, 1.3, f"frame {index}", width=2.6)
        text = "flow and trust" if index == 1 else "flow and trust, joined"
        flow = drawing.box(x, 2.5, text, "optical flow", 3.6)
        moved = drawing.box(x, 3.7, "warp scores of 0", "operation", 3.2)
        text = "update branch (optional)"
        fused = drawing.box(x, 4.9, text, "light network", 4.2)
        labels = drawing.box(x, 6.1, f"labels {index}", width=2.6)
        drawing.chain(frame, flow, moved, fused, labels)
        drawing.arrow(previous, flow)
        if flow_before:
            drawing.arrow(flow_before, flow)
        drawing.arrow(carried, moved)
        previous, flow_before, carried = frame, flow, moved
    return drawing


def smoothing():
    """Steady labels: the mean of the scores along the flow."""
    drawing = Drawing(15.6, 5.8)
    before = previous = None
    for index in range(3):
        x = 2.2 + 5.3 * index
        frame = drawing.box(x, 1.3, f"frame {index}", width=2.4)
        model = drawing.box(x, 2.5, "any model", "deep network", 2.4)
        mixed = drawing.box(x, 3.7, "weighted mean", "operation", 2.8)
        labels = drawing.box(x, 4.9, f"labels {index}", width=2.4)
        drawing.chain(frame, model, mixed, labels)
        if before:
            flow = drawing.box(x - 2.65, 2.5, "flow", "optical flow", 1.3)
            warp = drawing.box(x - 2.65, 3.7, "warp", "operation", 1.3)
            drawing.arrow(previous, flow)
            drawing.arrow(frame, flow)
            drawing.chain(flow, warp)
            drawing.arrow(before, warp)
            drawing.arrow(warp, mixed)
        before, previous = mixed, frame
    return drawing


FIGURES = (
    step,
    per_frame,
    dff,
    accel,
    pspnet,
    pidnet,
    tdnet,
    propagation,
    smoothing,
)


def draw(folder=FOLDER):
    """Writes all figures into a folder."""
    settings = {
        "svg.hashsalt": "accel-tf",
        "svg.fonttype": "none",  # Text as text: a fifth of the size.
        "font.family": "sans-serif",
    }
    with matplotlib.rc_context(settings):
        for figure in FIGURES:
            figure().save(figure.__name__, folder)


if __name__ == "__main__":
    draw()
