"""The library's main job in ten minutes: train, compare, show.

Accel is trained in small on procedural street scenes, in the order of the
paper: the reference branch, the flow, then the update branch and the fusion.
It is compared with the two systems that it is made of.
"""

import dataclasses
import json
import math
import pathlib

import keras
import numpy as np
import tensorflow_datasets as tfds
import tqdm

from accel_tf import optional
from accel_tf.data.augmentation import Augmentation
from accel_tf.data.builders import builder_class
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.evaluation import (
    evaluate,
    mean_over_interval,
    measure_steps,
)
from accel_tf.files import write_text
from accel_tf.messages import tell
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.partial_folders import temporary_folder
from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.training.configs import FlowConfig, SegmentationConfig
from accel_tf.training.stages import FLOW, FUSION, REFERENCE, UPDATE, Stages
from accel_tf.video import VideoWriter
from accel_tf.visualize.overlay import add_legend, caption, overlay
from accel_tf.visualize.pictures import write_picture
from accel_tf.visualize.plots import plot_accuracy_against_time

INTERVALS = (1, 2, 5, 10)
CROP = (96, 192)


def run_demo(out, steps=(450, 600, 300, 120), config="tiny_128x256", seed=0):
    """Generates data, trains, evaluates and leaves the results in `out`.

    Args:
        out: folder for `accel_tiny.keras` (the weights), `results.json`,
            `results.md` (a table), `accuracy_against_time.png`,
            `overlay.mp4`, `overlay.png` and the generated data.
        steps: training steps of the reference branch, the flow network, the
            update branch, and of update branch and fusion together.
        config: of the builder `synthetic_streets`, or its name.
        seed: int.

    Returns:
        The rows of the table, a list of dicts.

    Raises:
        ImportError: if OpenCV or matplotlib is not installed.
        OSError: if `out` cannot be written.
    """
    # What is missing should be said before the work, not after it.
    optional.cv2(), optional.matplotlib_pyplot()
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    tell("\n1/3 Procedural street scenes")
    builder = _build_streets(out / "data", config)
    validation = list(tfds.as_numpy(builder.as_dataset(split="validation")))
    label_map = label_map_of(builder)
    tell("\n2/3 Reference branch, flow network, update branch, fusion")
    with temporary_folder() as folder:
        model, update_only = _train(builder, out / "data", folder, steps, seed)
    save_model(model, out / "accel_tiny.keras")

    tell("\n3/3 Evaluation on streets that were not trained on")
    systems = {
        "DeepLab, reference branch": (model.reference_segmenter(), (1,)),
        "DeepLab, update branch": (update_only, (1,)),
        "Deep Feature Flow": (model.without_update(), INTERVALS[1:]),
        "Accel": (model, INTERVALS[1:]),
    }
    rows = _evaluate(systems, validation)
    table = format_results(rows)
    print(table)

    write_text(out / "results.json", json.dumps(rows, indent=1) + "\n")
    write_text(out / "results.md", table + "\n")
    plot_accuracy_against_time(rows, out / "accuracy_against_time.png")
    _write_overlays(systems, validation, label_map, out)
    tell(f"\nResults are in {out}")
    return rows


# === Data ===


def _build_streets(data_dir, config):
    # Importing the module registers the builder.
    builder_class("synthetic_streets")
    builder = tfds.builder(
        "synthetic_streets", config=config, data_dir=data_dir
    )
    builder.download_and_prepare()
    return builder


# === Training ===


def _train(builder, data_dir, folder, steps, seed):
    """Trains the parts by themselves, then the update branch and fusion.

    Returns:
        Accel, and the update branch as it was before the last step.
    """
    configs = _configs(builder, data_dir, folder, steps, seed)
    stages = Stages("accel_tiny", configs)
    model = load_keras_model(stages.run())
    return model, load_keras_model(stages.best(UPDATE))


