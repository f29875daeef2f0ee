"""A segmenter whose steps run in another runtime than TensorFlow."""

import dataclasses

import numpy as np


@dataclasses.dataclass
class RuntimeInfo:
    """What is known of a model in another runtime.

    Attributes:
        name: of the model.
        runtime: one of `RUNTIMES`.
        precision: see `to_runtime`.
        uses_key_frames: of the model.
        parameters: number of the model's weights.
        label_map: `accel_tf.data.LabelMap`.
        trained_size: of the model; `None` if unknown.
    """

    name: str
    runtime: str
    precision: str
    uses_key_frames: bool
    parameters: int
    label_map: object
    trained_size: tuple | None = None


class RuntimeSegmenter:
    """What `VideoStream`, evaluation and `segment_video` ask of a model.

    From `to_runtime` or `load_runtime`. There is a set of programs for each
    size of the frames; after `to_runtime` they are made when the first frame
    of that size comes.

    Args:
        info: `RuntimeInfo`.
        make_programs: function of height and width that gives the
            `SizePrograms`, or raises a ValueError.
        known_sizes, threads: as the attributes.

    Attributes:
        info: as given.
        sizes: dict of `(height, width)` -> `SizePrograms`, of those made.
        known_sizes: tuple of the `(height, width)` that there are programs
            for; `None` where they are made for any.
        threads: of the processor, for sizes of which no frame has been seen;
            `None` for as many as the runtime chooses.
    """

    runs_on_host = False

    def __init__(self, info, make_programs, known_sizes=None, threads=None):
        self.info = info
        self.known_sizes = known_sizes
        self.threads = threads
        self.sizes = {}
        self._make_programs = make_programs

    @property
    def name(self):
        return self.info.name

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

    def count_params(self):
        """Weights of the model that the programs were made of."""
        return self.info.parameters

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
        size = (int(height), int(width))
        if size not in self.sizes:
            self.sizes[size] = self._make_programs(*size)
            self.sizes[size].threads = self.threads
        return self.sizes[size]

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

    def save(self, directory):
        """Writes the programs into a new folder, for `load_runtime`.

        Those of all sizes of which frames have been seen; call `programs`
        for further ones.

        Args:
            directory: of the folder, which may exist if it is empty; it
                appears whole or not at all.

        Raises:
            ValueError: if there are no programs yet.
            OSError: if the folder exists or cannot be written.
        """
        from accel_tf.runtimes.saved import save_runtime

        save_runtime(self, directory)
