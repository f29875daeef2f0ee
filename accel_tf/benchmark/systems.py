"""What is timed: a preset, in one of its forms, in a runtime."""

import dataclasses
import gc
import importlib.util
import time

import numpy as np

from accel_tf import optional
from accel_tf.benchmark import devices
from accel_tf.benchmark.choices import BACKENDS
from accel_tf.give_back_memory import give_back_memory

CALIBRATED = "int8"


@dataclasses.dataclass(frozen=True)
class System:
    """What one process holds.

    Attributes:
        preset: one of `accel_tf.list_presets()`, or `"hub:NAME"` of KerasHub;
            with `"+FLOW"` at its end a per-frame one is propagated, see
            `accel_tf.propagate`.
        form: `"fused"` (see `accel_tf.fuse_for_inference`) or `"exact"`.
        runtime: one of `RUNTIMES`.
        precision: one of the runtime's.
        batch: streams that share each step.
    """

    preset: str
    form: str = "fused"
    runtime: str = "tensorflow"
    precision: str = "float32"
    batch: int = 1

    @property
    def backend(self):
        """Keras' backend of the process."""
        return self.runtime if self.is_keras else "tensorflow"

    @property
    def policy(self):
        """Dtype policy of the model; `None` for Keras' default."""
        return self.precision if self.precision.startswith("mixed_") else None

    @property
    def form_precision(self):
        """Precision of the fused form, as `fuse_for_inference` takes it."""
        return self.precision if self.precision == "bfloat16" else "float32"

    @property
    def is_keras(self):
        """Whether the runtime is one of Keras' backends."""
        return self.runtime in BACKENDS

    @property
    def title(self):
        """The name for people."""
        title = f"{self.preset}, {self.form}, {self.runtime} {self.precision}"
        return title if self.batch == 1 else f"{title}, batch {self.batch}"


def describe_system(system):
    """dict of the attributes of a `System`."""
    return dataclasses.asdict(system)


class TimedModel:
    """A model of random weights, as a system of a `Worker`, see `TimedStream`.

    The weights are the same in every process.

    Args:
        system: a `System`.
        frames: uint8 `[T, H, W, 3]`.
        interval: frames from one key frame to the next.
        threads, device: as for `devices.prepare`.
    """

    def __init__(self, system, frames, interval, threads=1, device="cpu"):
        devices.prepare(system.backend, threads, device)
        if importlib.util.find_spec("cv2") is not None:
            optional.cv2().setNumThreads(threads)
        # Only now that threads and device are set.
        import keras

        from accel_tf.benchmark.timed_stream import TimedStream

        keras.utils.set_random_seed(0)
        self.system = system
        # Streams of a batch are some frames ahead of each other.
        streams = [np.roll(frames, -n, axis=0) for n in range(system.batch)]
        self.frames = np.stack(streams, axis=1)
        start = time.perf_counter()
        self.model, self.facts = _make(system, frames, threads)
        load_seconds = time.perf_counter() - start
        gc.collect()
        self.stream = TimedStream(self.model, self.frames, interval)
        start = time.perf_counter()
        self.stream.first_frames()
        compile_seconds = time.perf_counter() - start
        self.facts |= {
            "load_seconds": round(load_seconds, 3),
            "first_frames_seconds": round(compile_seconds, 3),
        }
        self.facts["loading_peak_memory_bytes"] = devices.peak_memory()
        give_back_memory()
        can_tell = devices.forget_peak()
        self.stream.warm_up()
        self.facts["peak_memory_bytes"] = (
            devices.peak_memory() if can_tell else None
        )
        self.facts["peak_device_memory_bytes"] = (
            devices.peak_device_memory(system.backend)
            if device == "gpu"
            else None
        )

    def describe(self):
        """What does not change from round to round.

        Returns:
            dict of plain JSON types: `preset`, `form`, `runtime`,
            `precision`, `batch`, `has_key_frames`, `parameters`,
            `key_multiply_adds`, `non_key_multiply_adds`; `load_seconds` and
            `first_frames_seconds` (a key frame and the next one, compiled
            and run); the most memory held until then,
            `loading_peak_memory_bytes`, and afterwards,
            `peak_memory_bytes` and `peak_device_memory_bytes` (`None` where
            nothing tells).
        """
        return self.facts

    def time_frames(self, count):
        """`TimedStream.time_frames`."""
        return self.stream.time_frames(count)

    # === Where the time of a non-key frame goes ===

    def has_parts(self):
        """Whether the model says what its frames are made of."""
        return (
            self.system.is_keras
            and self.system.batch == 1
            and hasattr(self.model, "non_key_parts")
        )

    def prepare_parts(self):
        """Compiles the parts; returns what does not change.

        Returns:
            list of dicts; see `Profile.describe`.
        """
        from accel_tf.benchmark.profile import Profile

        self.profile = Profile(self.model, self.frames[:2])
        give_back_memory()
        return self.profile.describe()

    def time_parts(self):
        """`Profile.time`."""
        return self.profile.time()


def _make(system, frames, threads):
    """The model, and what is known of it before it is converted."""
    import accel_tf
    from accel_tf.models.per_frame.hub import is_hub_name
    from accel_tf.models.propagation import split_flow

    preset, flow = split_flow(system.preset)
    # Nothing is fetched: how long it takes does not depend on the weights.
    options = {"load_weights": False} if is_hub_name(preset) else {}
    model = accel_tf.from_preset(preset, dtype=system.policy, **options)
    if flow is not None:
        model = accel_tf.propagate(model, flow)
    if system.form == "fused":
        model = accel_tf.fuse_for_inference(model, system.form_precision)
    cost = model.multiply_adds(*frames.shape[1:3])
    facts = {
        **describe_system(system),
        "has_key_frames": model.uses_key_frames,
        "parameters": int(model.count_params()),
        "key_multiply_adds": int(cost["key"]),
        "non_key_multiply_adds": int(cost["non_key"]),
    }
    if not system.is_keras:
        from accel_tf.runtimes import to_runtime

        model = to_runtime(
            model,
            system.runtime,
            precision=system.precision,
            threads=threads,
            calibration_frames=frames
            if system.precision == CALIBRATED
            else None,
        )
    return model, facts
