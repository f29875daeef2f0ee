"""A clip classifier whose programs run in another runtime than TensorFlow."""

import dataclasses

import numpy as np

from accel_tf.data.frame_steps import UNKNOWN
from accel_tf.runtimes.model import ModelInfo, RuntimeModel, compile_program


@dataclasses.dataclass
class ClassifierInfo(ModelInfo):
    """What is known of a clip classifier in another runtime.

    Attributes: those of `ModelInfo`, and
        class_names: of the classes, in their order.
        frames: of the clips that the weights are trained on.
        crop_size: height and width in pixels of their frames.
        frame_step: as of `ClipClassifier`.
    """

    class_names: tuple
    frames: int
    crop_size: int
    frame_step: float | str | None = UNKNOWN


@dataclasses.dataclass
class ClipProgram:
    """The program for clips of one size.

    Attributes:
        inputs: list of the one `Tensor`, `clip`.
        outputs: list of the one `Tensor`, `logits`, by position.
        content: what the runtime has of it, one of `RUNTIMES`.
        multiply_adds: of the model, for such a clip.
    """

    inputs: list
    outputs: list
    content: object
    multiply_adds: int


class RuntimeClassifier(RuntimeModel):
    """A `ClipClassifier` in another runtime.

        model = accel_tf.runtimes.to_runtime(
            accel_tf.fuse_for_inference(model), "openvino"
        )
        probabilities = model.probabilities(clip)

    From `to_runtime` or `load_runtime`. There is a program for each number
    and size of frames; after `to_runtime` it is made when the first such clip
    comes. The programs take whole clips; a live video goes through the
    model that they were made of. A size is `(frames, height, width)`.

    Args:
        info: `ClassifierInfo`.
        make_program: function of frames, height and width that gives the
            `ClipProgram`, or raises a ValueError.
        known_sizes, threads: as of `RuntimeModel`.

    Attributes:
        info, known_sizes, threads: as of `RuntimeModel`.
        programs: dict of `(frames, height, width)` -> `ClipProgram`, of
            those made.
    """

    def __init__(self, info, make_program, known_sizes=None, threads=None):
        super().__init__(info, make_program, known_sizes, threads)
        self._runs = {}

    @property
    def programs(self):
        return self._made

    @property
    def class_names(self):
        return self.info.class_names

    @property
    def num_classes(self):
        return len(self.info.class_names)

    @property
    def frames(self):
        return self.info.frames

    @property
    def crop_size(self):
        return self.info.crop_size

    @property
    def frame_step(self):
        return self.info.frame_step

    def multiply_adds(self, height, width, frames=None):
        """As of the model that the programs were made of.

        Raises:
            ValueError: if there is no program for that size.
        """
        return self.program(frames or self.frames, height, width).multiply_adds

    def __call__(self, clip):
        """Logits of clips.

        Args:
            clip: uint8 RGB `[B, T, H, W, 3]`; or the frames of one clip, a
                list of `[H, W, 3]`.

        Returns:
            float32 array `[B, classes]`, as of the model.

        Raises:
            ValueError: if it is none, or there is no program for its size.
        """
        return self.logits_by_position(clip).mean(axis=(1, 2))

    def probabilities(self, clip):
        """Probabilities of clips, as `ClipClassifier.probabilities`.

        Args, Raises: as of a call.

        Returns:
            float32 array `[B, classes]`.
        """
        logits = self.logits_by_position(clip)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        shares = powers / powers.sum(axis=-1, keepdims=True)
        return shares.mean(axis=(1, 2))

    def logits_by_position(self, clip):
        """As `ClipClassifier.logits_by_position`.

        Args, Raises: as of a call.

        Returns:
            float32 array `[B, rows, columns, classes]`.
        """
        clip = self._checked(clip)
        size = clip.shape[1:4]
        program = self.program(*size)
        if size not in self._runs:
            self._runs[size] = compile_program(
                program, self.threads, "x".join(map(str, size))
            )
        # Copies, as a runtime may use its memory again.
        return np.concatenate(
            [np.array(self._runs[size]([each])[0]) for each in clip[:, None]]
        )

    def program(self, frames, height, width):
        """The `ClipProgram` for clips of a size.

        Raises:
            ValueError: if there is none for that size.
        """
        return self._of_size(frames, height, width)

    def compile_probabilities(self):
        """`probabilities`, as `classify_video` calls it."""
        return self.probabilities

    def _how_to_make_some(self):
        return "give it a clip, or call program(frames, height, width)"

    def _write(self, directory):
        from accel_tf.runtimes.saved_classifier import save_classifier

        save_classifier(self, directory)

    def _checked(self, clip):
        if isinstance(clip, list | tuple):
            shapes = {np.shape(frame) for frame in clip}
            if len(shapes) != 1:
                raise ValueError(
                    "a clip is a list of frames uint8 [H, W, 3] of one size, "
                    f"got {len(clip)} frames of {len(shapes)} sizes."
                )
            clip = np.stack(clip)[None]
        clip = np.ascontiguousarray(clip)
        if (
            clip.dtype != np.uint8
            or clip.ndim != 5
            or clip.shape[-1] != 3
            or 0 in clip.shape
        ):
            raise ValueError(
                f"a program of {self.info.runtime} takes clips uint8 "
                f"[B, T, H, W, 3], got {clip.dtype} {list(clip.shape)}."
            )
        return clip
