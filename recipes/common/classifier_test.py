"""The test of a clip classifier on a data set, and what is told of it."""

import json

import numpy as np
import tensorflow as tf

from accel_tf.data.builders import prepared_builder
from accel_tf.data.frame_steps import (
    AS_TRAINED,
    note_of_unknown_step,
    step_of,
    told_sampling,
)
from accel_tf.data.training_clips import ClipSampling, clip_views
from accel_tf.evaluation.classification import evaluate_classifier
from accel_tf.files import write_text
from accel_tf.messages import note, tell
from accel_tf.models.restore_classifier import restore_classifier
from accel_tf.training.classifier_recipe import class_names
from accel_tf.training.summaries import draw_confusion

_MISTAKES = 5


def test_classifier(options):
    """Classifies the videos of a split.

    Args:
        options: of `test_classifier.py`.

    Returns:
        `(model, scores)`: a `ClipClassifier` and `ClassifierScores`.

    Raises:
        ValueError, OSError: if the data is not built, or the model does not
            fit it.
    """
    builder = prepared_builder(options.data, options.data_dir)
    names = class_names(builder, options.split)
    model, message = restore_classifier(options.model, options.weights)
    tell(message)
    if model.num_classes != len(names):
        raise ValueError(
            f"{options.data} has {len(names)} classes, and {options.model} "
            f"{model.num_classes}; test a model that was trained on it"
        )
    sampling = _sampling(model, *options.frames)
    views, crops = options.views
    videos = clip_views(
        builder,
        options.split,
        sampling=sampling,
        size=options.size or model.crop_size,
        views=views,
        crops=crops,
        seed=options.seed,
    )
    if options.limit:
        videos = videos.take(options.limit)
    model.class_names = tuple(names)
    return model, evaluate_classifier(model, videos.as_numpy_iterator())


def _sampling(model, frames, step):
    unknown = note_of_unknown_step(model, step, frames)
    if unknown:
        note(unknown)
    frames = frames or model.frames
    step = step_of(model) if step == AS_TRAINED else step
    tell(f"Clips of {told_sampling(frames, step)}.")
    return ClipSampling(frames, step)


def report(model, scores, options):
    """Prints the accuracy, and writes what the options name.

    Args:
        model, scores: from `test_classifier`.
        options: of `test_classifier.py`.
    """
    names = model.class_names
    views, crops = options.views
    print(
        f"{len(scores.classes)} videos, {views}x{crops} views: "
        f"top-1 {scores.top_1:.1%}, top-5 {scores.top_5:.1%}"
    )
    for count, true, predicted in most_mistaken(scores.confusion):
        print(f"{count:5d} of {names[true]!r} taken for {names[predicted]!r}")
    if options.json:
        found = {
            "model": str(options.model),
            "data": options.data,
            "split": options.split,
            "views": views,
            "crops": crops,
            **scores.as_dict(names),
        }
        write_text(options.json, json.dumps(found, indent=1) + "\n")
    if options.logs:
        picture = draw_confusion(scores.confusion, names)
        with tf.summary.create_file_writer(options.logs).as_default():
            tf.summary.image("confusion", picture[None], step=0)


def most_mistaken(confusion):
    """`(count, true, predicted)` of the commonest mistakes, most first.

    Args:
        confusion: int `[classes, classes]`.
    """
    wrong = confusion * (1 - np.eye(len(confusion), dtype=int))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MISTAKES]
    pairs = [divmod(int(index), len(wrong)) for index in order]
    return [
        (int(wrong[true, predicted]), true, predicted)
        for true, predicted in pairs
        if wrong[true, predicted]
    ]
