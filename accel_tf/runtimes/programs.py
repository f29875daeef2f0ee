"""The programs of a model for frames of one size, and running them."""

import dataclasses

from accel_tf.runtimes.model import compile_program
from accel_tf.runtimes.steps import join_state, kind_of_step, split_state

# More mean a counter that never repeats.
_MOST_PROGRAMS = 64


@dataclasses.dataclass
class Program:
    """The program of one `Kind` of step.

    Attributes:
        kind: the `Kind`.
        inputs: list of `Tensor`: `frame`, then `state_...`.
        outputs: list of `Tensor`: `labels`, then `next_...`, as far as the
            step changes it.
        counters: tuple of `(name, number)` of the state after the step.
        content: what the runtime has of it, see `accel_tf.runtimes.kinds`.
    """

    kind: object
    inputs: list
    outputs: list
    counters: tuple
    content: object

    @property
    def state_before(self):
        """Names of the state's arrays that go in, in order."""
        return [t.name.removeprefix("state_") for t in self.inputs[1:]]

    @property
    def state_after(self):
        """Names of the state's arrays that come out, in order."""
        return [t.name.removeprefix("next_") for t in self.outputs[1:]]


class SizePrograms:
    """All programs for frames of one size; compiled when first needed.

    Args:
        uses_key_frames: of the model.
        initial_state: dict of name -> numpy array.
        multiply_adds: dict with the keys `"key"` and `"non_key"`.
        make_program: function of a `Kind` that gives the `Program`.
        agreement: function that gives the attribute; `None` for none.

    Attributes:
        threads: of the processor, for programs that are compiled from now
            on; `None`, at first, for as many as the runtime chooses.
    """

    def __init__(
        self,
        uses_key_frames,
        initial_state,
        multiply_adds,
        make_program,
        agreement=None,
    ):
        self.uses_key_frames = uses_key_frames
        self.initial_state = initial_state
        self.multiply_adds = multiply_adds
        self._make_program = make_program
        self._agreement = agreement
        self.threads = None
        self._programs, self._runs = {}, {}

    @property
    def agreement(self):
        """Of int8 that is made: share of the calibration frames' pixels with
        float32's label; else `None`."""
        return self._agreement and self._agreement()

    def step(self, frame, state, is_key):
        """Runs one step.

        Args:
            frame: uint8 `[1, H, W, 3]`.
            state: dict of name -> numpy array.
            is_key: bool.

        Returns:
            `(labels, state)`.
        """
        arrays, counters = split_state(state)
        kind = kind_of_step(self.uses_key_frames, is_key, counters)
        program = self.program(kind)
        if kind not in self._runs:
            self._runs[kind] = compile_program(program, self.threads, kind)
        before = [arrays[name] for name in program.state_before]
        labels, *after = self._runs[kind]([frame, *before])
        arrays.update(zip(program.state_after, after, strict=True))
        return labels, join_state(arrays, program.counters)

    def program(self, kind):
        """The `Program` of a kind of step, made now if need be."""
        if kind not in self._programs:
            self._programs[kind] = self._make_program(kind)
        return self._programs[kind]

    def all_programs(self):
        """The programs of all kinds of steps that a stream may come to.

        Returns:
            list of `Program`.

        Raises:
            ValueError: if they don't come to an end.
        """
        _, counters = split_state(self.initial_state)
        found = []
        new = [kind_of_step(self.uses_key_frames, True, counters)]
        while new:
            found.append(self.program(new.pop()))
            known = [program.kind for program in found] + new
            for is_key in (True, False):
                following = kind_of_step(
                    self.uses_key_frames, is_key, found[-1].counters
                )
                if following not in known:
                    new.append(following)
                    known.append(following)
            if len(found) > _MOST_PROGRAMS:
                raise ValueError(
                    "the state has whole numbers that do not repeat, for "
                    "which there is no end of programs."
                )
        return found
