"""Drawn clips whose class no single frame tells.

A bright shape lies on a dark ground and moves, or changes its colour; what
leaves a frame on one side comes in on the other. Where the shape is, its colour
and how all looks has the same distribution in each frame of every class, so
only what happens from frame to frame tells the classes apart. Played
backwards, a clip is one of the class beside its own.
"""

import dataclasses

import numpy as np

__all__ = ["MOTION_CLASSES", "motion_clip", "motion_clips"]

MOTION_CLASSES = (
    "moves left",
    "moves right",
    "moves up",
    "moves down",
    "speeds up",
    "slows down",
    "red to green to blue",
    "blue to green to red",
)
"""Names of the classes, in their order: direction, speed, order of events."""

_DIRECTIONS = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
_SHAPES = 3
_PAINTS = np.array([(225, 50, 50), (50, 225, 50), (50, 50, 225)])
# What a shape goes through in a clip: in sides of the frame, and in colours.
_PATH = 0.5, 0.8
_PAINTS_IN_CLIP = 4
_SLOW_START = 0.1  # of its speed in the middle


def motion_clips(count, frames=8, size=32, seed=0):
    """Draws clips of all classes, as many of each as fit.

    Args:
        count: clips.
        frames: of a clip, 3 or more; what happens takes the whole clip, so
            the more there are, the less there is from one to the next.
        size: height and width of the frames, in pixels, 16 or more.
        seed: int from 0; equal ones give equal clips.

    Returns:
        `(clips, classes)`: uint8 `[count, frames, size, size, 3]`, RGB, and
        int64 `[count]`, indices into `MOTION_CLASSES`, in random order.

    Raises:
        ValueError: if a number is out of range.
    """
    if count < 1:
        raise ValueError(f"count must be 1 clip or more, not {count}")
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.arange(count) % len(MOTION_CLASSES))
    clips = [motion_clip(label, frames, size, rng) for label in classes]
    return np.stack(clips), classes


def motion_clip(label, frames, size, rng):
    """Draws one clip.

    Args:
        label: index into `MOTION_CLASSES`.
        frames, size: as of `motion_clips`.
        rng: `numpy.random.Generator`.

    Returns:
        uint8 `[frames, size, size, 3]`, RGB.

    Raises:
        ValueError: if a number is out of range.
    """
    if frames < 3:
        raise ValueError(f"clips need 3 frames or more, not {frames}")
    if size < 16:
        raise ValueError(f"frames need a size of 16 or more, not {size}")
    scene = draw_scene(rng)
    return render(scene, *track(scene, label, frames), size)


@dataclasses.dataclass(frozen=True)
class Scene:
    """What is drawn at random for a clip, whatever its class.

    Attributes:
        place: (x, y) of the shape in the middle of the clip, 0..1.
        direction: 0 to 3, where the class says none.
        path: how far the shape moves, in sides of the frame.
        phase: 0..3, which paint there is in the middle of the clip, and for
            how long it has been.
        shape: 0 circle, 1 square, 2 triangle.
        radius: of the shape, in sides of the frame.
        paints: red, green and blue of this clip, 0..255 `[3, 3]`.
        ground: colour of the ground, 0..255 `[3]`.
        waves: `[2, 3]` of the ground: times that each of two waves goes
            across and down, and where it starts.
    """

    place: np.ndarray
    direction: int
    path: float
    phase: float
    shape: int
    radius: float
    paints: np.ndarray
    ground: np.ndarray
    waves: np.ndarray


def draw_scene(rng):
    """A `Scene` from a `numpy.random.Generator`."""
    return Scene(
        place=rng.uniform(0, 1, 2),
        direction=int(rng.integers(4)),
        path=rng.uniform(*_PATH),
        phase=rng.uniform(0, len(_PAINTS)),
        shape=int(rng.integers(_SHAPES)),
        radius=rng.uniform(0.16, 0.22),
        paints=_PAINTS + rng.uniform(-30, 30, (3, 3)),
        ground=rng.uniform(20, 80, 3),
        waves=np.column_stack(
            [rng.integers(-2, 3, (2, 2)), rng.uniform(0, 1, 2)]
        ),
    )


def track(scene, label, frames):
    """Where the shape is in every frame, and in which paint.

    Args:
        scene: `Scene`.
        label: index into `MOTION_CLASSES`.
        frames: of the clip.

    Returns:
        `(places, paints)`: float `[frames, 2]`, (x, y) from 0 to 1, and int
        `[frames]`: 0 red, 1 green, 2 blue.
    """
    # From -0.5 to 0.5 over the clip; backwards, the same with another sign.
    time = np.linspace(-0.5, 0.5, frames)
    phase, way, direction = np.zeros(frames), np.zeros(frames), scene.direction
    name = MOTION_CLASSES[label]
    if name.startswith("moves"):
        way, direction = time, label
    elif name == "speeds up":
        way = _faster(time)
    elif name == "slows down":
        way = -_faster(-time)
    else:
        forwards = name.startswith("red")
        phase = _PAINTS_IN_CLIP * (time if forwards else -time)
    steps = np.outer(scene.path * way, _DIRECTIONS[direction])
    paints = np.floor(scene.phase + phase).astype(int) % len(_PAINTS)
    return (scene.place + steps) % 1, paints


def _faster(time):
    """The way by a speed that grows evenly from little to nearly twice."""
    growth = 1 - _SLOW_START
    return time + growth * (time**2 - 0.25)


def render(scene, places, paints, size):
    """Draws the frames of a clip.

    Args:
        scene: `Scene`.
        places, paints: from `track`.
        size: height and width, in pixels.

    Returns:
        uint8 `[frames, size, size, 3]`, RGB.
    """
    axis = (np.arange(size) + 0.5) / size
    across, down, starts = scene.waves.T[..., None, None]
    turns = across * axis + down * axis[:, None] + starts
    waves = np.sin(2 * np.pi * turns).sum(0)[..., None]
    ground = scene.ground + 10 * waves
    # The shorter way around, on each axis.
    x, y = (axis - places.T[..., None] + 0.5) % 1 - 0.5
    outside = _distance(scene, x[:, None], y[:, :, None])
    cover = np.clip(0.5 - outside * size, 0, 1)[..., None]
    paint = scene.paints[paints][:, None, None]
    return np.rint(ground + cover * (paint - ground)).astype(np.uint8)


def _distance(scene, x, y):
    """How far a point is outside the shape, about; all are as large."""
    if scene.shape == 0:
        return np.hypot(x, y) - scene.radius
    if scene.shape == 1:
        return np.maximum(abs(x), abs(y)) - 0.886 * scene.radius
    return np.maximum(0.866 * abs(x) - 0.5 * y, y) - 0.778 * scene.radius
