"""What all programs that are none of Keras' have in common."""

import dataclasses

import numpy as np

from accel_tf.models.per_frame.array_grid import ArrayGrid
from accel_tf.models.per_frame.probe_network import fixed_grid

_SIZE = (256, 512)


class ForeignProgram:
    """A program from images to labels or scores, run on the processor.

    A subclass implements `call`, and says in its constructor what it takes.

    Args:
        kind: of the program, for messages, e.g. `"an ONNX file"`.
        normalization: `Normalization`.
        size: `(height, width)` to which frames are resized, or `None`.
        layout: `ImageLayout` with the batches and sizes that it takes, if
            these are not all.
        dtype: of its images, as in NumPy.

    Raises:
        ValueError: if it takes another size only.

    Attributes:
        kind, normalization, dtype: as given.
        size: `(height, width)` of the images that it gets; `None` for any.
        batch: of the only batches it takes, or `None`.
        gives_labels: whether it gives labels and not scores.
        channels: of its scores; `None` for labels.
        grid: `FrameGrid`.
    """

    def __init__(
        self, kind, normalization, size=None, layout=None, dtype="float32"
    ):
        self.kind = kind
        self.normalization = normalization
        self.size, self.batch = size, None
        if layout is not None:
            self.size, self.batch = layout.size or size, layout.batch
        if size not in (None, self.size):
            raise ValueError(
                f"{kind} takes images of {list(self.size)} pixels, not of "
                f"{list(size)}."
            )
        self.dtype = np.dtype(dtype)

    def call(self, images):
        """Runs the program.

        Args:
            images: NumPy `[B, H, W, 3]` of `dtype`, of sizes and batches
                that it takes.

        Returns:
            NumPy: labels `[B, H, W]` or scores `[B, h, w, classes]`.
        """
        raise NotImplementedError  # abstract

    def probe(self, output_stride=None, multiple_of=None):
        """Finds out by a run what it gives, and how large.

        Raises:
            ValueError: if that is neither labels nor scores.
        """
        size = self.size or tuple(
            -(-side // (multiple_of or 1)) * (multiple_of or 1)
            for side in _SIZE
        )
        result = self._checked(
            self.call(np.zeros((self.batch or 1, *size, 3), self.dtype)),
            self.batch or 1,
        )
        self.gives_labels = result.ndim == 3
        self.channels = None if self.gives_labels else result.shape[-1]
        if self.size:
            grid = fixed_grid(size, result.shape[1:3], output_stride)
            self.grid = ArrayGrid(**dataclasses.asdict(grid))
            return
        stride = max(1, size[0] // result.shape[1])
        if tuple(side * stride for side in result.shape[1:3]) != size:
            raise ValueError(
                f"{self.kind} gave {list(result.shape[1:3])} "
                f"{'labels' if self.gives_labels else 'scores'} for an image "
                f"of {list(size)} pixels: no whole number of pixels each."
            )
        if output_stride not in (None, stride):
            raise ValueError(
                f"output_stride is {output_stride}, but {self.kind} gives "
                f"stride {stride}."
            )
        multiple = multiple_of or stride
        if multiple % stride:
            raise ValueError(
                f"multiple_of must be a multiple of the stride {stride}, not "
                f"{multiple_of}."
            )
        self.grid = ArrayGrid(stride, multiple)

    def prepare(self, frame):
        """The image of a frame.

        Args:
            frame: NumPy `[B, H, W, 3]`, 0..255.
        """
        image = self.grid.image(self.normalization.array(frame))
        if self.dtype.kind in "iu" and image.dtype != self.dtype:
            limits = np.iinfo(self.dtype)
            image = np.round(self.quantized(np.asarray(image, np.float32)))
            image = np.clip(image, limits.min, limits.max)
        return np.asarray(image, self.dtype)

    def quantized(self, image):
        """For programs that take whole numbers."""
        return image

    def run(self, frame):
        """Labels or scores of a frame.

        Args:
            frame: NumPy `[B, H, W, 3]`, 0..255.

        Returns:
            NumPy: labels `[B, h, w]`, or float32 scores
            `[B, h, w, classes]`, at the stride of the grid.
        """
        image, size = self.prepare(frame), frame.shape[1:3]
        batch = self.batch or len(image)
        if len(image) % batch:
            raise ValueError(
                f"{self.kind} takes {batch} frames at once, not {len(image)}."
            )
        parts = [
            self._checked(self.call(image[start : start + batch]), batch)
            for start in range(0, len(image), batch)
        ]
        result = parts[0] if len(parts) == 1 else np.concatenate(parts)
        self._check_result(result, image.shape)
        if self.gives_labels:
            return self.grid.labels(result, size)
        return self.grid.scores(np.asarray(result, np.float32), size)

    def _checked(self, result, batch):
        result = np.asarray(result)
        form = result.ndim, result.dtype.kind
        is_known = form in ((3, "i"), (3, "u"), (3, "b"), (4, "f"))
        if not is_known or len(result) != batch or 0 in result.shape:
            raise ValueError(
                f"{self.kind} must give labels [B, H, W] of integers or "
                f"scores [B, h, w, classes], B being {batch}, not "
                f"{result.dtype} {list(result.shape)}."
            )
        return result

    def _check_result(self, result, image_shape):
        if self.size:
            return
        stride = self.grid.stride
        expected = (
            image_shape[0],
            *(side // stride for side in image_shape[1:3]),
        )
        if result.shape[:3] != expected or (
            (result.ndim == 3) != self.gives_labels
        ):
            raise ValueError(
                f"{self.kind} gave {result.dtype} {list(result.shape)} for "
                f"images {list(image_shape)}; for others it gave "
                f"{'labels' if self.gives_labels else 'scores'} at stride "
                f"{stride}."
            )
