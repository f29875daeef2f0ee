"""What the training scripts in `recipes/` have in common."""

import contextlib
import json
import pathlib

import keras

from accel_tf.data.builders import prepared_builder
from accel_tf.data.clips import class_frequencies, clip_dataset
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.mixtures import mixed_clip_dataset, mixed_frequencies
from accel_tf.data.pairs import flow_dataset, pair_dataset
from accel_tf.data.sequences import read_sequences
from accel_tf.data.taught_flow import taught_dataset
from accel_tf.files import write_text
from accel_tf.models.flownet import FlowNetwork
from accel_tf.models.flownet.flownet_presets import FLOW_NETWORKS
from accel_tf.models.presets import from_preset
from accel_tf.models.restore import load_keras_model, save_model
from accel_tf.training.distribution import (
    check_batch,
    data_parallel,
    training_strategy,
    worker,
)
from accel_tf.training.fit import fit
from accel_tf.training.freezing import (
    freeze,
    synchronize_batch_norm,
    train_only,
)
from accel_tf.training.fused_normalization import fuse_normalization
from accel_tf.training.losses import (
    EndPointError,
    OhemCrossEntropy,
    SegmentationCrossEntropy,
)
from accel_tf.training.optimizers import SGD, Adam
from accel_tf.training.pairwise_flow import PairwiseFlow
from accel_tf.training.photometric import PhotometricLoss
from accel_tf.training.schedules import make_schedule
from accel_tf.training.settings import as_dict, as_markdown, differences
from accel_tf.training.summaries import (
    SegmentationValidation,
    Summaries,
    updates,
)
from accel_tf.training.training_model import TrainingModel


def train_segmenter(config, build_model, verbose="auto"):
    """Trains a segmenter as a `SegmentationConfig` says.

    Leaves in `config.out`: the model, `<preset>.keras`; `config.json`;
    `history.json`; `logs/` for TensorBoard; `state/` from which a run that
    was stopped goes on when it is started again.

    Args:
        config: `SegmentationConfig`.
        build_model: called with the config and the data's label map, gives
            the model with its initial weights, or a `TrainingModel` of it.
        verbose: of `model.fit`.

    Returns:
        The path of the trained model.

    Raises:
        ValueError, OSError: if a setting does not fit the data, the devices
            or what is in `config.out`.
    """
    session = _Session(config)
    builder = session.builder

    mixture = _mixture(config, builder)

    def dataset(epoch):
        arguments = {
            "length": config.length,
            "spacing": config.spacing,
            "spacing_per_frame": config.spacing_per_frame,
            **session.data_arguments(epoch),
        }
        if config.mixed_in:
            return mixed_clip_dataset(*mixture, **arguments)
        return clip_dataset(builder, config.split, **arguments)

    def loss(segmenter):
        if config.loss == "ohem":
            return OhemCrossEntropy()
        weights = None
        if config.class_weight_power:
            if config.mixed_in:
                shares = mixed_frequencies(*mixture)
            else:
                shares = class_frequencies(
                    builder, config.split, segmenter.num_classes
                )
            floor = config.class_weight_floor
            weights = shares.clip(floor) ** config.class_weight_power
            weights /= (weights * shares).sum()
        return SegmentationCrossEntropy(class_weights=weights)

    sequences = None
    if config.validation_split is not None:
        sequences = read_sequences(
            builder, config.validation_split, config.validation_limit
        )

    def validation(summaries):
        if sequences is None:
            return None
        return SegmentationValidation(
            summaries,
            sequences,
            config.validation_interval,
            config.validation_epochs,
            session.epochs,
        )

    return session.train(
        lambda: build_model(config, label_map_of(builder)),
        loss,
        dataset,
        validation,
        verbose,
    )


def train_flow_network(config, verbose="auto"):
    """Trains a flow network as a `FlowConfig` says.

    Leaves the same files as `train_segmenter`; the `.keras` file holds the
    flow network alone, under the name `flow_network`.
    """
    session = _Session(config)
    builder = session.builder
    others = {
        prepared_builder(name, config.data_dir): share
        for name, share in config.mixed_in.items()
    }

    def build():
        network = _new_flow_network(config)
        if config.weights:
            trained = load_keras_model(config.weights, FlowNetwork)
            network.set_weights(trained.get_weights())
        return PairwiseFlow(network)

    def dataset(epoch):
        arguments = session.data_arguments(epoch)
        if config.objective == "photometric":
            return pair_dataset(builder, config.split, **arguments)
        stride = session.model.flow_network.output_stride
        if config.objective == "taught":
            return taught_dataset(
                builder,
                config.split,
                others=others,
                stills=config.stills,
                stride=stride,
                examples=config.examples,
                spacing=config.spacing,
                cache=str(session.out / "taught"),
                **arguments,
            )
        return flow_dataset(
            builder,
            config.split,
            stride=stride,
            from_stills=config.objective == "stills",
            **arguments,
        )

    def loss(flow_network):
        if config.objective == "photometric":
            return PhotometricLoss()
        return EndPointError()

    return session.train(build, loss, dataset, lambda summaries: None, verbose)


def _new_flow_network(config):
    if config.model in FLOW_NETWORKS:
        return FLOW_NETWORKS[config.model](
            name="flow_network", dtype=config.precision
        )
    return from_preset(
        config.model, num_classes=1, dtype=config.precision
    ).flow_network


