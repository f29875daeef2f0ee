"""What is odd about the frames and label images of a split."""

import collections
import dataclasses

import numpy as np

from accel_tf import optional
from accel_tf.browse.clips import UNKNOWN
from accel_tf.browse.views import View, longest_vector, view_of
from accel_tf.data.label_maps import IGNORE

KINDS = {
    "unreadable": "images that cannot be read",
    "frame_size": "frames of another size than the first of their clip",
    "label_size": "label images of another size than their frame",
    "label_without_frame": "label images of frames that are not there",
    "outside": "label images with values outside of the class list",
    "never": "classes that never occur",
    "unlabelled": "frames without a label",
    "black": "black frames",
    "constant": "frames of one colour",
    "duplicate": "frames like the one before",
    "length": "clips of uneven length",
    "skipped": "left out when the data set was built",
}
"""Kind of a fault -> what it is called."""

_PLACES, _VIEWS = 20, 4  # that are named, and shown, of one kind
# Grey levels, of the red, green or blue of a frame.
_BLACK = 24  # mean and twice the deviation
_CONSTANT = 2  # deviation
_BLOCK = 16  # pixels; two frames are alike if no block differs on average


@dataclasses.dataclass
class Fault:
    """All that is odd in one way.

    Attributes:
        kind: one of `KINDS`.
        split: its name, or `None` for the whole data set.
        count: how often it is there.
        total: of how many.
        detail: more about it, or an empty text.
        places: names of the first ones.
        views: `View`s of some of them.
    """

    kind: str
    split: str | None
    count: int = 0
    total: int = 0
    detail: str = ""
    places: list[str] = dataclasses.field(default_factory=list)
    views: list[View] = dataclasses.field(default_factory=list)

    def __str__(self):
        text = KINDS[self.kind]
        if self.kind != "length":
            text += f": {self.count}"
            text += f" of {self.total}" if self.total else ""
        return f"{text} ({self.detail})" if self.detail else text


