"""A segmenter whose steps run in another runtime than TensorFlow."""

import dataclasses

import numpy as np

from accel_tf.runtimes.model import ModelInfo, RuntimeModel


@dataclasses.dataclass
class RuntimeInfo(ModelInfo):
    """What is known of a segmenter in another runtime.

    Attributes: those of `ModelInfo`, and
        uses_key_frames: of the model.
        label_map: `accel_tf.data.LabelMap`.
        trained_size: of the model; `None` if unknown.
        key_frames_ask_state: of the model.
    """

    uses_key_frames: bool
    label_map: object
    trained_size: tuple | None = None
    key_frames_ask_state: bool = False


class RuntimeSegmenter(RuntimeModel):
    """What `VideoStream`, evaluation and `segment_video` ask of a model.

    From `to_runtime` or `load_runtime`. There is a set of programs for each
    size of the frames; after `to_runtime` they are made when the first frame
    of that size comes. A size is `(height, width)`.

    Args:
        info: `RuntimeInfo`.
        make_programs: function of height and width that gives the
            `SizePrograms`, or raises a ValueError.
        known_sizes, threads: as of `RuntimeModel`.

    Attributes:
        info, known_sizes, threads: as of `RuntimeModel`.
        sizes: dict of `(height, width)` -> `SizePrograms`, of those made.
    """

    runs_on_host = False

    @property
    def sizes(self):
        return self._made

    @property
    def label_map(self):
        return self.info.label_map

    @property
    def trained_size(self):
        return self.info.trained_size

    @property
    def num_classes(self):
        return len(self.info.label_map)

    @property
    def uses_key_frames(self):
        return self.info.uses_key_frames

    @property
    def key_frames_ask_state(self):
        return self.info.key_frames_ask_state

    def multiply_adds(self, height, width):
        """As of the model that the programs were made of.

        Raises:
            ValueError: if there are no programs for that size.
        """
        return dict(self.programs(height, width).multiply_adds)

    def initial_state(self, batch_size, height, width):
        """The state before the first frame.

        Returns:
            dict of name -> numpy array.

        Raises:
            ValueError: if `batch_size` is not 1, or there are no programs
                for that size.
        """
        if batch_size != 1:
            raise ValueError(
                f"a program of {self.info.runtime} takes one stream, not "
                f"{batch_size} side by side."
            )
        return dict(self.programs(height, width).initial_state)

    def programs(self, height, width):
        """The `SizePrograms` for frames of a size.

        Raises:
            ValueError: if there are none for that size.
        """
        is_new = (int(height), int(width)) not in self.sizes
        programs = self._of_size(height, width)
        if is_new:
            programs.threads = self.threads
        return programs

    def compile_step(self):
        """The step as `VideoStream` calls it.

        Returns:
            `step(frame, state, is_key) -> (labels, state)`: frame uint8
            `[1, H, W, 3]`, labels uint8 `[1, H, W]`, states as from
            `initial_state`. It raises a ValueError for other frames.
        """

        def step(frame, state, is_key):
            frame = np.ascontiguousarray(frame)
            if frame.dtype != np.uint8 or frame.ndim != 4 or len(frame) != 1:
                raise ValueError(
                    f"a program of {self.info.runtime} takes frames uint8 "
                    f"[1, H, W, 3], got {frame.dtype} {list(frame.shape)}."
                )
            programs = self.programs(*frame.shape[1:3])
            return programs.step(frame, state, bool(is_key))

        return step

    def _how_to_make_some(self):
        return "give it a frame, or call programs(height, width)"

    def _write(self, directory):
        from accel_tf.runtimes.saved import save_runtime

        save_runtime(self, directory)