def _configs(builder, data_dir, folder, steps, seed):
    reference = SegmentationConfig(
        data=f"{builder.name}/{builder.builder_config.name}",
        data_dir=str(data_dir),
        out=str(folder / REFERENCE),
        model="deeplab_tiny",
        augmentation=Augmentation(crop=CROP),
        batch_size=8,
        **_lengths(steps[0]),
        optimizer="adam",
        learning_rate=4e-3,
        schedule="cosine",
        decay=0.0,
        clip_norm=5.0,
        class_weight_power=-0.35,
        validation_split=None,
        seed=seed,
    )
    return {
        REFERENCE: reference,
        FLOW: FlowConfig(
            data=reference.data,
            data_dir=reference.data_dir,
            out=str(folder / FLOW),
            model="accel_tiny",
            augmentation=Augmentation(),
            batch_size=8,
            **_lengths(steps[1]),
            optimizer="adam",
            learning_rate=2e-3,
            schedule="cosine",
            decay=0.0,
            clip_norm=5.0,
            seed=seed,
        ),
        UPDATE: dataclasses.replace(
            reference,
            out=str(folder / UPDATE),
            model="deeplab_tiny_light",
            batch_size=16,
            **_lengths(steps[2]),
        ),
        FUSION: dataclasses.replace(
            reference,
            out=str(folder / FUSION),
            model="accel_tiny",
            trainable=("update_backbone/*", "update_head/*", "fusion/*"),
            length=4,
            learning_rate=1e-3,
            **_lengths(steps[3]),
        ),
    }


def _lengths(steps):
    return {"steps": steps, "steps_per_epoch": max(25, math.ceil(steps / 3))}


# === Evaluation ===


def _evaluate(systems, sequences):
    height, width = sequences[0]["frames"].shape[1:3]
    models = {name: model for name, (model, _) in systems.items()}
    milliseconds = measure_steps(models, sequences[0]["frames"][:2])
    rows = []
    runs = [
        (name, model, interval)
        for name, (model, intervals) in systems.items()
        for interval in intervals
    ]
    for name, model, interval in tqdm.tqdm(runs, unit=" runs"):
        scores = evaluate(model, sequences, interval, "stream")
        cost = model.multiply_adds(height, width)
        rows.append(
            {
                "system": name,
                "interval": interval,
                "mean_iou": scores.mean_iou,
                "milliseconds_per_frame": mean_over_interval(
                    milliseconds[name], interval
                ),
                "mega_multiply_adds_per_frame": mean_over_interval(
                    cost, interval
                )
                / 1e6,
                "iou_per_class": dict(
                    zip(
                        model.label_map.names,
                        scores.iou_per_class.round(4).tolist(),
                        strict=True,
                    )
                ),
            }
        )
    return rows


def format_results(rows):
    """The rows of `run_demo` as a Markdown table."""
    lines = [
        "| system | key-frame interval | mean IoU | ms per frame | MMAC "
        "per frame |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['system']} | {row['interval']} | {row['mean_iou']:.1%} | "
        f"{row['milliseconds_per_frame']:.1f} | "
        f"{row['mega_multiply_adds_per_frame']:.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


# === Output ===


def _write_overlays(systems, sequences, label_map, out, interval=10):
    """Frames, truth and predictions side by side, as video and picture."""
    shown = {
        name: VideoStream(model, FixedInterval(interval))
        for name, (model, intervals) in systems.items()
        if 1 not in intervals
    }
    height, width = sequences[0]["frames"].shape[1:3]
    scale = 2
    size = (2 * scale * height, 2 * scale * width)
    last = None
    with VideoWriter(out / "overlay.mp4", *size, 5.0) as writer:
        for sequence in sequences[:4]:
            for stream in shown.values():
                stream.reset_state()
            for index, frame in enumerate(sequence["frames"]):
                truth = sequence["labels"][index, ..., 0]
                pictures = {"frame": frame}
                pictures["truth"] = overlay(frame, truth, label_map)
                for name, stream in shown.items():
                    labels = stream(frame[None])[0]
                    title = f"{name}, {stream.frames_since_key} after key"
                    pictures[title] = overlay(frame, labels, label_map)
                grid = _grid(pictures, scale)
                writer.write(grid)
                if index < interval:
                    last = grid
    write_picture(out / "overlay.png", add_legend(last, label_map))


def _grid(pictures, scale):
    tiles = [
        caption(picture.repeat(scale, 0).repeat(scale, 1), title)
        for title, picture in pictures.items()
    ]
    rows = [np.concatenate(tiles[i : i + 2], axis=1) for i in (0, 2)]
    return np.concatenate(rows)
