"""What a training shows in TensorBoard."""

import contextlib
import io
import pathlib

import keras
import numpy as np

from accel_tf import optional
from accel_tf.evaluation import evaluate
from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.training.fit import updates
from accel_tf.training.pairwise_flow import PairwiseFlow
from accel_tf.visualize import flow_to_color
from accel_tf.visualize.overlay import add_legend, caption, overlay


class Summaries(keras.callbacks.Callback):
    """Losses, learning rate, settings and, if asked for, a profile.

    The page `scalars` has `train/loss` (and further logs of `fit`), the mean
    over the epoch so far, and `train/learning_rate`, by number of updates;
    `text` has the settings.

    Args:
        folder: of the event files.
        settings: Markdown text.
        profile: `(first, last)` batch of the first epoch that is trained, or
            `None`.
        every: batches between two points.
    """

    def __init__(self, folder, settings, profile=None, every=20):
        import tensorflow as tf

        super().__init__()
        # A plot that cannot be drawn should be known of before the work.
        optional.cv2(), optional.matplotlib_pyplot()
        self._summary = tf.summary
        self._profiler = tf.profiler.experimental
        self.folder = str(pathlib.Path(folder))
        self.writer = tf.summary.create_file_writer(self.folder)
        self.profile = profile
        self.every = every
        with self._writing():
            tf.summary.text("settings", settings, step=0)

    def scalars(self, values, step):
        """Writes numbers, a dict of name -> float; NaN is left out."""
        with self._writing():
            for name, value in values.items():
                if np.isfinite(value):
                    self._summary.scalar(name, value, step=step)

    def image(self, name, picture, step):
        """Writes a picture, uint8 `[H, W, 3]`."""
        with self._writing():
            self._summary.image(name, picture[None], step=step)

    @contextlib.contextmanager
    def _writing(self):
        from accel_tf.tensorflow_files import writing

        with writing(self.folder), self.writer.as_default():
            yield

    def on_epoch_begin(self, epoch, logs=None):
        self._first = updates(self.model)

    def on_train_batch_begin(self, batch, logs=None):
        if self.profile is not None and batch == self.profile[0]:
            self._profiler.start(self.folder)

    def on_train_batch_end(self, batch, logs=None):
        if self.profile is not None and batch == self.profile[1]:
            self._profiler.stop()
            self.profile = None
        if (batch + 1) % self.every == 0:
            self._write(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._write(updates(self.model) - self._first, logs)
        with self._writing():
            self.writer.flush()

    def _write(self, batch, logs):
        values = {f"train/{name}": value for name, value in logs.items()}
        rate = self.model.optimizer.learning_rate
        values["train/learning_rate"] = float(keras.ops.convert_to_numpy(rate))
        self.scalars(values, self._first + batch)


class SegmentationValidation:
    """Scores the model between two epochs and shows what it sees.

    Numbers: `validation/mean_iou`, `validation/iou/<class>`,
    `validation/iou_by_distance/<frames>`. Pictures: a fixed clip with truth
    and prediction, the flow between two of its frames, if the model has a
    flow network, and the confusion matrix.

    Args:
        summaries: `Summaries`.
        sequences: as for `accel_tf.evaluation.evaluate`.
        interval: key-frame interval.
        every: epochs between two validations; the last epoch has one too.
        steps: updates of the whole training.
    """

    def __init__(self, summaries, sequences, interval, every, steps):
        self.summaries = summaries
        self.sequences = sequences
        self.interval = interval
        self.every = every
        self.steps = steps

    def __call__(self, model, epoch, step):
        """Scores `model` after an epoch, at the update `step`.

        Returns:
            `{"validation_mean_iou": ...}`, or nothing if not due.
        """
        if (epoch + 1) % self.every and step != self.steps:
            return {}
        # Sparse labels have too few frames before some for a stream.
        evaluation = evaluate(model, self.sequences, self.interval, "average")
        values = {"validation/mean_iou": evaluation.mean_iou}
        for name, value in zip(
            model.label_map.names, evaluation.iou_per_class, strict=True
        ):
            values[f"validation/iou/{name}"] = value
        for distance, value in evaluation.mean_iou_by_distance.items():
            values[f"validation/iou_by_distance/{distance}"] = value
        self.summaries.scalars(values, step)
        names = model.label_map.names
        for name, picture in {
            "confusion": draw_confusion(evaluation.confusion, names),
            **clip_pictures(model, self.sequences, self.interval),
        }.items():
            self.summaries.image(name, picture, step)
        self.summaries.writer.flush()
        return {"validation_mean_iou": float(evaluation.mean_iou)}


def clip_pictures(model, sequences, interval):
    """Pictures of the first clip that ends at a labelled frame.

    Args:
        model: a `VideoSegmenter`.
        sequences: as for `accel_tf.evaluation.evaluate`; at least one has a
            label.
        interval: key-frame interval.

    Returns:
        dict of name -> uint8 `[H, W, 3]`: `overlay` with the frame, its
        truth, and the prediction as far from the key frame as it can be, and
        `flow`, if the model has a flow network and the clip two frames.
    """
    sequence = next(each for each in sequences if len(each["labels"]))
    positions = [int(position) for position in sequence["label_positions"]]
    reach = interval - 1 if model.uses_key_frames else 0
    index = next(
        (i for i, position in enumerate(positions) if position >= reach),
        len(positions) - 1,
    )
    end = positions[index]
    frames = [
        np.asarray(sequence["frames"][i])
        for i in range(max(0, end - reach), end + 1)
    ]
    truth = np.asarray(sequence["labels"][index])[..., 0]
    stream = VideoStream(model, FixedInterval(interval))
    for frame in frames:
        labels = stream(frame[None])[0]
    name = "prediction"
    if model.uses_key_frames:
        name += f", {len(frames) - 1} frames after the key frame"
    tiles = [
        caption(frames[-1], "frame"),
        caption(overlay(frames[-1], truth, model.label_map), "truth"),
        caption(overlay(frames[-1], labels, model.label_map), name),
    ]
    pictures = {
        "overlay": add_legend(np.concatenate(tiles, 1), model.label_map)
    }
    if hasattr(model, "flow_network") and len(frames) > 1:
        pictures["flow"] = flow_picture(
            PairwiseFlow(model.flow_network), np.stack(frames[-2:])
        )
    return pictures


def flow_picture(pairwise_flow, pair):
    """Current frame and colour-coded flow, one above the other.

    Args:
        pairwise_flow: `PairwiseFlow`.
        pair: uint8 `[2, H, W, 3]`.

    Returns:
        uint8 `[2 H, W, 3]`.
    """
    flow = keras.ops.convert_to_numpy(pairwise_flow(pair[None]))[0]
    height, width = pair.shape[1:3]
    colors = flow_to_color(flow)
    rows = np.arange(height) * colors.shape[0] // height
    columns = np.arange(width) * colors.shape[1] // width
    return np.concatenate([pair[1], colors[rows][:, columns]])


def draw_confusion(confusion, names):
    """The confusion matrix as a picture; rows (true classes) add up to 1.

    Args:
        confusion: `[classes, classes]` counts.
        names: of the classes.

    Returns:
        uint8 `[H, W, 3]`.

    Raises:
        ImportError: if matplotlib is not installed.
    """
    pyplot = optional.matplotlib_pyplot()
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    side = 2.5 + 0.35 * len(names)
    figure, axes = pyplot.subplots(figsize=(side, side), dpi=100)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    ticks = range(len(names))
    axes.set_xticks(ticks, names, rotation=90)
    axes.set_yticks(ticks, names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{100 * share:.0f}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if share > 0.5 else "black",
        )
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba")
    width, height = figure.canvas.get_width_height()
    pyplot.close(figure)
    pixels = np.frombuffer(buffer.getvalue(), np.uint8)
    return pixels.reshape(height, width, 4)[..., :3]
