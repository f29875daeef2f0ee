"""What `accel-tf evaluate` and `recipes/evaluate.py` do."""

import pathlib

import keras
import tqdm

from accel_tf import optional
from accel_tf.evaluation.map_classes import class_mapping
from accel_tf.evaluation.plan import check_mode
from accel_tf.evaluation.protocol import evaluate_together
from accel_tf.evaluation.report import (
    format_classes,
    format_rows,
    report_row,
    write_report,
)
from accel_tf.evaluation.stored_labels import PREFIX, stored_labels
from accel_tf.evaluation.timing import measure_steps
from accel_tf.messages import hide_deprecations, tell
from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.presets import list_presets
from accel_tf.models.propagation import propagate, split_flow
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.runtimes import RuntimeSegmenter
from accel_tf.runtimes.restore import restore_segmenter
from accel_tf.streaming import FixedInterval
from accel_tf.visualize.plots import (
    plot_accuracy_against_time,
    plot_iou_against_distance,
)


def evaluate_systems(
    systems,
    data,
    data_dir=None,
    split="validation",
    intervals=(1, 2, 5, 10),
    mode="average",
    temporal=False,
    limit=None,
    rounds=10,
    json=None,
    plots=None,
    prepare=fuse_for_inference,
    policies=(),
    steady=False,
    on_fleet=None,
):
    """Evaluates systems side by side, prints tables and writes files.

    A model without key frames is evaluated once; if it keeps a state, the
    largest interval is the window it sees. Models are timed in turns, at the
    size of the first frame.

    Args:
        systems: dict of name -> `(preset, weights)`, as for
            `restore_segmenter`; or `"labels:DIR"` and none, see
            `stored_labels`. A preset may end with `+FLOW`, which propagates
            it (see `accel_tf.propagate`).
        data: name of a built data set, `"builder"` or `"builder/config"`.
        data_dir: folder of the built data sets; TFDS' own by default.
        split: of the data set.
        intervals: frames from one key frame to the next; `()` for none.
        mode: as for `accel_tf.evaluation.evaluate`.
        temporal: as for `evaluate_together`.
        limit: only the first so many sequences; `None` for all.
        rounds: frames of each kind that are timed; 0 for no timing.
        json: path of the report; `None` for none.
        plots: folder of the plots, made if missing; `None` for none.
        prepare: function from each model to the form of it that is run.
        policies: further `KeyframePolicy`, in the mode `"stream"`, for the
            models with key frames.
        steady: as of `VideoStream`, in the mode `"stream"`, for the models
            with key frames.
        on_fleet: is called in the place of `evaluate_together`, with its
            arguments in their order.

    Returns:
        The rows of the report, see `accel_tf.evaluation.report`.

    Raises:
        ValueError, OSError, ImportError: one line about what is wrong with
            the input or the targets, before the long work where possible.
    """
    check_mode(mode, temporal, bool(policies), steady)
    for interval in intervals:
        FixedInterval(interval)
    if rounds < 0:
        raise ValueError(f"rounds must be 0 or more, got {rounds}.")
    _check_targets(json, plots)
    sequences, label_map, source = open_data(data, data_dir, split, limit)
    first = next(iter(sequences))
    height, width = first["frames"][0].shape[:2]
    if temporal and "flows" not in first:
        optional.cv2()
    models = restore_systems(systems, label_map, sequences, prepare)
    runs = runs_of(models, intervals, policies)
    with tqdm.tqdm(
        total=len(sequences),
        desc="evaluation",
        bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} "
        "sequences [{elapsed}<{remaining}]",
    ) as bar:
        given = (
            [(models[name], interval) for name, interval in runs],
            sequences,
            mode,
            temporal,
            # Sums of shares are not exact.
            lambda share: bar.update(min(share, bar.total - bar.n)),
            steady,
        )
        evaluations = (on_fleet or evaluate_together)(*given)
        bar.update(bar.total - bar.n)
    milliseconds = {}
    if rounds:
        milliseconds = measure_steps(
            models,
            [first["frames"][i] for i in (0, min(1, len(first["frames"]) - 1))],
            rounds,
            lambda turns: tqdm.tqdm(turns, desc="timing", unit=" rounds"),
        )
    rows = [
        report_row(
            name,
            models[name],
            evaluation,
            label_map.names,
            height,
            width,
            milliseconds.get(name),
            **source,
        )
        for (name, _), evaluation in zip(runs, evaluations, strict=True)
    ]
    print(format_rows(rows), format_classes(rows), sep="\n\n")
    if json:
        write_report(rows, json)
    if plots:
        _write_plots(rows, pathlib.Path(plots))
    return rows


