"""What models in another runtime than TensorFlow have in common."""

import abc
import dataclasses

from accel_tf.messages import note, one_line
from accel_tf.processor import note_of_slow_bfloat16


@dataclasses.dataclass
class ModelInfo:
    """What is known of any model in another runtime.

    Attributes:
        name: of the model.
        runtime: one of `RUNTIMES`.
        precision: see `to_runtime`.
        parameters: number of the model's weights.
    """

    name: str
    runtime: str
    precision: str
    parameters: int


class RuntimeModel(abc.ABC):
    """Programs of a model, some for each size of what goes in.

    Args:
        info: `ModelInfo`.
        make_programs: function of a size, as numbers, that gives what there
            is for it, or raises a ValueError.
        known_sizes, threads: as the attributes.

    Attributes:
        info: as given.
        known_sizes: tuple of the sizes that there are programs for; `None`
            where they are made for any.
        threads: of the processor, for sizes of which nothing has been seen;
            `None` for as many as the runtime chooses.
    """

    def __init__(self, info, make_programs, known_sizes=None, threads=None):
        self.info = info
        self.known_sizes = known_sizes
        self.threads = threads
        self._make_programs = make_programs
        self._made = {}

    @property
    def name(self):
        return self.info.name

    @property
    @abc.abstractmethod
    def num_classes(self):
        """Classes of what comes out."""

    def count_params(self):
        """Weights of the model that the programs were made of."""
        return self.info.parameters

    def save(self, directory):
        """Writes the programs into a new folder, for `load_runtime`.

        Those of all sizes that have been seen or asked for.

        Args:
            directory: of the folder, which may exist if it is empty; it
                appears whole or not at all.

        Raises:
            ValueError: if there are no programs yet.
            OSError: if the folder exists or cannot be written.
        """
        if not self._made:
            raise ValueError(
                f"{self.name} has no programs yet: {self._how_to_make_some()}."
            )
        self._write(directory)

    @abc.abstractmethod
    def _how_to_make_some(self):
        """What to do to have programs, for a message."""

    @abc.abstractmethod
    def _write(self, directory):
        """Does what `save` does, where there are programs."""

    def _of_size(self, *size):
        """What there is for a size, made now if need be."""
        size = tuple(map(int, size))
        if size not in self._made:
            self._made[size] = self._make_programs(*size)
        return self._made[size]


def compile_program(program, threads, what):
    """What runs a program: a function from a list of arrays to such a list.

    Args:
        program: with `content`, what the runtime has of it, and `inputs` and
            `outputs`, lists of `Tensor`.
        threads: of the processor; `None` for as many as the runtime chooses.
        what: the program's name, for a message.

    Raises:
        ValueError: one line, if the runtime refuses it.
        ImportError: if the runtime is not installed.
    """
    try:
        return program.content.compile(program.inputs, program.outputs, threads)
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(
            f"the runtime refuses the program {what}: {one_line(error, 300)}"
        ) from error


def prepare_programs(
    programs,
    runtime="tensorflow",
    precision="float32",
    calibrate=None,
    threads=None,
    min_agreement=None,
    int8_report=None,
    interval=None,
):
    """Exported programs with what was chosen on the command line.

    Tells in one line where bfloat16 saves no time.

    Args:
        programs: a `RuntimeModel` from a folder.
        runtime, precision, calibrate, threads, min_agreement, int8_report:
            as for `accel_tf.runtimes.export.prepare_runtime`.
        interval: from one key frame to the next; without effect.

    Returns:
        `programs`.

    Raises:
        ValueError: one line, if they are not such.
    """
    info = programs.info
    if runtime not in ("tensorflow", info.runtime):
        raise ValueError(
            f"the exported programs are for {info.runtime}, not {runtime}; "
            "leave --runtime out, or export the model for it."
        )
    asks_for_int8 = (calibrate, min_agreement, int8_report) != (None,) * 3
    if precision not in ("float32", info.precision) or asks_for_int8:
        raise ValueError(
            f"the exported programs are in {info.precision} already; leave "
            "--precision, --calibrate, --min-agreement and --int8-report out."
        )
    if threads is not None:
        programs.threads = threads
    line = info.precision == "bfloat16" and note_of_slow_bfloat16(False)
    if line:
        note(line)
    return programs
