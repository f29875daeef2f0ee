"""Programs in whole numbers, from those in float32 and some frames."""

import dataclasses

import keras
import numpy as np
import tqdm

from accel_tf.ops import resize_bilinear
from accel_tf.runtimes.steps import kind_of_step, split_state

LEAST_FRAMES = 10
# A stream starts anew after so many frames, with a key frame in the middle:
# warped features of every age, and every turn of a model that takes turns.
_PASS = 10
_INTERVAL = 5


def check_frames(frames):
    """Calibration frames as a list of arrays.

    Raises:
        ValueError: if there are too few, or one is no frame.
    """
    frames = [np.asarray(frame) for frame in frames]
    if len(frames) < LEAST_FRAMES:
        raise ValueError(
            f"calibration needs {LEAST_FRAMES} frames or more, got "
            f"{len(frames)}."
        )
    for frame in frames:
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(
                "calibration frames must be uint8 [H, W, 3], got "
                f"{frame.dtype} {list(frame.shape)}."
            )
    return frames


class Calibration:
    """What the float32 programs of one size are given, frame by frame.

    Shows on stderr how far it is, as a large model takes minutes.

    Args:
        programs: `SizePrograms` in float32, for OpenVINO.
        frames: list of uint8 `[H, W, 3]`.
        height: of the programs' frames, in pixels.
        width: of the programs' frames, in pixels.
    """

    def __init__(self, programs, frames, height, width):
        self._programs = programs
        self._frames = [_resized(frame, height, width) for frame in frames]
        self._size = f"{height}x{width}"
        self._samples = None

    def quantize(self, kind):
        """The int8 `Program` of a kind of step."""
        if self._samples is None:
            self._samples = self._run()
        program = self._programs.program(kind)
        feeds = [
            {
                tensor.name: array
                for tensor, array in zip(program.inputs, arrays, strict=True)
            }
            for arrays in self._samples[kind]
        ]
        description = f"int8 {self._size}, {kind}: {len(feeds)} frames"
        with tqdm.tqdm(
            total=1, desc=description, bar_format="{desc} [{elapsed}]"
        ):
            content = program.content.quantize(feeds)
        return dataclasses.replace(program, content=content)

    def _run(self):
        """dict of `Kind` -> list of what its program was given."""
        samples = {}
        frames = tqdm.tqdm(
            self._frames, desc=f"calibration {self._size}", unit=" frames"
        )
        for index, frame in enumerate(frames):
            if index % _PASS == 0:
                state = self._programs.initial_state
            is_key = index % _PASS % _INTERVAL == 0
            arrays, counters = split_state(state)
            kind = kind_of_step(
                self._programs.uses_key_frames, is_key, counters
            )
            before = self._programs.program(kind).state_before
            samples.setdefault(kind, []).append(
                [frame, *(arrays[name] for name in before)]
            )
            _, state = self._programs.step(frame, state, is_key)
        return samples


def _resized(frame, height, width):
    """uint8 `[1, height, width, 3]`."""
    frame = frame[None]
    if frame.shape[1:3] != (height, width):
        frame = resize_bilinear(frame.astype("float32"), (height, width))
        frame = np.round(keras.ops.convert_to_numpy(frame))
    return np.ascontiguousarray(frame, dtype=np.uint8)
