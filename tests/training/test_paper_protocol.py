"""Accel's training (CVPR 2019, section 4) against float64 arithmetic."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import small_accel

from accel_tf.models.accel.fusion_start import reset_fusion
from accel_tf.models.resnet import subtract_mean
from accel_tf.recipes.common.command_line import load_config
from accel_tf.training import (
    SGD,
    SegmentationCrossEntropy,
    make_schedule,
    train_only,
)

HEIGHT, WIDTH, UPDATES = 32, 48, 3


def up_sampling(size, scores, stride):
    """Matrix of the fixed transposed convolution along one axis.

    Kernel of 2 x stride, stride, padding of half the stride, as MXNet counts.
    """
    matrix = np.zeros((size, scores))
    for source in range(scores):
        for tap in range(2 * stride):
            target = source * stride - stride // 2 + tap
            if 0 <= target < size:
                centre = (2 * stride - 1) / (2 * stride)
                matrix[target, source] = 1 - abs(tap / stride - centre)
    return matrix


class Fusion:
    """The fusion layer, its loss and its update rule in float64."""

    def __init__(self, kernel, bias, config, stride):
        self.weights = {
            "kernel": kernel[0, 0].astype("float64"),
            "bias": bias.astype("float64"),
        }
        self.momenta = {
            name: np.zeros_like(value) for name, value in self.weights.items()
        }
        self.config = config
        self.stride = stride
        self.updates = 0

    def update(self, branches, label):
        """One step of gradient descent; returns the loss."""
        rows, columns = branches.shape[:2]
        up = up_sampling(HEIGHT, rows, self.stride)
        left = up_sampling(WIDTH, columns, self.stride)
        fused = branches @ self.weights["kernel"]
        logits = np.einsum("yr,xc,rck->yxk", up, left, fused)
        logits += self.weights["bias"]
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        probabilities = powers / powers.sum(-1, keepdims=True)
        valid = label != 255
        one_hot = np.eye(logits.shape[-1])[np.where(valid, label, 0)]
        loss = -np.log((probabilities * one_hot).sum(-1))[valid].mean()

        # SoftmaxOutput with normalization="valid".
        delta = (probabilities - one_hot) * valid[..., None] / valid.sum()
        at_scores = np.einsum("yr,xc,yxk->rck", up, left, delta)
        gradients = {
            "kernel": np.einsum("rci,rck->ik", branches, at_scores),
            "bias": delta.sum((0, 1)),
        }
        config = self.config
        rate = config.learning_rate
        if self.updates < config.warmup_steps:
            rate = config.warmup_learning_rate
        for name, gradient in gradients.items():
            decay = config.decay if name == "kernel" else 0.0
            gradient = gradient + decay * self.weights[name]
            step = rate * config.multipliers[f"fusion/{name}"] * gradient
            self.momenta[name] = config.momentum * self.momenta[name] - step
            self.weights[name] = self.weights[name] + self.momenta[name]
        self.updates += 1
        return loss


def branch_scores(model, clip):
    """Scores of both branches for the last frame, unrolled frame by frame."""
    state = {}
    for index in range(clip.shape[1]):
        state = model.advance(clip[:, index], state, is_key=index == 0)
    reference = model.reference_head(state["features"])
    features = model.update_backbone(subtract_mean(clip[:, -1]))
    update = model.update_head(features)
    scores = [
        keras.ops.convert_to_numpy(branch)[0].astype("float64")
        for branch in (reference, update)
    ]
    # Up-sampling takes what lies outside a score map for zero.
    rows, columns = np.max([branch.shape[:2] for branch in scores], axis=0)
    padded = np.zeros((rows, columns, 2 * model.num_classes))
    for index, branch in enumerate(scores):
        part = padded[..., index * model.num_classes :]
        part[: branch.shape[0], : branch.shape[1], : model.num_classes] = branch
    return padded


@pytest.fixture
def config():
    """The recipe's own settings, with shorter clips and warm-up."""
    published = load_config("accel_18_cityscapes")
    assert published.warmup_steps == 1000
    # A larger rate than the original's, so that few updates show.
    return dataclasses.replace(
        published,
        length=2,
        warmup_steps=1,
        warmup_learning_rate=5e-3,
        learning_rate=1e-1,
    )


def test_only_the_fusion_learns_and_as_the_paper_says(config, untraced):
    keras.utils.set_random_seed(5)
    model = small_accel()
    reset_fusion(model, "paper")
    assert train_only(model, config.trainable) == 2
    before = {
        variable.path: variable.numpy().copy() for variable in model.variables
    }
    random = np.random.default_rng(2)
    shape = (UPDATES, 1, config.length, HEIGHT, WIDTH, 3)
    clips = random.integers(0, 256, shape, dtype=np.uint8)
    labels = random.integers(
        0, model.num_classes, (UPDATES, 1, HEIGHT, WIDTH), dtype=np.uint8
    )
    labels[:, :, :9, 5:] = 255

    expected = Fusion(
        model.fusion.kernel.numpy(),
        model.fusion.bias.numpy(),
        config,
        model.output_stride,
    )
    losses = [
        expected.update(branch_scores(model, clip), label[0])
        for clip, label in zip(clips, labels, strict=True)
    ]

    schedule = make_schedule(
        config.schedule,
        config.learning_rate,
        config.steps,
        warmup_learning_rate=config.warmup_learning_rate,
        warmup_steps=config.warmup_steps,
    )
    optimizer = SGD(
        schedule,
        momentum=config.momentum,
        decay=config.decay,
        multipliers=config.multipliers,
    )
    model.compile(optimizer, SegmentationCrossEntropy(), jit_compile=False)
    seen = []

    class Losses(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    data = tf.data.Dataset.from_tensor_slices((clips, labels))
    model.fit(data, shuffle=False, verbose=0, callbacks=[Losses()])

    # Keras reports the mean over the batches so far.
    means = np.cumsum(losses) / np.arange(1, UPDATES + 1)
    np.testing.assert_allclose(seen, means, rtol=1e-5)
    kernel = model.fusion.kernel.numpy()[0, 0]
    moved = np.abs(kernel - before["fusion/kernel"][0, 0]).max()
    assert moved > 0.005
    np.testing.assert_allclose(
        kernel, expected.weights["kernel"], atol=1e-4 * moved
    )
    np.testing.assert_allclose(
        model.fusion.bias.numpy(), expected.weights["bias"], atol=1e-6
    )
    for variable in model.variables:
        if not variable.path.startswith(("fusion/", "sgd")):
            np.testing.assert_array_equal(
                variable.numpy(), before[variable.path], variable.path
            )


def test_published_settings():
    accel = load_config("accel_18_cityscapes")
    assert accel.learning_rate == 5e-4 and accel.schedule == "constant"
    assert accel.warmup_learning_rate == 5e-5
    assert (accel.momentum, accel.decay) == (0.9, 5e-4)
    assert accel.multipliers == {"fusion/kernel": 2.0, "fusion/bias": 4.0}
    assert accel.augmentation.crop == (768, 1024)
    assert not accel.augmentation.flip
    assert accel.length == 5 and accel.steps == 53 * 2975
    assert accel.fusion_start == "paper"
    wide = load_config("accel_101_cityscapes")
    assert wide.length == 3 and wide.steps == 100 * 2975
    deeplab = load_config("deeplab_101_cityscapes")
    assert deeplab.augmentation.flip and deeplab.factor == 0.1
    assert deeplab.boundaries == (int(40.336 * 2 * 2975),)
