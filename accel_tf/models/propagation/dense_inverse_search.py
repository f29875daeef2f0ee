"""Optical flow by OpenCV, in the place of a flow network."""

import functools
import re
import threading

import keras
import numpy as np
from keras import ops

from accel_tf import optional
from accel_tf.ops.host import call_on_host
from accel_tf.ops.resample import resample_flow

PRESETS = ("ultrafast", "fast", "medium")
# Below this OpenCV has no pyramid to search.
_LEAST_SIDE = 16


@keras.saving.register_keras_serializable(package="accel_tf")
class DenseInverseSearch(keras.layers.Layer):
    """Dense inverse search (DIS) on greyscale frames of reduced size.

    Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV
    2016, as OpenCV has it. It needs no training and a few milliseconds. It
    runs on the processor, outside of the graph: gradients end here, and a
    model with it cannot be exported.

    Called on `[current, previous]`, both from `observe`; gives float32
    `[B, ceil(H / output_stride), ceil(W / output_stride), 2]`, (dx, dy) in
    pixels of that stride: where in `previous` the content of a pixel of
    `current` was.

    Args:
        preset: "ultrafast", "fast" or "medium".
        divisor: by which both sides of a frame are divided; 2 takes a
            quarter of the time. "medium" with 2 moves labels as exactly as
            "fast" with 1, and less so than "medium" with 1.
        output_stride: of the flow; at least `divisor`.

    Raises:
        ValueError: if an argument is none of these.
        ImportError: if OpenCV is not installed.
    """

    runs_on_host = True

    def __init__(self, preset="medium", divisor=1, output_stride=1, **kwargs):
        super().__init__(**kwargs)
        optional.cv2()
        if preset not in PRESETS:
            raise ValueError(
                f"dense inverse search has the presets {', '.join(PRESETS)}, "
                f"not {preset!r}."
            )
        for name, value in (("divisor", divisor), ("stride", output_stride)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"the {name} of dense inverse search must be a whole "
                    f"number, 1 or more, not {value!r}."
                )
        self.preset = preset
        self.divisor = divisor
        self.output_stride = output_stride
        self.built = True

    @classmethod
    def from_text(cls, text, **kwargs):
        """From `dis`, `dis:PRESET` or `dis:PRESET:DIVISOR`.

        Raises:
            ValueError: if the text is none of these.
        """
        match = re.fullmatch(r"dis(?::([a-z]+)(?::(\d+))?)?", text)
        if not match:
            raise ValueError(
                f"{text!r} is no flow; give dis, dis:PRESET or "
                f"dis:PRESET:DIVISOR, such as dis:{PRESETS[1]}:2."
            )
        if match[1]:
            kwargs["preset"] = match[1]
        if match[2]:
            kwargs["divisor"] = int(match[2])
        return cls(**kwargs)

    @property
    def observed_stride(self):
        """Frame pixels per pixel of what `observe` gives."""
        return self.divisor

    def observe(self, frame):
        """What is remembered of a frame until the next.

        Args:
            frame: RGB 0..255 `[B, H, W, 3]`.

        Returns:
            uint8 `[B, ceil(H / divisor), ceil(W / divisor), 1]`, grey.
        """
        batch, height, width = ops.shape(frame)[:3]
        rows = (height + self.divisor - 1) // self.divisor
        columns = (width + self.divisor - 1) // self.divisor
        return call_on_host(
            functools.partial(_grey, divisor=self.divisor),
            [frame],
            (batch, rows, columns, 1),
            "uint8",
        )

    def observed_shape(self, height, width):
        """Shape and dtype of `observe` for one frame of that size."""
        rows, columns = (-(-side // self.divisor) for side in (height, width))
        return (rows, columns, 1), "uint8"

    def call(self, images):
        current, previous = images
        batch, height, width = ops.shape(current)[:3]
        flow = call_on_host(
            functools.partial(_search, self.preset),
            [current, previous],
            (batch, height, width, 2),
        )
        step = self.output_stride / self.divisor
        size = [
            -(-side * self.divisor // self.output_stride)
            for side in (height, width)
        ]
        if step == 1:
            return flow
        return resample_flow(flow, self.divisor, self.output_stride, size)

    def multiply_adds(self, height, width):
        """None: its work is not of this kind."""
        return 0

    def get_config(self):
        return {
            **super().get_config(),
            "preset": self.preset,
            "divisor": self.divisor,
            "output_stride": self.output_stride,
        }


def _grey(frames, divisor):
    cv2 = optional.cv2()
    if frames.dtype != np.uint8:
        frames = np.clip(np.rint(frames), 0, 255).astype("uint8")
    height, width = frames.shape[1:3]
    missing = -height % divisor, -width % divisor
    greys = []
    for frame in frames:
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        if any(missing):
            grey = cv2.copyMakeBorder(
                grey, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE
            )
        if divisor > 1:
            size = grey.shape[1] // divisor, grey.shape[0] // divisor
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        greys.append(grey)
    return np.stack(greys)[..., None]


def _search(preset, current, previous):
    """Backward flow of each pair of a batch."""
    height, width = current.shape[1:3]
    # Small images get a margin, whose flow is cut off again.
    margin = [max(_LEAST_SIDE - side, 0) for side in (height, width)]
    if any(margin):
        widths = (0, 0), (0, margin[0]), (0, margin[1]), (0, 0)
        current, previous = (
            np.pad(images, widths, "edge") for images in (current, previous)
        )
    search = _searcher(preset, current.shape[1:3], threading.get_ident())
    flows = [
        search.calc(now[..., 0], before[..., 0], None)
        for now, before in zip(current, previous, strict=True)
    ]
    return np.stack(flows)[:, :height, :width]


@functools.lru_cache(maxsize=32)
def _searcher(preset, size, thread):
    """Of a thread: it holds the pyramids that it works on.

    And of a size: OpenCV's keeps the fewer scales that smaller images had.
    """
    cv2 = optional.cv2()
    name = f"DISOPTICAL_FLOW_PRESET_{preset.upper()}"
    return cv2.DISOpticalFlow_create(getattr(cv2, name))
