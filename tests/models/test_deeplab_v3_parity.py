"""AMS' student against its authors' graph, in inference and training."""

import functools

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import ops
from reference import Fixture, official_tensors, reference_frames

import accel_tf
from accel_tf.data.label_maps import IGNORE
from accel_tf.distill import ParameterSpace
from accel_tf.metrics import confusion_matrix, mean_iou
from accel_tf.models.deeplab.alignments import enlarge
from accel_tf.models.image_normalization import scale_symmetrically

# Tensors of the fixtures -> the layer, of which they are the values from 0
# up to the number, if there is one.
BACKBONE = {
    "conv": ("Conv_BatchNorm", 6.0),
    "block_6": ("expanded_conv_6_project_BatchNorm", None),
    "block_13": ("expanded_conv_13_project_BatchNorm", None),
    "block_16": ("expanded_conv_16_project_BatchNorm", None),
}
HEAD = {
    "image_pooling": ("image_pooling_BatchNorm", np.inf),
    "aspp0": ("aspp0_BatchNorm", np.inf),
    "concat_projection": ("concat_projection_BatchNorm", np.inf),
}


@functools.cache
def frames():
    return np.concatenate([reference_frames(64, 128, 1, i) for i in range(4)])


def student(**kwargs):
    model = accel_tf.from_preset("deeplab_mobilenet_v2", **kwargs)
    tensors = official_tensors("ams_student_names.tsv")
    entries = model.checkpoint_entries()
    assert {entry.names[0] for entry in entries} == set(tensors)
    for entry in entries:
        entry.variable.assign(tensors[entry.names[0]])
    return model


@functools.cache
def fixed_student():
    """No test changes it."""
    return student()


def run_layers(model, images, training, check):
    """Scores at the network's stride; `check(name, value)` on the way."""
    scores = scale_symmetrically(images)
    scores = enlarge(scores, model.alignment)
    for network, layers in ((model.backbone, BACKBONE), (model.head, HEAD)):
        outputs = {
            name: network.get_layer(layer).output
            for name, (layer, _) in layers.items()
        }
        probe = keras.Model(network.inputs, [outputs, network.output])
        values, scores = probe(scores, training=training)
        for name, (_, most) in layers.items():
            value = to_numpy(values[name])
            check(name, value if most is None else value.clip(0.0, most))
    check("logits_low", scores)
    return scores


def subset_ids(labels, classes):
    """Labels as the places of their classes in a list, else 255."""
    ids = np.full(256, IGNORE, "uint8")
    ids[classes] = np.arange(len(classes))
    return ids[labels]


def loss_of_subset(logits, labels, classes):
    """Mean cross entropy of each frame's pixels of some classes.

    Returns:
        `(losses, counts)`: `[B]` each, and of how many pixels.
    """
    ids = subset_ids(labels, classes).astype(int)
    logits = ops.take(logits, classes, axis=-1)
    losses = keras.losses.sparse_categorical_crossentropy(
        np.where(ids == IGNORE, 0, ids), logits, from_logits=True
    )
    kept = (ids != IGNORE).astype("float32")
    counts = kept.sum((1, 2))
    return ops.sum(losses * kept, (1, 2)) / counts, counts


# === Inference ===


def test_inference():
    fixture = Fixture("ams_student_inference", channels_last=True)
    model = fixed_student()
    low = run_layers(
        model,
        frames(),
        False,
        lambda name, value: fixture.check(f"inference/{name}", value),
    )
    fixture.check("inference/logits", model.logits(low, None, (64, 128)))
    odd = reference_frames(50, 70, 1, 0)
    for each in (accel_tf.fuse_for_inference(model), model):
        logits, _ = each.step(odd, {})
        fixture.check("inference_odd/logits", logits)
        logits, _ = each.step(odd, {}, native_stride=True)
        fixture.check("inference_odd/logits_low", logits)
    run_layers(
        model,
        odd,
        False,
        lambda name, value: (
            name == "block_16"
            and fixture.check("inference_odd/block_16", value)
        ),
    )

    # === The graph on the device, whose epsilons are all 1e-3 ===
    frozen = accel_tf.from_preset("deeplab_mobilenet_v2", head_epsilon=1e-3)
    frozen.set_weights(model.get_weights())
    logits = to_numpy(accel_tf.fuse_for_inference(frozen).step(frames(), {})[0])
    classes = fixture.stored["class_indices"].astype(int)
    labels, means = fixture.stored["labels"], np.zeros(4)
    losses, _ = loss_of_subset(logits, labels, classes)
    fixture.check("frozen/loss", losses)
    reduced = logits[..., classes]
    fixture.check("frozen/logits_reduced", reduced)
    for index, stored in enumerate(fixture.stored["frozen/confusion"]):
        confusion = confusion_matrix(
            subset_ids(labels[index], classes),
            reduced[index].argmax(-1),
            len(classes),
        )
        assert np.abs(confusion - stored).sum() <= 2
        means[index] = mean_iou(confusion)
    fixture.check("frozen/mean_iou", means)
    fixture.check_all_seen()


# === Training ===


def test_training():
    """Batch statistics, the loss, its gradients, and the moved statistics."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes gradients by TensorFlow's tape")
    import tensorflow as tf

    fixture = Fixture("ams_student_training", channels_last=True)
    model = student()
    classes = fixture.stored["class_indices"].astype(int)
    by_name = {e.names[0]: e.variable for e in model.checkpoint_entries()}
    prefix = "train_gradient/"
    wanted = [n for n in fixture.stored if n.startswith(prefix)]
    with tf.GradientTape() as tape:
        low = run_layers(
            model,
            frames(),
            True,
            lambda name, value: fixture.check(f"train/{name}", value),
        )
        logits = model.logits(low, None, (64, 128))
        losses, counts = loss_of_subset(
            logits, fixture.stored["labels"], classes
        )
        loss = ops.sum(losses * counts) / counts.sum()
    fixture.check("train/logits", logits)
    fixture.check("train/loss", loss)
    variables = [by_name[name.removeprefix(prefix)].value for name in wanted]
    for name, value in zip(wanted, tape.gradient(loss, variables), strict=True):
        fixture.check(name, value)
    for name in fixture.stored:
        if name.startswith("after_step1/"):
            value = by_name[name.removeprefix("after_step1/")]
            fixture.check(name, value)
    fixture.check_all_seen()


def test_order_of_the_weights():
    """As the authors' graph has them, the trainable ones first."""
    space = ParameterSpace(fixed_student())
    tensors = official_tensors("ams_student_names.tsv")
    is_statistic = {n: n.split("/")[-1].startswith("moving") for n in tensors}
    names = sorted(tensors, key=is_statistic.get)
    np.testing.assert_array_equal(
        space.read(), np.concatenate([tensors[n].ravel() for n in names])
    )
    assert space.trainable_size == 2_113_043
