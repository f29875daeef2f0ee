"""Write label images, whole or not at all."""

import json
import os
import pathlib
import shutil
import struct
import zlib

import numpy as np

from accel_tf.data import label_maps
from accel_tf.video.whole_output import WholeOutput

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class LabelWriter(WholeOutput):
    """Writes label images as 8-bit palette PNGs 000000.png, 000001.png, ...

    Where every class is one of Cityscapes, pixels hold Cityscapes label ids
    (road = 7, ...; 255 becomes 0, unlabeled) in Cityscapes' colours;
    otherwise the class indices of the label map (255 stays) in its colours.
    `classes.json` beside the images states the name of each value:
    `{"7": "road", ...}`.

    The folder appears when the block ends normally or with KeyboardInterrupt
    (then with the images so far); after any other exception it is untouched.

    Args:
        directory: Target folder; absent or empty, its parent must exist.
        label_map: The `LabelMap` of the labels.

    Raises:
        FileNotFoundError: The parent folder does not exist.
        FileExistsError: `directory` is a file or not empty.
        OSError: The parent folder cannot be written to.
        ValueError: On leaving the block, no image was written.
    """

    def __init__(self, directory, label_map):
        super().__init__(pathlib.Path(directory).resolve())
        if self._target.exists():
            if not self._target.is_dir() or any(self._target.iterdir()):
                raise FileExistsError(
                    f"{directory} exists and is not an empty folder; give the "
                    f"name of a new or empty one"
                )
            # Found out now rather than after hours of work.
            if self._target.is_mount():
                raise FileExistsError(
                    f"{directory} is a mount point, which cannot be renamed; "
                    f"give the name of a folder inside it"
                )
        self._count = count = len(label_map)
        ids = label_map.cityscapes_ids()
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

    def write(self, labels):
        """Writes the next image from class indices, uint8 `[height, width]`.

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
        if highest > self._count:
            raise ValueError(
                f"label {highest - 1} of image {self.frames_written} is no "
                f"class; labels are 0 to {self._count - 1}, or "
                f"{label_maps.IGNORE} for none"
            )
        data = palette_png(self._values[labels], self._palette)
        self._next_image().write_bytes(data)
        self.frames_written += 1

    def _next_image(self):
        return self._partial / f"{self.frames_written:06d}.png"

    def _open(self):
        self._partial = self._target.with_name(f".{self._target.name}.partial")
        # What a killed process left behind.
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir()

    def _publish(self):
        # An interrupt may have stopped the next image half-way.
        self._next_image().unlink(missing_ok=True)
        text = json.dumps(self._classes, indent=2, ensure_ascii=False)
        (self._partial / "classes.json").write_text(f"{text}\n", "utf-8")
        if self._target.exists():
            self._target.rmdir()  # Empty; Windows does not rename over it.
        os.replace(self._partial, self._target)

    def _remove_partial(self):
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None


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
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes())),
        (b"IEND", b""),
    )
    return _PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
