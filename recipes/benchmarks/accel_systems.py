"""What `benchmark_accel.py` times, each in a process of its own.

The systems of accel-tf, and from this side the process of the original, which
`accel_original.py` runs in another interpreter.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess

import numpy as np

from accel_tf.benchmark import devices
from accel_tf.benchmark.worker import Worker
from accel_tf.recipes.benchmarks.accel_original import CLASSES, TimedClip

FORMS = ("plain", "fused", "fused:bfloat16")
RUNTIMES = ("tensorflow", "openvino", "openvino:int8", "onnxruntime")


CALIBRATION_FRAMES = 10


@dataclasses.dataclass(frozen=True)
class Published:
    """Where the original has a system.

    Attributes:
        module: of `dff_deeplab/symbols`.
        scores: what its current-frame network gives; without it every frame
            is a key frame.
    """

    module: str
    scores: str | None


_REFERENCE_SCORES = "croped_score_output"
SYSTEMS = {
    "accel_18": Published("accel_18", "correction_output"),
    "accel_34": Published("accel_34", "correction_output"),
    "accel_50": Published("accel_50", "correction_output"),
    "accel_101": Published("accel_101", _REFERENCE_SCORES),
    # The reference branch on warped features is Deep Feature Flow.
    "dff_101": Published("accel_18", _REFERENCE_SCORES),
    "deeplab_101": Published("accel_18", None),
}


def check_original(original, python):
    """Refuses what is no checkout of the original, and no interpreter.

    Raises:
        FileNotFoundError: names what is missing.
    """
    names = [published.module for published in SYSTEMS.values()]
    paths = [f"dff_deeplab/symbols/{name}.py" for name in names]
    for path in (*paths, "lib/utils/symbol.py"):
        if not (pathlib.Path(original) / path).is_file():
            raise FileNotFoundError(
                f"{original} is no checkout of github.com/SamvitJ/Accel: it "
                f"has no {path}"
            )
    if shutil.which(python) is None:
        raise FileNotFoundError(
            f"--original-python is no interpreter: {python}; make one with "
            "mxnet==1.9.1 and numpy==1.23.5"
        )


# === Frames ===


def draw_clips(folder, size, count, seed):
    """Writes a street to time and another one to calibrate int8 with.

    Args:
        folder: of the files.
        size: height and width.
        count: frames of the street to time.
        seed: of it; the other one has the next.

    Returns:
        Paths of two `.npy` files, uint8 `[frames, H, W, 3]`.
    """
    from accel_tf.data.streets import street_sequence

    paths = []
    for number, length in enumerate((count, CALIBRATION_FRAMES)):
        sequence = street_sequence(seed + number, *size, length)
        path = pathlib.Path(folder) / f"clip_{number}.npy"
        np.save(path, np.stack([frame.image for frame in sequence]))
        paths.append(str(path))
    return paths


# === This library ===


def read_runtime(code):
    """The arguments of `to_runtime`: `(runtime, precision)`."""
    runtime, _, precision = code.partition(":")
    return runtime, precision or "float32"


def start(system, *arguments, threads):
    """A `Worker` of this library."""
    environment = devices.environment("tensorflow", threads, "cpu")
    return Worker(system, *arguments, threads, environment=environment)


class Ours(TimedClip):
    """accel-tf's model in a `VideoStream`.

    Args:
        name: of the preset.
        code: a form, on TensorFlow, or another runtime.
        source: of the weights; for another runtime the folder that
            `Converter` has saved.
        clip: `.npy` file.
        threads: of TensorFlow or the runtime.
    """

    def __init__(self, name, code, source, clip, threads):
        import accel_tf

        if code in FORMS:
            model = load_model(name, code, source, threads)
        else:
            from accel_tf.runtimes import load_runtime

            model = load_runtime(source, threads)
        self.frames = np.load(clip)
        self.stream = accel_tf.VideoStream(
            model, accel_tf.FixedInterval(len(self.frames))
        )
        self.reset()

    def reset(self):
        self.position = 0
        self.stream.reset_state()

    def next_labels(self):
        frame = self.frames[self.position][None]
        self.position = (self.position + 1) % len(self.frames)
        return self.stream(frame)[0]


class Converter:
    """Makes the fused model run in another runtime.

    In a process of its own, since that takes several times the memory of
    running it.

    Args:
        name, code, source: as for `Ours`; `source` is of the weights.
        clip: `.npy` file to calibrate int8 with.
        threads: of TensorFlow.
    """

    def __init__(self, name, code, source, clip, threads):
        from accel_tf.runtimes import to_runtime

        frames = np.load(clip)
        runtime, precision = read_runtime(code)
        self.segmenter = to_runtime(
            load_model(name, "fused", source, threads),
            runtime,
            precision,
            calibration_frames=frames if precision == "int8" else None,
        )
        self.segmenter.programs(*frames.shape[1:3])

    def save(self, folder):
        self.segmenter.save(folder)


def load_model(name, form, checkpoint, threads):
    """A preset with weights, as it is or fused."""
    devices.prepare("tensorflow", threads, "cpu")
    import accel_tf

    model = accel_tf.from_preset(name, num_classes=CLASSES)
    accel_tf.load_checkpoint(model, checkpoint)
    if form == "plain":
        return model
    _, precision = read_runtime(form)
    return accel_tf.fuse_for_inference(model, precision)


# === The original ===


class OriginalWorker:
    """The process of the original; asked like a `Worker`.

    Args:
        python: its interpreter.
        original: checkout of github.com/SamvitJ/Accel.
        name: of `SYSTEMS`.
        clip: `.npy` file.
        threads: of MXNet.
        seed: of the weights.
        folder: for answers that are arrays.
    """

    def __init__(self, python, original, name, clip, threads, seed, folder):
        settings = {
            "original": str(original),
            **dataclasses.asdict(SYSTEMS[name]),
            "frames": str(clip),
            "seed": seed,
            "arrays": str(folder),
        }
        script = pathlib.Path(__file__).with_name("accel_original.py")
        self.folder = pathlib.Path(folder)
        self.process = subprocess.Popen(
            [python, str(script), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "OMP_NUM_THREADS": str(threads),
                "MXNET_CPU_WORKER_NTHREADS": str(threads),
            },
        )
        try:
            self._receive()
        except BaseException:
            self.close()
            raise

    def ask(self, method, *arguments):
        """What `method` of the system returns."""
        request = {"method": method, "arguments": arguments}
        # If the process has ended, its missing answer says so.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        return self._receive()

    def _receive(self):
        line = self.process.stdout.readline()
        if not line:
            raise OSError(
                f"the original's process ended with {self.process.wait()}"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise OSError(f"the original: {answer['error']}")
        if "array" in answer:
            path = self.folder / answer["array"]
            array = np.load(path)
            path.unlink()
            return array
        return answer["result"]

    def close(self):
        """Ends the process."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
