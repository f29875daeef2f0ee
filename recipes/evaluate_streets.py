"""Scores street weights on CamVid's `val` and on videos.

    accel-tf recipe evaluate_streets --real DIR --json FILE

DIR is that of `train_streets`. Without `--weights` those of the package
are scored; a `.keras` file of any segmenter of the 19 Cityscapes classes can
be given. CamVid's labels are its own: predictions are mapped to its 11
classes. The labels of the videos are those of another network, with all their
mistakes ("stored"), and without those that can be told ("cleaned", see
`common/streets_labels.py`).
"""

import json
import pathlib

import cv2
import numpy as np

import accel_tf
from accel_tf.benchmark.devices import describe_machine
from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES, IGNORE
from accel_tf.evaluation import class_mapping
from accel_tf.files import write_text
from accel_tf.metrics import (
    confusion_matrix,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from accel_tf.models.keras_files import load_keras_model
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.streets_data import read_labels, read_video
from accel_tf.recipes.common.streets_labels import RULES, clean_video
from accel_tf.streaming import FixedInterval, VideoStream
from accel_tf.visualize import add_legend, caption, overlay, write_picture
from accel_tf.weights import default_model

LAST = 100
RAREST = 1e-3
"""Share of the labelled pixels from which on a class counts."""


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--real", required=True, metavar="DIR")
    parser.add_argument("--weights", metavar="FILE")
    parser.add_argument("--intervals", default="1,5")
    parser.add_argument("--videos", default="highway,dashcam")
    parser.add_argument("--widths", default="960,640,480")
    parser.add_argument("--every", type=int, default=1, metavar="FRAMES")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--pictures", metavar="DIR")
    options = parser.parse_args(arguments)
    real = pathlib.Path(options.real)
    if options.pictures:
        pathlib.Path(options.pictures).mkdir(parents=True, exist_ok=True)
    if options.weights:
        model = load_keras_model(options.weights)
    else:
        model = default_model()
    if model.label_map.names != CITYSCAPES.names:
        raise ValueError("the model must have the 19 classes of Cityscapes")
    model = accel_tf.fuse_for_inference(model)
    rows = []
    for interval in map(int, options.intervals.split(",")):
        stream = VideoStream(model, FixedInterval(interval))
        rows.append(_camvid(real, stream, options))
        for name in filter(None, options.videos.split(",")):
            for width in map(int, options.widths.split(",")):
                rows += _video(real, name, width, stream, options)
        for row in rows:
            row.setdefault("interval", interval)
    report = {"machine": describe_machine("tensorflow", "keras"), "rows": rows}
    if options.json:
        write_text(options.json, json.dumps(report, indent=1) + "\n")


def _camvid(real, stream, options):
    counts = 0
    to_camvid = class_mapping(stream.model, CAMVID_11.names)
    stream.reset_state()
    paths = sorted((real / "camvid" / "val").glob("*.jpg"))
    for index, path in enumerate(paths):
        frame = cv2.imread(str(path))[..., ::-1]
        truth = read_labels(real / "camvid" / "valannot" / f"{path.stem}.png")
        truth[truth >= len(CAMVID_11)] = IGNORE
        labels = stream(frame[None])[0]
        counts += confusion_matrix(truth, to_camvid[labels], len(CAMVID_11))
        _picture(options, f"camvid_{index:03d}", frame, labels, index)
    return _row("CamVid val, 480x360", counts, CAMVID_11.names)


def _video(real, name, width, stream, options):
    """Rows for the stored and for the cleaned labels."""
    rules = RULES[name]
    stored = cleaned = 0
    stream.reset_state()
    frames = list(read_video(real, name))
    first = max(0, len(frames) - LAST) if rules.held_out else 0
    for index, frame in enumerate(frames[first:], first):
        if (index - first) // 5 * 5 % (5 * options.every):
            continue
        size = (width, round(frame.shape[0] * width / frame.shape[1]))
        truth = read_labels(real / "teacher_labels" / name / f"{index:06d}.png")
        small = frame
        if size != frame.shape[1::-1]:
            small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        small = small[..., ::-1]
        labels = stream(small[None])[0]
        _picture(options, f"{name}_{width}_{index:03d}", small, labels, index)
        # Labels of the video's own size for every size of frames.
        labels = cv2.resize(
            labels, truth.shape[::-1], interpolation=cv2.INTER_NEAREST
        )
        stored += confusion_matrix(truth, labels, len(CITYSCAPES))
        truth = clean_video(truth, rules)
        cleaned += confusion_matrix(truth, labels, len(CITYSCAPES))
    which = f"last {LAST} frames, not trained on" if first else "trained on"
    title = f"{name}, {which}, {size[0]}x{size[1]}"
    return [
        _row(f"{title}, stored labels", stored, CITYSCAPES.names),
        _row(f"{title}, cleaned labels", cleaned, CITYSCAPES.names),
    ]


def _row(title, counts, names):
    """Scores; the mean is over the classes of which there is something."""
    shares = counts.sum(1) / counts.sum()
    there = shares >= RAREST
    scores = iou_per_class(counts)
    row = {
        "data": title,
        "pixels": round(pixel_accuracy(counts), 4),
        "mean_iou": round(float(scores[there].mean()), 4),
        "mean_iou_of_all": round(mean_iou(counts), 4),
        "per_class": {
            name: round(float(score), 4)
            for name, score, here in zip(names, scores, there, strict=True)
            if here
        },
    }
    print(
        f"{title}: {row['pixels']:.3f} of the pixels, mean IoU "
        f"{row['mean_iou']:.3f} of {there.sum()} classes",
        flush=True,
    )
    return row


def _picture(options, name, frame, labels, index, every=20):
    if not options.pictures or index % every:
        return
    shown = overlay(frame, labels, CITYSCAPES)
    picture = np.concatenate([frame, caption(shown, name)], 1)
    path = pathlib.Path(options.pictures) / f"{name}.png"
    write_picture(path, add_legend(picture, CITYSCAPES))


if __name__ == "__main__":
    run(main)