class SplitCheck:
    """Counts what the clips of a split hold, and finds faults.

    Args:
        split: its name.
        label_map: `LabelMap` of the classes.

    Attributes:
        split: as above.
        lengths: frames of every clip.
        labels: number of label images.
        sizes: how many frames there are of each `(height, width)`.
        pixels: labelled with each class; int64 `[classes]`.
        images: label images that show each class; int64 `[classes]`.
        ignored: pixels of label images that count for no class.
    """

    def __init__(self, split, label_map):
        self.split = split
        self.lengths = []
        self.labels = 0
        self.sizes = collections.Counter()
        self.pixels = np.zeros(len(label_map), np.int64)
        self.images = np.zeros(len(label_map), np.int64)
        self.ignored = 0
        self._label_map = label_map
        self._strange = set()
        self._faults = {}

    def add(self, clip, positions=()):
        """Looks at all frames and label images of a clip.

        Args:
            clip: `Clip`.
            positions: indices of frames to show.

        Returns:
            A list of `View`, of the frames of `positions` that can be read.
        """
        self.lengths.append(len(clip.frames))
        for position in sorted(clip.labels.keys() - range(len(clip.frames))):
            self.labels += 1
            self._note("label_without_frame", f"{clip.name}, {position}")
        size = before = None
        longest = longest_vector(clip.flows)
        views = []
        for position, name in enumerate(clip.frame_names):
            place = f"{clip.name}, {name}"
            frame = self._read(place, lambda i=position: clip.frames[i])
            label = self._label(place, clip.labels.get(position))
            kinds = self._kinds_of_frame(frame, size, before)
            kinds += self._kinds_of_label(label, frame)
            if position not in clip.labels:
                kinds.append("unlabelled")
            view = None
            if position in positions or self._wants_view(kinds):
                flow = None if clip.flows is None else clip.flows[position]
                view = view_of(
                    place, frame, label, flow, self._label_map, longest
                )
            for kind in kinds:
                self._note(kind, place, view)
            if position in positions and view is not None:
                views.append(view)
            if frame is not None:
                size, before = size or frame.shape, frame
        return views

    def faults(self):
        """A list of `Fault`, of all clips so far, in the order of `KINDS`."""
        frames = sum(self.lengths)
        totals = {
            "unreadable": frames + self.labels,
            "label_size": self.labels,
            "label_without_frame": self.labels,
            "outside": self.labels,
        }
        for kind, fault in self._faults.items():
            fault.total = totals.get(kind, frames)
        found = dict(self._faults)
        if "outside" in found:
            strange = sorted(
                self._strange, key=lambda x: (isinstance(x, tuple), x)
            )
            found["outside"].detail = _few(strange)
        if self.labels and (self.pixels == 0).any():
            found["never"] = self._never()
        if len(set(self.lengths)) > 1:
            found["length"] = self._uneven()
        return [found[kind] for kind in KINDS if kind in found]

    def _never(self):
        names = [
            self._label_map.names[i] for i in np.flatnonzero(self.images == 0)
        ]
        count, total = len(names), len(self._label_map)
        detail = _few(names)
        return Fault("never", self.split, count, total, detail, names)

    def _uneven(self):
        (_, usual), *_ = collections.Counter(self.lengths).most_common()
        count, total = len(self.lengths) - usual, len(self.lengths)
        detail = f"{min(self.lengths)} to {max(self.lengths)} frames"
        return Fault("length", self.split, count, total, detail)

    def _read(self, place, read):
        try:
            return read()
        except (ValueError, OSError) as error:
            self._note("unreadable", f"{place}: {error}")
            return None

    def _label(self, place, read):
        if read is None:
            return None
        self.labels += 1
        label = self._read(place, read)
        if label is not None:
            # One more than the class, as UNKNOWN is below 0.
            counts = np.bincount(label.classes.ravel() + 1, minlength=257)
            of_classes = counts[1 : len(self.pixels) + 1]
            self.pixels += of_classes
            self.images += of_classes > 0
            self.ignored += int(counts[IGNORE + 1] + counts[UNKNOWN + 1])
            self._strange.update(label.strange)
        return label

    def _kinds_of_frame(self, frame, size, before):
        if frame is None:
            return []
        self.sizes[frame.shape[:2]] += 1
        kinds = []
        if size is not None and frame.shape != size:
            kinds.append("frame_size")
        mean, deviation = optional.cv2().meanStdDev(frame)
        if (mean + 2 * deviation).max() < _BLACK:
            kinds.append("black")
        elif deviation.max() < _CONSTANT:
            kinds.append("constant")
        if before is not None and _are_alike(frame, before):
            kinds.append("duplicate")
        return kinds

    def _kinds_of_label(self, label, frame):
        if label is None:
            return []
        kinds = []
        if frame is not None and label.classes.shape != frame.shape[:2]:
            kinds.append("label_size")
        if label.strange:
            kinds.append("outside")
        return kinds

    def _wants_view(self, kinds):
        return any(
            kind != "unlabelled"
            and (
                kind not in self._faults
                or len(self._faults[kind].views) < _VIEWS
            )
            for kind in kinds
        )

    def _note(self, kind, place, view=None):
        fault = self._faults.setdefault(kind, Fault(kind, self.split))
        fault.count += 1
        if len(fault.places) < _PLACES:
            fault.places.append(place)
        if view is not None and kind != "unlabelled":
            if len(fault.views) < _VIEWS:
                fault.views.append(view)


def _are_alike(one, other):
    """Whether no part of two frames differs but by noise."""
    if one.shape != other.shape:
        return False
    cv2 = optional.cv2()
    height, width = one.shape[:2]
    blocks = max(1, width // _BLOCK), max(1, height // _BLOCK)
    difference = cv2.absdiff(one, other)
    # Rounds the mean of a block: half a grey level is noise.
    return not cv2.resize(
        difference, blocks, interpolation=cv2.INTER_AREA
    ).any()


def _few(names, most=12):
    text = ", ".join(map(str, names[:most]))
    return text + (f" and {len(names) - most} more" if names[most:] else "")