def restore_systems(systems, label_map, sequences, prepare):
    """The models to evaluate.

    Args:
        systems, prepare: as for `evaluate_systems`.
        label_map, sequences: from `open_data`.

    Returns:
        dict of name -> model.
    """
    models = {}
    for name, (preset, weights) in systems.items():
        preset, flow = split_flow(preset) if preset else (None, None)
        model = _restore(name, preset, weights, label_map, sequences)
        models[name] = prepare(propagate(model, flow) if flow else model)
    return models


def runs_of(models, intervals, policies):
    """`(name, interval or policy)` of each run over the data."""
    return [
        (name, interval)
        for name, model in models.items()
        for interval in (
            [*sorted(set(intervals)), *policies]
            if model.uses_key_frames
            else [max(intervals, default=1)]
        )
    ]


def _check_targets(json, plots):
    if json and not pathlib.Path(json).absolute().parent.is_dir():
        raise FileNotFoundError(
            f"no such folder: {pathlib.Path(json).absolute().parent}."
        )
    if plots:
        optional.matplotlib_pyplot()
        if pathlib.Path(plots).exists() and not pathlib.Path(plots).is_dir():
            raise NotADirectoryError(f"{plots} is not a folder.")


def open_data(data, data_dir, split, limit):
    """The sequences, their `LabelMap`, and entries of the report about them.

    Args: as of `evaluate_systems`.
    """
    # These bring TensorFlow in, which `import accel_tf` must not.
    from accel_tf.data.builders import prepared_builder
    from accel_tf.data.dataset_labels import label_map_of
    from accel_tf.data.sequences import read_sequences

    hide_deprecations()
    builder = prepared_builder(data, data_dir)
    sequences = read_sequences(builder, split, limit)
    source = {
        "data": builder.info.full_name,
        "split": split,
        "sequences": len(sequences),
        "backend": keras.backend.backend(),
    }
    return sequences, label_map_of(builder), source


def _restore(name, preset, weights, label_map, sequences):
    if preset and preset.startswith(PREFIX):
        folder = preset.removeprefix(PREFIX)
        model = stored_labels(folder, sequences)
        message = f"labels of {folder}."
    else:
        # Only of official files and .weights.h5 nobody else knows it.
        is_known = not weights or preset not in list_presets()
        is_known |= any(pathlib.Path(path).is_dir() for path in weights)
        is_known |= any(str(path).endswith(".keras") for path in weights)
        classes = None if is_known else len(label_map)
        model, message = restore_segmenter(preset, weights, classes)
    if not isinstance(model, VideoSegmenter | RuntimeSegmenter):
        raise ValueError(f"{preset} is not a video segmenter.")
    # A preset has numbers, or the names that its number of classes suggests.
    brings_names = (
        isinstance(model, RuntimeSegmenter)
        or preset not in list_presets()
        or not weights
        or any(str(path).endswith(".keras") for path in weights)
    )
    if not brings_names:
        model.label_map = label_map
    if class_mapping(model, label_map.names) is not None:
        message += (
            f" Its {len(model.label_map)} classes are scored as the "
            f"{len(label_map)} of the data."
        )
    tell(message if name == preset else f"{name}: {message}")
    return model


def _write_plots(rows, folder):
    folder.mkdir(parents=True, exist_ok=True)
    # A policy is a line of its own.
    rows = [
        row | {"system": f"{row['system']}, {row['policy']}"}
        if row["policy"]
        else row
        for row in rows
    ]
    plot_iou_against_distance(rows, folder / "iou_against_distance.png")
    if rows[0]["milliseconds_per_frame"] is not None:
        plot_accuracy_against_time(rows, folder / "accuracy_against_time.png")
