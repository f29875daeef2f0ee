"""A drive along a procedural street, frame by frame."""

import dataclasses
import math

import numpy as np

from accel_tf.data.streets.camera import Camera
from accel_tf.data.streets.render import View
from accel_tf.data.streets.scene import StreetScene
from accel_tf.data.streets.shading import Shader

_SMALLEST = 16


@dataclasses.dataclass(frozen=True)
class StreetFrame:
    """One frame of a street sequence.

    Attributes:
        image: uint8 [height, width, 3], RGB.
        labels: uint8 [height, width], indices into `CLASS_NAMES`.
        flow: float32 [height, width, 2], channels (dx, dy) in pixels: where
            the point seen at a pixel was in the previous frame, minus where it
            is in this one. Sampling the previous frame at (x + dx, y + dy)
            reconstructs this one.
        visible: bool [height, width]; that point lay inside the previous
            image and nothing hid it.
    """

    image: np.ndarray
    labels: np.ndarray
    flow: np.ndarray
    visible: np.ndarray


class StreetSequence:
    """The frames of one drive; iterable, indexable, as often as wanted.

    See `sequence`.
    """

    def __init__(
        self,
        seed,
        height,
        width,
        length,
        frame_rate=15.0,
        light=None,
        place=None,
        drive=None,
    ):
        for name, value, least in (
            ("seed", seed, 0),
            ("height", height, _SMALLEST),
            ("width", width, _SMALLEST),
            ("length", length, 1),
        ):
            if not isinstance(value, int | np.integer) or value < least:
                raise ValueError(
                    f"{name} must be an integer of at least {least}, "
                    f"got {value!r}"
                )
        if not (math.isfinite(frame_rate) and frame_rate > 0):
            raise ValueError(
                f"frame_rate must be a positive number, got {frame_rate!r}"
            )
        self.seed = int(seed)
        self.height, self.width = int(height), int(width)
        self.frame_rate = float(frame_rate)
        self._length = int(length)
        self._scene = StreetScene(self.seed, light, place, drive)
        self._last_view = (None, None)

    def __len__(self):
        return self._length

    def __iter__(self):
        return (self[index] for index in range(self._length))

    def __getitem__(self, index):
        """The `StreetFrame` at an index; cheapest in ascending order."""
        if not -self._length <= index < self._length:
            raise IndexError(
                f"frame {index} of a sequence of {self._length} frames"
            )
        index %= self._length
        previous, view = self._view(index - 1), self._view(index)
        shader = Shader(
            view,
            self._scene.light,
            self._scene.sun_blocking(index / self.frame_rate),
        )
        image = shader.image(np.random.default_rng([self.seed, 99, index]))
        flow, visible = view.flow(previous)
        labels = view.surfaces["label"][view.index[0, :-1, :-1]]
        return StreetFrame(image, labels, flow, visible)

    def _view(self, index):
        if self._last_view[0] != index:
            time = index / self.frame_rate
            before = (index - 1) / self.frame_rate
            camera = Camera.at(
                self._scene.camera, time, self.height, self.width
            )
            view = View(self._scene.surfaces(time, before), camera)
            self._last_view = (index, view)
        return self._last_view[1]


def street_sequence(
    seed,
    height,
    width,
    length,
    frame_rate=15.0,
    light=None,
    place=None,
    drive=None,
):
    """A drive along a procedural street.

    The street depends on the seed only: at another size the same world is seen
    by the same camera, and a frame does not depend on the number of frames
    after it. Before the first frame the drive has already begun, so that frame
    has flow, too.

    Args:
        seed: non-negative int; which street.
        height, width: size of the frames, at least 16 pixels each.
        length: number of frames, at least 1.
        frame_rate: frames per second.
        light: `"day"` (sunshine) or `"dusk"`; `None` is up to the seed.
        place: `"city"` (tall houses, wall to wall) or `"country"` (gardens
            and trees); `None` is up to the seed.
        drive: `"stop-and-go"` stops every few seconds and turns in between;
            `None` does neither.

    Returns:
        A `StreetSequence` of `StreetFrame`s.

    Raises:
        ValueError: an argument is outside its range.
    """
    return StreetSequence(
        seed, height, width, length, frame_rate, light, place, drive
    )