def _mixture(config, builder):
    """The builders of all data sets, the split, and their shares."""
    shares = list(config.mixed_in.values())
    if any(share <= 0 for share in shares) or sum(shares) >= 1:
        raise ValueError(
            "mixed_in must have shares above 0 that sum to less than 1, not "
            f"{config.mixed_in}"
        )
    others = [
        prepared_builder(name, config.data_dir) for name in config.mixed_in
    ]
    return [builder, *others], config.split, [1 - sum(shares), *shares]


class _Session:
    """One run: its devices, its data, its folder."""

    def __init__(self, config):
        self.config = config
        self.out = pathlib.Path(config.out)
        if config.data_parallel:
            self.strategy, self.workers, self.index = None, 1, 0
            self.replicas = data_parallel(config.devices)
        elif keras.backend.backend() == "tensorflow":
            self.strategy = training_strategy(config.devices)
            self.workers, self.index = worker(self.strategy)
            self.replicas = self.strategy.num_replicas_in_sync
        else:
            self.strategy, self.workers, self.index = None, 1, 0
            self.replicas = 1
        check_batch(config.batch_size, self.replicas)
        self.builder = prepared_builder(config.data, config.data_dir)
        self.epochs = -(-config.steps // config.steps_per_epoch)
        keras.utils.set_random_seed(config.seed)
        self.model = None

    @property
    def is_chief(self):
        """Whether this process writes files; of several workers one does."""
        return self.index == 0

    def data_arguments(self, epoch):
        return {
            "batch_size": self.config.batch_size,
            "augmentation": self.config.augmentation,
            "seed": self.config.seed,
            "epoch": epoch,
            "shards": self.workers,
            "shard": self.index,
        }

    def train(self, build, loss, dataset, validation, verbose):
        config = self.config
        path = self.out / f"{config.model}.keras"
        self._check_folder()
        with self._scope():
            self.model = build()
            self._select_variables()
            self._compile(loss(self._trained_network))
        self._batches(dataset, 0)  # what is wrong with the data shows by now
        callbacks, validate = [], None
        if self.is_chief:
            text = json.dumps(as_dict(config), indent=1) + "\n"
            self.out.mkdir(parents=True, exist_ok=True)
            write_text(self.out / "config.json", text)
            summaries = Summaries(
                self.out / "logs", as_markdown(config), config.profile
            )
            callbacks = [summaries]
            validate = self._validate_with(validation(summaries))
        history = fit(
            self.model,
            lambda epoch: self._batches(dataset, epoch),
            steps=config.steps,
            steps_per_epoch=config.steps_per_epoch,
            folder=self.out / "state",
            callbacks=callbacks,
            validate=validate,
            writes=self.is_chief,
            verbose=verbose if self.is_chief else 0,
        )
        if self.is_chief:
            save_model(self._trained_network, path)
            text = json.dumps(history, indent=1) + "\n"
            write_text(self.out / "history.json", text)
        return path

    @property
    def _wrapped(self):
        return isinstance(self.model, TrainingModel)

    @property
    def _trained_network(self):
        return self.model.trained_network if self._wrapped else self.model

    def _batches(self, dataset, epoch):
        batches = dataset(epoch)
        if self._wrapped:
            first = epoch * self.config.steps_per_epoch + 1
            batches = self.model.training_data(batches, first)
        return batches

    def _validate_with(self, validation):
        if validation is None:
            return None
        return lambda model, epoch: validation(
            self._trained_network, epoch, updates(model)
        )

    def _scope(self):
        if self.strategy is None:
            return contextlib.nullcontext()
        return self.strategy.scope()

    def _check_folder(self):
        """Refuses a folder that holds a run with other settings."""
        path = self.out / "config.json"
        if not path.exists():
            return
        # Where the data lies and what is watched changes no result.
        free = ("data_dir", "out", "profile", "validation")
        changed = [
            text
            for text in differences(self.config, json.loads(path.read_text()))
            if not text.startswith(free)
        ]
        if changed:
            raise ValueError(
                f"{self.out} holds a run with other settings "
                f"({'; '.join(changed)}); choose another out or remove it"
            )

    def _select_variables(self):
        config = self.config
        train_only(
            self.model,
            "all" if config.trainable == ("all",) else config.trainable,
        )
        if config.frozen:
            freeze(self.model, config.frozen)

    def _compile(self, loss):
        config = self.config
        schedule = make_schedule(
            config.schedule,
            config.learning_rate,
            config.steps,
            warmup_learning_rate=config.warmup_learning_rate,
            warmup_steps=config.warmup_steps,
            warmup=config.warmup,
            boundaries=config.boundaries,
            factor=config.factor,
        )
        arguments = {
            "decay": config.decay,
            "decayed": config.decayed,
            "multipliers": config.multipliers,
            "global_clipnorm": config.clip_norm,
        }
        if config.fused_normalization:
            fuse_normalization(self.model)
        if config.optimizer == "sgd":
            optimizer = SGD(schedule, momentum=config.momentum, **arguments)
        else:
            optimizer = Adam(schedule, **arguments)
        if self.strategy is not None and self.replicas > 1:
            parts = [self.model]
            if self._wrapped:
                parts = self.model.parts_to_synchronize()
            for part in parts:
                synchronize_batch_norm(part)
        # TensorFlow compiles none of this under a strategy, and on a CPU it
        # costs more than it saves.
        jit = keras.backend.backend() == "jax" and self.model.supports_jit
        objectives = {"loss": loss}
        if self._wrapped:
            objectives = self.model.objectives(loss)
        self.model.compile(optimizer, **objectives, jit_compile=jit)
        # Here rather than at the first update: a resumed run loads its state
        # before that, and variables are made in the strategy's scope.
        self.model.optimizer.build(self.model.trainable_variables)
