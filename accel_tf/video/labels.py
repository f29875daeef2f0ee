"""Write label images, whole or not at all."""

import json
import struct
import zlib

import numpy as np

from accel_tf.data import label_maps
from accel_tf.video.whole_output import FolderOutput

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class LabelWriter(FolderOutput):
    """Writes label images as 8-bit palette PNGs.

    Images are called like their frames where these have names, else
    000000.png, 000001.png, ... `classes.json` beside them states the name of
    each value: `{"7": "road", ...}`.

    The folder appears when the block ends normally, or with KeyboardInterrupt
    or `SourceLostError` (then with the images so far); after any other
    exception it is untouched.

    Args:
        directory: Target folder; absent or empty, its parent must exist.
        label_map: The `LabelMap` of the labels.
        label_ids: What pixels hold. `"cityscapes"`: Cityscapes' label ids
            (road = 7, ...; 255 becomes 0, unlabeled) in Cityscapes' colours.
            `"index"`: The class indices of the label map (255 stays) in its
            colours. `None`: The first if the classes are exactly the 19 of
            Cityscapes, else the second.

    Raises:
        FileNotFoundError: The parent folder does not exist.
        FileExistsError: `directory` is a file or not empty.
        OSError: The parent folder cannot be written to.
        ValueError: Cityscapes' ids are asked for and a class is none of
            theirs, or on leaving the block, no image was written.
    """

    def __init__(self, directory, label_map, label_ids=None):
        super().__init__(directory)
        self._count_of_classes = count = len(label_map)
        ids = _ids(label_map, label_ids)
        self._values = np.zeros(256, np.uint8)
        if ids is None:
            ids, ignore = np.arange(count), (label_maps.IGNORE, "ignore")
            self._palette = label_map.palette()
        else:
            ignore = (0, "unlabeled")
            self._palette = np.array(label_maps.CITYSCAPES_PALETTE, np.uint8)
        self._values[:count] = ids
        self._values[label_maps.IGNORE] = ignore[0]
        names = dict(zip(map(int, ids), label_map.names, strict=True))
        self._classes = dict(sorted({ignore[0]: ignore[1], **names}.items()))

    def write(self, labels, name=None):
        """Writes the next image.

        Args:
            labels: Class indices, uint8 `[height, width]`.
            name: Of the image without its ending; `None` for its number.

        Raises:
            ValueError: Another shape or dtype, or an index that is neither a
                class nor 255.
        """
        self._check_open()
        labels = np.asarray(labels)
        if labels.ndim != 2 or not labels.size or labels.dtype != np.uint8:
            raise ValueError(
                f"labels are uint8 of shape [height, width], not "
                f"{labels.dtype} of shape {labels.shape}"
            )
        # One more than the label, which makes IGNORE the lowest.
        highest = np.max(labels + np.uint8(1))
        if highest > self._count_of_classes:
            raise ValueError(
                f"label {highest - 1} of image {self.frames_written} is no "
                f"class; labels are 0 to {self._count_of_classes - 1}, or "
                f"{label_maps.IGNORE} for none"
            )
        data = palette_png(self._values[labels], self._palette)
        with self._naming():
            self._next_path(name, ".png").write_bytes(data)
        self._count()

    def _describe(self, folder):
        text = json.dumps(self._classes, indent=2, ensure_ascii=False)
        (folder / "classes.json").write_text(f"{text}\n", "utf-8")


def _ids(label_map, label_ids):
    """Cityscapes' id of every class, or `None` for class indices."""
    if label_ids == "index":
        return None
    if label_ids is None:
        # Of other classes somebody would take the numbers for their order.
        is_whole = label_map.names == label_maps.CITYSCAPES.names
        return label_map.cityscapes_ids() if is_whole else None
    if label_ids != "cityscapes":
        raise ValueError(
            f"label_ids must be cityscapes or index, not {label_ids!r}"
        )
    ids = label_map.cityscapes_ids()
    if ids is None:
        raise ValueError(
            "not all classes are Cityscapes', so their labels have no ids of "
            "Cityscapes; use label_ids index"
        )
    return ids


def palette_png(values, palette):
    """Encodes an 8-bit palette image as PNG (RFC 2083, colour type 3).

    Args:
        values: uint8 `[height, width]`, indices into the palette.
        palette: uint8 `[colours, 3]`, 1 to 256 RGB colours.

    Returns:
        The bytes of the PNG file.
    """
    height, width = values.shape
    # Every row begins with its filter type, and 0 (none) suits palettes.
    rows = np.pad(values, ((0, 0), (1, 0)))
    # Labels come in runs; to look for other repetitions takes twice the time.
    packer = zlib.compressobj(strategy=zlib.Z_RLE)
    data = packer.compress(rows.tobytes()) + packer.flush()
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", data),
        (b"IEND", b""),
    )
    return _PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
