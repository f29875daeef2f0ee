"""Measures the input pipeline: frames per second of a core, and waiting.

    accel-tf recipe benchmark_pipeline --out recipes/results/pipeline.json

Draws street scenes with as much noise as makes a PNG file of 1024x2048 about
as large as a frame of Cityscapes, 2.2 MB. A sequence has 5 or 20 frames and
one label, as those of `cityscapes_sequences/full_window5` and `_window20`;
clips have the paper's 5 frames. Takes two to four minutes.
"""

import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

import accel_tf
from accel_tf.benchmark.devices import describe_machine
from accel_tf.benchmark.spread import spread
from accel_tf.data import streets
from accel_tf.data.augmentation import Augmentation
from accel_tf.data.clips import clip_dataset
from accel_tf.data.records import decode_frames
from accel_tf.datasets.sequence_features import sequence_features
from accel_tf.files import write_text
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import file_to_write
from accel_tf.recipes.common.speed_tables import format_pipeline
from accel_tf.training import SegmentationCrossEntropy, train_only

LENGTH, LONGER = 5, 20
NOISE = 0.4  # standard deviation in grey levels
SIZES = (((1024, 2048), (768, 1024)), ((512, 1024), (384, 512)))
SCALE_AND_COLOR = {"scale": (0.75, 1.5), "color": 0.3}
# Frames of a sequence, name, and settings of `Augmentation`.
RUNS = (
    (LENGTH, "crop, flip", {}),
    (LENGTH, "crop, flip, scale, colour", SCALE_AND_COLOR),
    (LONGER, "crop, flip", {}),
)
MODEL = "accel_tiny"
PARTS = {"fusion": "fusion/*", "everything": "all"}
CONDITIONS = (
    "Frames per second of processor time, of all threads of the process "
    "together, which other programs disturb less than the clock: before the "
    "start the load average was {load:.1f}. Waiting is by the clock, with the "
    "model trained on the same cores, one clip a step. Files were in the "
    "page cache."
)


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    parser = make_parser(__file__, __doc__)
    parser.add_argument(
        "--out", type=file_to_write, help="JSON file; without it only a table"
    )
    path = parser.parse_args(arguments).out
    keras.utils.set_random_seed(0)
    results = {
        "machine": describe_machine("tensorflow", "keras"),
        "conditions": CONDITIONS.format(load=os.getloadavg()[0]),
        "length": LENGTH,
        "model": MODEL,
        "throughput": [],
        "waiting": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        for size, crop in SIZES:
            frames, label = draw(*size)
            builders = {
                window: build(
                    pathlib.Path(folder) / f"{size[1]}_{window}",
                    frames * (window // LENGTH),
                    label,
                )
                for window in (LENGTH, LONGER)
            }
            common = {
                "frame": f"{size[0]}x{size[1]}",
                "crop": f"{crop[0]}x{crop[1]}",
                "megabytes_per_frame": round(
                    sum(map(len, frames)) / len(frames) / 1e6, 2
                ),
                "decoding_seconds_per_frame": spread(decoding_times(frames)),
            }
            for window, name, options in RUNS:
                row = {"frames_per_sequence": window, "transforms": name}
                row |= measure_throughput(
                    builders[window], Augmentation(crop=crop, **options)
                )
                results["throughput"].append(common | row)
            window, name, options = RUNS[1]
            for part in PARTS:
                row = {"frames_per_sequence": window, "transforms": name}
                row |= measure_waiting(
                    builders[window], Augmentation(crop=crop, **options), part
                )
                results["waiting"].append(common | row | {"trained": part})
    print(format_pipeline(results))
    if path is not None:
        write_text(path, json.dumps(results, indent=1) + "\n")


# === Data ===


def draw(height, width):
    """PNG files of a clip, and its last label, uint8 `[H, W, 1]`."""
    # At full size drawing takes long and shows more detail than a camera.
    scenes = list(streets.street_sequence(0, 512, 1024, LENGTH))
    random = np.random.default_rng(0)
    frames = []
    for scene in scenes:
        image = tf.image.resize(scene.image, (height, width)).numpy()
        noisy = image + NOISE * random.standard_normal(image.shape, "float32")
        noisy = np.round(noisy).clip(0, 255).astype("uint8")
        frames.append(tf.io.encode_png(noisy).numpy())
    label = tf.image.resize(
        scenes[-1].labels[..., None], (height, width), "nearest"
    )
    return frames, label.numpy()


def build(folder, frames, label):
    """A data set of one sequence, whose last frame has a label."""
    with tfds.core.registered.skip_registration():

        class NoisyStreets(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")
            pkg_dir_path = folder

            def _info(self):
                return tfds.core.DatasetInfo(
                    builder=self,
                    features=sequence_features(streets.CLASS_NAMES),
                )

            def _split_generators(self, dl_manager):
                return {"train": self._generate_examples()}

            def _generate_examples(self):
                yield (
                    0,
                    {
                        "frames": frames,
                        "labels": [label],
                        "label_positions": [len(frames) - 1],
                        "frame_numbers": list(range(len(frames))),
                        "sequence_id": "street",
                    },
                )

    folder.mkdir()
    builder = NoisyStreets(data_dir=folder)
    with contextlib.redirect_stdout(sys.stderr):
        builder.download_and_prepare()
    return builder


# === Measuring ===


def measure_throughput(builder, augmentation, clips=5, repeats=4):
    """Time of a clip in a running pipeline that nothing holds up."""
    iterator = iter(
        clip_dataset(
            builder,
            "train",
            length=LENGTH,
            batch_size=1,
            augmentation=augmentation,
        )
    )
    for _ in range(clips // 2):
        next(iterator)
    processor, wall = [], []
    for _ in range(repeats):
        start, busy = time.perf_counter(), time.process_time()
        for _ in range(clips):
            next(iterator)
        processor.append((time.process_time() - busy) / clips)
        wall.append((time.perf_counter() - start) / clips)
    return {
        "processor_seconds_per_clip": spread(processor),
        "wall_seconds_per_clip": spread(wall),
        "frames_per_second_per_core": spread(
            [LENGTH / seconds for seconds in processor], 1
        ),
    }


def decoding_times(frames, repeats=5):
    """Processor seconds of decoding one frame, nothing else."""
    decode = tf.function(decode_frames)
    frames = tf.constant(frames)
    decode(frames)
    seconds = []
    for _ in range(repeats):
        busy = time.process_time()
        decode(frames)
        seconds.append((time.process_time() - busy) / len(frames))
    return seconds


def measure_waiting(builder, augmentation, part, steps=5):
    """Share of training steps that is spent waiting for the next clip."""
    model = accel_tf.from_preset(MODEL, num_classes=len(streets.CLASS_NAMES))
    train_only(model, PARTS[part])
    model.compile(
        keras.optimizers.SGD(1e-3),
        loss=SegmentationCrossEntropy(),
        jit_compile=False,
    )
    iterator = iter(
        clip_dataset(
            builder,
            "train",
            length=LENGTH,
            batch_size=1,
            augmentation=augmentation,
        )
    )
    waits, wholes = [], []
    for step in range(steps + 2):
        start = time.perf_counter()
        batch = next(iterator)
        ready = time.perf_counter()
        model.train_on_batch(*batch)
        if step >= 2:  # the first compile the step and fill the buffers
            waits.append(ready - start)
            wholes.append(time.perf_counter() - start)
    return {
        "seconds_per_step": spread(wholes),
        "share_of_waiting": round(sum(waits) / sum(wholes), 3),
    }


if __name__ == "__main__":
    run(main)
