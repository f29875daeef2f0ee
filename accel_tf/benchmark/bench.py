"""The processes of a benchmark, and what each is asked in a round."""

import random

from accel_tf.benchmark import devices
from accel_tf.benchmark.kernels import Kernels
from accel_tf.benchmark.limits import Limits
from accel_tf.benchmark.worker import Worker


class Bench:
    """Holds a process for each system and for the machine's own limits.

    Args:
        threads, device: as for `devices.prepare`.

    Attributes:
        accelerator: dict that names the accelerator, if there is one.
        parts: number of a system -> what its profile says that does not
            change.
    """

    def __init__(self, threads, device):
        self.threads, self.device = threads, device
        self.parts, self.accelerator = {}, {}
        self._workers, self._questions = {}, {}

    def start_limits(self, systems):
        """Starts what measures the machine."""
        backend = systems[0].backend
        if self.device == "cpu":
            worker = self._start("limits", backend, Limits)
        else:
            dtypes = {s.precision.removeprefix("mixed_") for s in systems}
            worker = self._start(
                "limits", backend, devices.DeviceLimits, backend, sorted(dtypes)
            )
            self.accelerator["accelerator"] = worker.ask("name_of_device")
        self._questions["limits"] = worker, "measure"

    def start(self, system, timed, *arguments, question):
        """Starts the process of a system.

        Args:
            system: a `System`.
            timed: class that is made of it, `arguments`, the threads and the
                device.
            *arguments: see above.
            question: method of `timed` and its arguments, asked every round.
        """
        index = len(self._systems())
        worker = self._start(
            index,
            system.backend,
            timed,
            system,
            *arguments,
            self.threads,
            self.device,
            title=system.title,
        )
        self._questions[index] = worker, *question

    def start_kernels(self, further_warps):
        """Starts what times `Kernels`."""
        worker = self._start(
            "kernels", "tensorflow", Kernels, self.threads, further_warps
        )
        self._questions["kernels"] = worker, "time"

    def prepare_profiles(self):
        """Lets the systems time their parts, too.

        Raises:
            ValueError: if none has parts.
        """
        for index in self._systems():
            worker = self._workers[index]
            if worker.ask("has_parts"):
                self.parts[index] = worker.ask("prepare_parts")
                self._questions["profile", index] = worker, "time_parts"
        if not self.parts:
            raise ValueError(
                "none of these systems says what its non-key frames are made "
                "of; give --profile with the fused form of one that has key "
                "frames, in one of Keras' backends."
            )

    def run(self, starts, rounds, seed, progress, before_rounds=lambda: None):
        """Starts everything, lets all take turns, and ends the processes.

        Args:
            starts: list of functions that start something.
            rounds: number of rounds, each in a random order.
            seed: of the orders.
            progress: wraps the list of all steps, e.g. `tqdm.tqdm`.
            before_rounds: called when all has started.

        Returns:
            `(answers, facts)`: of each round a dict of what was asked ->
            answer, and of each system what it says of itself.
        """
        order, answers = random.Random(seed), []
        try:
            for step in progress([*starts, *[None] * rounds]):
                if step is not None:
                    step()
                    continue
                if not answers:
                    before_rounds()
                names = list(self._questions)
                turns = order.sample(names, len(names))
                answers.append({name: self._ask(name) for name in turns})
            facts = [
                self._workers[index].ask("describe")
                for index in self._systems()
            ]
        finally:
            for worker in self._workers.values():
                worker.close()
        return answers, facts

    def _systems(self):
        return [key for key in self._workers if isinstance(key, int)]

    def _ask(self, name):
        worker, *question = self._questions[name]
        return worker.ask(*question)

    def _start(self, key, backend, system, *arguments, title=None):
        self._workers[key] = Worker(
            system,
            *arguments,
            title=title or key,
            environment=devices.environment(backend, self.threads, self.device),
        )
        return self._workers[key]


def describe_conditions(threads, device, rounds):
    """What any benchmark says of how it measured.

    Returns:
        dict of plain JSON types.
    """
    return {
        "rounds": rounds,
        "threads": threads,
        "device": device,
        "clock": "processor" if device == "cpu" else "wall",
        "weights": "random",
    }


def describe_machine(systems, accelerator):
    """The machine and the versions of what runs the systems."""
    runtimes = {system.runtime for system in systems}
    names = {"litert": "ai-edge-litert"}
    backends = {system.backend for system in systems}
    packages = sorted({"keras", "numpy"} | backends | runtimes - set(names))
    packages += [names[name] for name in sorted(runtimes & set(names))]
    return {**devices.describe_machine(*packages), **accelerator}
