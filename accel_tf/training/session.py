"""One training: its devices, its data, its folder."""

import contextlib
import json
import pathlib

import keras

from accel_tf.data.builders import prepared_builder
from accel_tf.data.damage import naming_damage
from accel_tf.files import read_json, write_text
from accel_tf.messages import tell
from accel_tf.models.keras_files import save_model
from accel_tf.training.distribution import (
    check_batch,
    data_parallel,
    training_strategy,
    worker,
)
from accel_tf.training.fit import fit, updates
from accel_tf.training.freezing import (
    freeze,
    synchronize_batch_norm,
    train_only,
)
from accel_tf.training.fused_normalization import fuse_normalization
from accel_tf.training.kept_models import SCORE, KeptModels
from accel_tf.training.optimizers import SGD, Adam
from accel_tf.training.schedules import make_schedule
from accel_tf.training.settings import as_dict, as_markdown, differences
from accel_tf.training.summaries import Summaries
from accel_tf.training.training_model import TrainingModel


class TrainingSession:
    """What a config's training runs on, and what it leaves behind.

    Args:
        config: a `TrainingConfig`.

    Raises:
        ValueError: if a setting does not fit the devices or the data.

    Attributes:
        config: as given.
        out: `pathlib.Path` of the folder that it writes.
        builder: of the data set.
        model: that is trained; `None` before `train`.
    """

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
        keras.utils.set_random_seed(config.seed)
        self.model = None
        self._precise = None

    @property
    def is_chief(self):
        """Whether this process writes files; of several workers one does."""
        return self.index == 0

    def data_arguments(self, epoch):
        """What every pipeline of this training is told."""
        return {
            "batch_size": self.config.batch_size,
            "augmentation": self.config.augmentation,
            "seed": self.config.seed,
            "epoch": epoch,
            "shards": self.workers,
            "shard": self.index,
        }

    def train(
        self,
        build,
        loss,
        dataset,
        validation,
        verbose,
        lines=None,
        metrics=(),
        decayed=None,
        precise=None,
        score=SCORE,
    ):
        """Trains a model, or goes on with a run that was stopped.

        Args:
            build: function that makes the model, or a `TrainingModel`.
            loss: function of the network that makes its loss.
            dataset: function of the epoch that gives endless batches.
            validation: function of the `Summaries` that gives what is called
                with the network, the epoch and the updates so far after
                each epoch, or `None`.
            verbose: of `model.fit`.
            lines: `EpochLines` to show instead of the output of `model.fit`.
            metrics: of `model.fit`.
            decayed: function of the network that gives the patterns of the
                variables with weight decay; by default the config's.
            precise: function of the network that gives a `PreciseCopy`, to
                be validated and kept in its place.
            score: of the validation, which tells the best model.

        Returns:
            The path of the trained model.

        Raises:
            ValueError, OSError: if a setting does not fit what is in the
                folder, or it cannot be written.
        """
        config = self.config
        path = self.out / f"{config.model}.keras"
        self.check_folder()
        with self._scope():
            self.model = build()
            self._select_variables()
            self._compile(
                loss(self._trained_network),
                list(metrics),
                config.decayed if decayed is None else decayed(self.model),
            )
        self._batches(dataset, 0)  # what is wrong with the data shows by now
        callbacks, validate, keep = [], None, None
        if self.is_chief:
            text = json.dumps(as_dict(config), indent=1) + "\n"
            self.out.mkdir(parents=True, exist_ok=True)
            write_text(self.out / "config.json", text)
            summaries = Summaries(
                self.out / "logs", as_markdown(config), config.profile
            )
            callbacks = [summaries]
            if precise is not None:
                self._precise = precise(self._trained_network)
            validate = self._validate_with(validation(summaries))
            keep = KeptModels(self._kept_network, self.out, score)
            if lines is not None:
                callbacks, verbose = [summaries, lines], 0
                keep = self._telling(keep, lines)
        with naming_damage(*self._builders()):
            history = fit(
                self.model,
                lambda epoch: self._batches(dataset, epoch),
                steps=config.steps,
                steps_per_epoch=config.steps_per_epoch,
                folder=self.out / "state",
                callbacks=callbacks,
                validate=validate,
                keep=keep,
                writes=self.is_chief,
                verbose=verbose if self.is_chief else 0,
            )
        if self.is_chief:
            self._make_precise(len(history) - 1)
            save_model(self._kept_network, path)
            text = json.dumps(history, indent=1) + "\n"
            write_text(self.out / "history.json", text)
        return path

    def _builders(self):
        """Of all data sets that it reads."""
        others = getattr(self.config, "mixed_in", ())
        return [
            self.builder,
            *(prepared_builder(x, self.config.data_dir) for x in others),
        ]

    @property
    def _wrapped(self):
        return isinstance(self.model, TrainingModel)

    @property
    def _trained_network(self):
        return self.model.trained_network if self._wrapped else self.model

    @property
    def _kept_network(self):
        if self._precise is None:
            return self._trained_network
        return self._precise.network

    def _make_precise(self, epoch):
        if self._precise is not None:
            self._precise.update(epoch)

    def _batches(self, dataset, epoch):
        batches = dataset(epoch)
        if self._wrapped:
            batches = self.model.training_data(batches, updates(self.model) + 1)
        return batches

    def _validate_with(self, validation):
        def validate(model, epoch):
            self._make_precise(epoch)
            if validation is None:
                return {}
            return validation(self._kept_network, epoch, updates(model))

        return validate

    def _telling(self, keep, lines):
        def keep_and_tell(history):
            keep(history)
            lines(history, updates(self.model))

        return keep_and_tell

    def _scope(self):
        if self.strategy is None:
            return contextlib.nullcontext()
        return self.strategy.scope()

    def check_folder(self):
        """Looks whether a run in the folder can be gone on with.

        Raises:
            ValueError: if it has other settings than more steps.
        """
        path = self.out / "config.json"
        if not path.exists():
            return
        stored = read_json(path)
        # Where the data lies and what is watched changes no result.
        free = ["data_dir", "out", "profile", "validation"]
        extended = stored["steps"] < self.config.steps
        if extended:
            free += ["steps:", "steps_per_epoch:"]
        changed = [
            text
            for text in differences(self.config, stored)
            if not text.startswith(tuple(free))
        ]
        if changed:
            raise ValueError(
                f"{self.out} holds a run with other settings "
                f"({'; '.join(changed)}); choose another out or remove it"
            )
        if extended and self.is_chief:
            tell(self._extension(stored["steps"]))

    def _extension(self, before):
        """What more steps do to the learning rate, in a line."""
        steps, kind = self.config.steps, self.config.schedule
        old, new = (self._schedule(total)(before) for total in (before, steps))
        text = f"{self.out}: goes on to {steps} steps instead of {before}. "
        if abs(old - new) <= 1e-6 * self.config.learning_rate:
            return f"{text}The learning rate goes on from {new:.3g}."
        return (
            f"{text}The schedule {kind!r} is now that of {steps} steps: from "
            f"step {before} on the learning rate starts again at {new:.3g}, "
            f"where it had come down to {old:.3g}."
        )

    def _schedule(self, steps):
        """The learning rate of a training of so many steps, by the step."""
        schedule = self._make_schedule(steps)
        if not callable(schedule):
            return lambda step: schedule
        return lambda step: float(keras.ops.convert_to_numpy(schedule(step)))

    def _make_schedule(self, steps):
        config = self.config
        return make_schedule(
            config.schedule,
            config.learning_rate,
            steps,
            warmup_learning_rate=config.warmup_learning_rate,
            warmup_steps=config.warmup_steps,
            warmup=config.warmup,
            boundaries=config.boundaries,
            factor=config.factor,
        )

    def _select_variables(self):
        config = self.config
        train_only(
            self.model,
            "all" if config.trainable == ("all",) else config.trainable,
        )
        if config.frozen:
            freeze(self.model, config.frozen)

    def _compile(self, loss, metrics, decayed):
        config = self.config
        schedule = self._make_schedule(config.steps)
        arguments = {
            "decay": config.decay,
            "decayed": decayed,
            "multipliers": config.multipliers,
            "global_clipnorm": config.clip_norm,
        }
        if config.fused_normalization:
            fuse_normalization(self.model)
        if config.optimizer == "sgd":
            arguments["momentum"] = config.momentum
            optimizer = SGD(schedule, nesterov=config.nesterov, **arguments)
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
        objectives = {"loss": loss, "metrics": metrics}
        if self._wrapped:
            objectives = self.model.objectives(loss)
        self.model.compile(optimizer, **objectives, jit_compile=jit)
        # Here rather than at the first update: a resumed run loads its state
        # before that, and variables are made in the strategy's scope.
        self.model.optimizer.build(self.model.trainable_variables)
