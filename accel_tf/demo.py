"""The library's main job in ten minutes: train, compare, show.

Accel is trained in small on procedural street scenes, in the order of the
paper: the reference branch, the flow, then the update branch and the fusion.
It is compared with the two systems that it is made of.
"""

import json
import pathlib

import keras
import numpy as np
import tqdm

from accel_tf import optional
from accel_tf.evaluation import evaluate_stream, measure_steps
from accel_tf.files import replacing, write_bytes, write_text
from accel_tf.metrics import iou_per_class
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.presets import from_preset
from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.training import EndPointError, PairwiseFlow
from accel_tf.video import VideoWriter
from accel_tf.visualize.overlay import add_legend, caption, overlay
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
    _say("1/5 Procedural street scenes")
    train, validation, label_map = _load_streets(out / "data", config)

    model = from_preset(
        "accel_tiny", num_classes=len(label_map), label_map=label_map
    )
    update_only = _train(model, train, steps, seed)
    _save(model, out / "accel_tiny.keras")

    _say("5/5 Evaluation on streets that were not trained on")
    systems = {
        "DeepLab, reference branch": (_reference_only(model), (1,)),
        "DeepLab, update branch": (update_only, (1,)),
        "Deep Feature Flow": (_without_update(model), INTERVALS[1:]),
        "Accel": (model, INTERVALS[1:]),
    }
    rows = _evaluate(systems, validation)
    table = format_results(rows)
    print(table)

    write_text(out / "results.json", json.dumps(rows, indent=1) + "\n")
    write_text(out / "results.md", table + "\n")
    plot_accuracy_against_time(rows, out / "accuracy_against_time.png")
    _write_overlays(systems, validation, label_map, out)
    _say(f"Results are in {out}")
    return rows


# === Data ===


def _load_streets(data_dir, config):
    import tensorflow_datasets as tfds

    import accel_tf.datasets.synthetic_streets  # noqa: F401  registers it
    from accel_tf.data.label_maps import STREETS

    builder = tfds.builder(
        "synthetic_streets", config=config, data_dir=data_dir
    )
    builder.download_and_prepare()
    train = builder.as_dataset(split="train").cache()
    validation = list(tfds.as_numpy(builder.as_dataset(split="validation")))
    return train, validation, STREETS


# === Training ===


def _train(model, train, steps, seed):
    """Trains all parts; returns the update branch as a DeepLab of its own."""
    from accel_tf.data.clips import (
        class_frequencies,
        clip_dataset,
        flow_dataset,
    )

    frequencies = class_frequencies(train, model.num_classes)
    weights = frequencies**-0.35
    weights /= (weights * frequencies).sum()
    parts = {
        name: getattr(model, name)
        for name in (
            "reference_backbone",
            "reference_head",
            "flow_network",
            "update_backbone",
            "update_head",
            "fusion",
        )
    }

    def train_only(*names):
        for name, part in parts.items():
            part.trainable = name in names

    def clips(length, batch_size):
        return clip_dataset(train, length, batch_size, CROP, weights, seed=seed)

    segmentation_loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=255
    )

    _say("2/5 Reference branch")
    train_only("reference_backbone", "reference_head")
    _fit(model, clips(1, 8), segmentation_loss, steps[0], 4e-3)

    _say("3/5 Flow network")
    train_only("flow_network")
    flows = flow_dataset(train, model.output_stride, 8, seed=seed)
    flow = PairwiseFlow(model.flow_network)
    _fit(flow, flows, EndPointError(), steps[1], 2e-3)

    _say("4/5 Update branch, then fusion")
    train_only("update_backbone", "update_head", "fusion")
    update = DeepLab(
        model.update_backbone,
        model.num_classes,
        model.head_filters,
        label_map=model.label_map,
        name="update_branch",
    )
    _fit(update, clips(1, 16), segmentation_loss, steps[2], 4e-3)
    model.update_head.set_weights(update.head.get_weights())
    # What follows changes the update branch; as a system of its own it is
    # judged as it is now.
    update_only = DeepLab.from_config(update.get_config())
    update_only.set_weights(update.get_weights())
    _fit(model, clips(4, 8), segmentation_loss, steps[3], 1e-3)
    train_only(*parts)
    return update_only


def _fit(model, dataset, loss, steps, learning_rate):
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(schedule, global_clipnorm=5.0)
    # The networks are small and change often: compiling costs more than it
    # saves.
    model.compile(optimizer, loss=loss, jit_compile=False)
    model.fit(dataset, steps_per_epoch=steps, epochs=1, verbose=1)


def _save(model, path):
    # A copy, because a compiled model would bring its optimiser along.
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    with replacing(path) as partial:
        copy.save(partial)


# === The systems that Accel is made of ===


def _reference_only(model):
    reference = DeepLab(
        model.reference_backbone,
        model.num_classes,
        model.head_filters,
        label_map=model.label_map,
    )
    reference.head.set_weights(model.reference_head.get_weights())
    return reference


def _without_update(model):
    dff = DeepFeatureFlow(
        model.reference_backbone,
        model.flow_network,
        model.num_classes,
        model.head_filters,
        label_map=model.label_map,
    )
    dff.reference_head.set_weights(model.reference_head.get_weights())
    return dff


# === Evaluation ===


def _evaluate(systems, sequences):
    height, width = sequences[0]["frames"].shape[1:3]
    models = {name: model for name, (model, _) in systems.items()}
    milliseconds = measure_steps(models, height, width)
    rows = []
    runs = [
        (name, model, interval)
        for name, (model, intervals) in systems.items()
        for interval in intervals
    ]
    for name, model, interval in tqdm.tqdm(runs, unit=" runs"):
        confusion = evaluate_stream(model, sequences, interval)
        per_class = iou_per_class(confusion)
        cost = model.multiply_adds(height, width)

        def mean(by_kind, interval=interval):
            non_key = (interval - 1) * by_kind["non_key"]
            return (by_kind["key"] + non_key) / interval

        rows.append(
            {
                "system": name,
                "interval": interval,
                "mean_iou": float(np.nanmean(per_class)),
                "milliseconds_per_frame": mean(milliseconds[name]),
                "mega_multiply_adds_per_frame": mean(cost) / 1e6,
                "iou_per_class": dict(
                    zip(
                        model.label_map.names,
                        per_class.round(4).tolist(),
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
    _write_picture(out / "overlay.png", add_legend(last, label_map))


def _grid(pictures, scale):
    tiles = [
        caption(picture.repeat(scale, 0).repeat(scale, 1), title)
        for title, picture in pictures.items()
    ]
    rows = [np.concatenate(tiles[i : i + 2], axis=1) for i in (0, 2)]
    return np.concatenate(rows)


def _write_picture(path, image):
    encoded = optional.cv2().imencode(".png", image[..., ::-1])[1]
    write_bytes(path, encoded.tobytes())


def _say(text):
    print(f"\n{text}", flush=True)
