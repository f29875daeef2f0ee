"""Training of TDNet on clips, with and without a teacher."""

import functools

import keras
from keras import ops

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.pspnet.convert_pspnet import auxiliary_entries
from accel_tf.models.pspnet.heads import auxiliary_head
from accel_tf.models.tdnet.choose import choose
from accel_tf.models.tdnet.convert_tdnet import UNUSED
from accel_tf.models.tdnet.temporal_path import subsample
from accel_tf.training.distillation import DistillationLoss, PredictedLoss
from accel_tf.training.training_model import TrainingModel

LOSS_WEIGHTS = {"full": 1.0, "sub": 0.5, "aux": 0.1, "distillation": 1.0}


class TDNetTraining(TrainingModel):
    """A `TDNet` with all that only its training has, for `compile` and `fit`.

        model = TDNetTraining(segmenter, teacher)
        model.compile(optimizer, **model.objectives(OhemCrossEntropy()))
        model.fit(model.training_data(clips, 1), steps_per_epoch=...)

    TDNet (CVPR 2020, section 3.3). Called on `(clip, phase)`: RGB 0..255
    `[B, P, H, W, 3]` with as many frames as paths, oldest first, and the
    number of the path, from 0, whose turn is the last frame: an integer
    scalar or `[B]`, of which the first holds for all. Every path sees one
    frame; the phase changes from batch to batch (`training_data`).

    Gives a dict. `full`: logits of the last frame, `[B, H, W, classes]`;
    `sub`: those of its path alone, without the other frames; `aux`: those
    of a head on the third stage of that path's backbone, where it is a
    dilated ResNet (TD2-FA18 has none); `distillation` `[B]`, with a
    teacher: the divergence of `full` from the teacher's scores and, times
    `group_weight`, that of `sub` from those of the path's group, at the
    network's stride. Logits are float32.

    What is trained are the segmenter, in place, and the auxiliary heads.
    The teacher is no part of the model: it has no trainable variables here
    and is not stored with the state of a training. Save the segmenter.

    Differences from the official training code: TD2's keys and values are
    computed after sub-sampling, as TD4's are, which changes no output but
    the statistics of the batch that normalise them; and labels to ignore
    are the loss's business.

    A phase that comes with the data chooses between branches with batch
    normalisation. JAX cannot compile that and runs it uncompiled; and on
    several devices only the normalisation of the backbones and the pyramids,
    which lie outside the branches, can be synchronised.

    Args:
        segmenter: a `TDNet`; its `stride` was 3 in the published training.
        teacher: a `GroupedPSPNet` with as many groups as there are paths,
            or `None`.
        group_weight: of the distillation of the path alone.
        dropout: share of the auxiliary heads' channels that is dropped.
        name: of the model.

    Attributes:
        segmenter: as given.
        auxiliary_heads: one for each path, or none.

    Raises:
        ValueError: if the teacher has another number of groups or classes.
    """

    unused_checkpoint_tensors = UNUSED

    def __init__(
        self,
        segmenter,
        teacher=None,
        group_weight=0.5,
        dropout=0.1,
        name="tdnet_training",
    ):
        super().__init__(
            autocast=False, dtype=segmenter.dtype_policy, name=name
        )
        count = len(segmenter.paths)
        if teacher is not None:
            theirs = len(teacher.group_of_path), teacher.num_classes
            if theirs != (count, segmenter.num_classes):
                raise ValueError(
                    f"a teacher for {count} paths and {segmenter.num_classes} "
                    f"classes is needed, got one of {theirs[0]} groups and "
                    f"{theirs[1]} classes."
                )
        self.segmenter = segmenter
        self.num_classes = segmenter.num_classes
        self.group_weight = group_weight
        self.auxiliary_heads = []
        # Functions, because what they hold is not this model's: the teacher
        # is not trained, and the stages are the segmenter's already.
        self._stages = None
        self._teach = None if teacher is None else lambda x: teacher(x)
        if teacher is not None:
            self._group_of_path = teacher.group_of_path
        if all(hasattr(p.backbone, "stage_output") for p in segmenter.paths):
            with dtype_scope(self.dtype_policy):
                self.auxiliary_heads = [
                    auxiliary_head(
                        path.backbone,
                        segmenter.num_classes,
                        f"auxiliary_{number}",
                        dropout,
                    )
                    for number, path in enumerate(segmenter.paths, 1)
                ]
            self._stages = _two_outputs([p.backbone for p in segmenter.paths])
        # JAX cannot compile batch statistics that are gathered in a branch.
        self.supports_jit = False
        self.built = True

    # === What fit needs ===

    @property
    def trained_network(self):
        return self.segmenter

    def parts_to_synchronize(self):
        parts = [(path.backbone, path.pyramid) for path in self.segmenter.paths]
        return [part for pair in parts for part in pair if part is not None]

    @property
    def outputs_to_train(self):
        """Names of the outputs."""
        names = ["full", "sub"]
        if self.auxiliary_heads:
            names.append("aux")
        if self._teach is not None:
            names.append("distillation")
        return names

    def objectives(self, loss):
        """The arguments `loss` and `loss_weights` of `compile`.

        Args:
            loss: of the logits, for labels; `OhemCrossEntropy` as published.

        Returns:
            dict; weights 1, 0.5 (path alone), 0.1 (auxiliary) and 1
            (distillation), as published.
        """
        losses = {
            name: PredictedLoss() if name == "distillation" else loss
            for name in self.outputs_to_train
        }
        return {
            "loss": losses,
            "loss_weights": {name: LOSS_WEIGHTS[name] for name in losses},
        }

    def targets(self, labels):
        """Labels for every output; distillation does not look at them."""
        return {name: labels for name in self.outputs_to_train}

    def training_data(self, dataset, first):
        """Adds the phase, another for each batch, and targets.

        Args:
            dataset: `tf.data.Dataset` of batches `(clip, labels)`, as
                `clip_dataset` gives them with `length` the number of paths.
            first: number of the first batch; a training that goes on at
                its update `n` gives `n + 1`. The published one counts
                from 1.

        Returns:
            Dataset of `((clip, phase), targets)`.
        """
        import tensorflow as tf

        count = len(self.segmenter.paths)

        def add_phase(number, batch):
            clip, labels = batch
            phase = tf.cast(number % count, tf.int32)
            phase = tf.fill([tf.shape(clip)[0]], phase)
            return (clip, phase), self.targets(labels)

        return dataset.enumerate(first).map(add_phase)

    # === The clip forward ===

    def call(self, inputs, training=None):
        clip, phase = inputs
        paths = self.segmenter.paths
        count = len(paths)
        if len(clip.shape) != 5 or clip.shape[1] != count:
            raise ValueError(
                f"clip must be [B, {count}, H, W, 3], one frame for each "
                f"path, got shape {tuple(clip.shape)}."
            )
        if len(phase.shape):
            phase = phase[0]
        phase = ops.cast(phase, "int32") % count
        # Frames go to the paths rather than paths to the frames: whose turn
        # it is decides which frame each path gets, and no branch is needed.
        images = normalize_image(clip)
        seen = [
            self._see(
                number,
                ops.take(images, (number - phase - 1) % count, axis=1),
                training,
            )
            for number in range(count)
        ]
        scores = choose(
            phase,
            [
                functools.partial(self._score, number, seen, training)
                for number in range(count)
            ],
        )
        size = ops.shape(clip)[2:4]
        outputs = {
            name: ops.cast(self.segmenter.upsample(x, size), "float32")
            for name, x in scores.items()
        }
        if self._teach is not None:
            outputs["distillation"] = self._distillation(
                clip[:, -1], phase, scores
            )
        return outputs

    def _see(self, number, image, training):
        """A path's features, and its third stage for the auxiliary head."""
        path = self.segmenter.paths[number]
        if self._stages is None:
            return path.features(image, training), None
        third, x = self._stages(number, image, training)
        if path.pyramid is not None:
            x = path.pyramid(x, training=training)
        return x, third

    def _score(self, number, seen, training):
        """Scores of the last frame at the network's stride."""
        path = self.segmenter.paths[number]
        x, third = seen[number]
        query = path.query(x, training=training)
        value = path.value(x, training=training)
        state = self._buffer(number, seen, training)
        frames = len(seen) - 1
        context = value + path.propagate(query, state, frames, training)
        scores = {
            "full": path.scores(context, training),
            "sub": path.scores(value, training),
        }
        if third is not None:
            head = self.auxiliary_heads[number]
            scores["aux"] = head(third, training=training)
        return scores

    def _buffer(self, number, seen, training):
        """Of the frames before, oldest first, as in a stream's state."""
        parts = {"keys": [], "values": [], "queries": []}
        for step in range(1, len(seen)):
            other = (number + step) % len(seen)
            path = self.segmenter.paths[other]
            x = subsample(seen[other][0], self.segmenter.stride)
            parts["keys"].append(path.key(x, training=training))
            parts["values"].append(path.value(x, training=training))
            if step > 1:  # nothing is older than the oldest
                parts["queries"].append(path.query(x, training=training))
        return {
            name: ops.stack(maps, axis=1)
            for name, maps in parts.items()
            if maps
        }

    def _distillation(self, frame, phase, scores):
        full, groups = self._teach(frame)
        order = ops.convert_to_tensor(self._group_of_path, "int32")
        group = ops.take(groups, ops.take(order, phase), axis=1)
        divergence = DistillationLoss(reduction=None)
        return divergence(full, scores["full"]) + (
            self.group_weight * divergence(group, scores["sub"])
        )

    # === Checkpoints ===

    def checkpoint_entries(self):
        """Of an official training's file, auxiliary heads included."""
        entries = self.segmenter.checkpoint_entries()
        for number, head in enumerate(self.auxiliary_heads, 1):
            entries += auxiliary_entries(head, f"auxlayer{number}")
        return entries


def _two_outputs(backbones):
    """`(number, image, training)` to the third and the last stage."""
    networks = [
        keras.Model(
            backbone.inputs, [backbone.stage_output(3), *backbone.outputs]
        )
        for backbone in backbones
    ]

    def run(number, image, training):
        return networks[number](image, training=training)

    return run
