"""What the training scripts of clip classifiers have in common."""

import keras
import tensorflow as tf

from accel_tf.checkpoints import load_checkpoint
from accel_tf.data.builders import prepared_builder
from accel_tf.data.damage import naming_damage
from accel_tf.data.encoded_clips import check_clips
from accel_tf.data.training_clips import clip_views, training_clips
from accel_tf.messages import tell
from accel_tf.models.presets import from_preset, list_presets
from accel_tf.training.classifier_validation import ClassifierValidation
from accel_tf.training.kept_models import TOP_1
from accel_tf.training.precise_batch_norm import PreciseCopy
from accel_tf.training.session import TrainingSession
from accel_tf.training.weight_decay import decayed_patterns


def train_classifier(config, verbose="auto"):
    """Trains a clip classifier as a `ClassifierConfig` says.

    Leaves in `config.out` what `train_segmenter` leaves; the best model is
    the one with the best top-1 accuracy. Models that are validated and kept
    have the statistics of batch normalisation of `precise_batches` batches.

    Args:
        config: `ClassifierConfig`.
        verbose: of `model.fit`.

    Returns:
        The path of the trained model, whose `class_names` are the data's.

    Raises:
        ValueError, OSError: if a setting does not fit the data, the devices
            or what is in `config.out`.
    """
    session = TrainingSession(config)
    names = class_names(session.builder, config.split)
    videos = validation_videos(config, session.builder)

    def dataset(epoch, **changes):
        arguments = {**session.data_arguments(epoch), **changes}
        clips = training_clips(
            session.builder,
            config.split,
            sampling=config.sampling,
            **arguments,
        )
        return clips.map(_still) if config.single_frame else clips

    def precise(network):
        if not config.precise_batches:
            return None

        def batches(epoch):
            # On one device, and no more than it has in training.
            size = config.batch_size // session.replicas
            clips = dataset(epoch, batch_size=size, shards=1, shard=0)
            return clips.take(config.precise_batches).as_numpy_iterator()

        return PreciseCopy(network, batches, config.fused_normalization)

    def validation(summaries):
        if videos is None:
            return None
        return ClassifierValidation(
            summaries, videos, config.validation_epochs, config.steps
        )

    return session.train(
        lambda: new_classifier(config, names),
        lambda network: keras.losses.SparseCategoricalCrossentropy(
            from_logits=True
        ),
        dataset,
        validation,
        verbose,
        metrics=top_metrics(len(names)),
        decayed=lambda network: decayed_patterns(config.decayed, network),
        precise=precise,
        score=TOP_1,
    )


def new_classifier(config, names):
    """The classifier of a `ClassifierConfig`, with its first weights.

    Args:
        config: `ClassifierConfig`.
        names: of the classes.

    Raises:
        ValueError, OSError: if the preset is of another kind, or a file does
            not fit.
    """
    arguments = {
        "frames": config.sampling.frames,
        "crop_size": config.augmentation.crop,
        "channel_order": config.channel_order,
        "class_names": names,
        "causal": config.causal,
        "frame_step": config.sampling.frame_step,
        "dropout": config.dropout,
    }
    if config.model not in list_presets("classifier"):
        raise ValueError(
            f"model must be one of {', '.join(list_presets('classifier'))}, "
            f"not {config.model!r}"
        )
    model = from_preset(
        config.model, len(names), dtype=config.precision, **arguments
    )
    if config.weights:
        tell(
            str(
                load_checkpoint(
                    model, *config.weights, skip_last=config.skip_last
                )
            )
        )
    return model


def top_metrics(classes):
    """Metrics of `compile`: top-1 and top-5 accuracy.

    Args:
        classes: number of them; of fewer than five, all are among the best.
    """
    return [
        keras.metrics.SparseCategoricalAccuracy(name="top_1"),
        keras.metrics.SparseTopKCategoricalAccuracy(
            min(5, classes), name="top_5"
        ),
    ]


def class_names(builder, split):
    """Names of the classes of a data set of clips, in their order.

    Args:
        builder: TFDS builder of clips with a class, built.
        split: that will be used.

    Raises:
        ValueError: if it holds no such clips, or has no such split.
    """
    check_clips(builder, split)
    return builder.info.features["label"].names


def validation_videos(config, builder=None):
    """The videos that a training is validated on.

    Args:
        config: `ClassifierConfig`.
        builder: of its data; by default it is looked for.

    Returns:
        A function that gives the videos of `evaluate_classifier`, or `None`
        without a validation.

    Raises:
        ValueError, OSError: if the data is not built, or has no such split.
    """
    if config.validation_split is None:
        return None
    if builder is None:
        builder = prepared_builder(config.data, config.data_dir)
    views = clip_views(
        builder,
        config.validation_split,
        sampling=config.sampling,
        size=config.validation_size or config.augmentation.crop,
        views=config.validation_views,
        crops=config.validation_crops,
        seed=config.seed,
    )
    if config.validation_limit is not None:
        views = views.take(config.validation_limit)
    if config.single_frame:
        views = views.map(lambda clips, label, _: (*_still(clips, label), _))

    def videos():
        with naming_damage(builder):
            yield from views.as_numpy_iterator()

    return videos


def _still(clips, label):
    """Clips `[B, T, H, W, 3]` of their middle frame alone."""
    frames = clips.shape[1]
    middle = clips[:, frames // 2 : frames // 2 + 1]
    return tf.repeat(middle, frames, axis=1), label
