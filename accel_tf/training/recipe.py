"""What the training scripts in `recipes/` have in common."""

from accel_tf.data.builders import prepared_builder
from accel_tf.data.clips import class_frequencies, clip_dataset
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.mixtures import mixed_clip_dataset, mixed_frequencies
from accel_tf.data.pairs import flow_dataset, pair_dataset
from accel_tf.data.sequences import frame_size, read_sequences
from accel_tf.data.taught_flow import taught_dataset
from accel_tf.models.flownet import FlowNetwork
from accel_tf.models.flownet.flownet_presets import FLOW_NETWORKS
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.presets import from_preset
from accel_tf.training.loss_by_name import make_loss, takes_class_weights
from accel_tf.training.losses import EndPointError
from accel_tf.training.pairwise_flow import PairwiseFlow
from accel_tf.training.photometric import PhotometricLoss
from accel_tf.training.session import TrainingSession
from accel_tf.training.summaries import SegmentationValidation
from accel_tf.training.training_model import TrainingModel


def train_segmenter(config, build_model, verbose="auto", lines=None):
    """Trains a segmenter as a `SegmentationConfig` says.

    Leaves in `config.out`: the model, `<preset>.keras`; after every epoch
    `last.keras` and, by the validation's mean IoU, `best.keras`, which
    `accel-tf segment` and `evaluate` take like the model; `config.json`;
    `history.json`; `logs/` for TensorBoard; `state/` from which a run that
    was stopped goes on when it is started again. A finished run goes on if it
    is started again with more `steps`; a schedule that ends at the last step
    is then that of the new number, and a line says where the learning rate
    starts again.

    Args:
        config: `SegmentationConfig`.
        build_model: called with the config and the data's label map, gives
            the model with its initial weights, or a `TrainingModel` of it.
        verbose: of `model.fit`.
        lines: `EpochLines` to show instead of the output of `model.fit`.

    Returns:
        The path of the trained model.

    Raises:
        ValueError, OSError: if a setting does not fit the data, the devices
            or what is in `config.out`.
    """
    takes_weights = takes_class_weights(config.loss)
    if config.class_weight_power and not takes_weights:
        raise ValueError(
            f"the loss {config.loss!r} takes no class weights; set "
            "class_weight_power=0, or add a cross entropy: "
            f'loss="cross_entropy+{config.loss}"'
        )
    session = TrainingSession(config)
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
        return make_loss(config.loss, weights)

    sequences = None
    if config.validation_split is not None:
        sequences = read_sequences(
            builder, config.validation_split, config.validation_limit
        )
        # Otherwise it would be known after the first epoch.
        if not any(len(sequence["labels"]) for sequence in sequences):
            raise ValueError(
                f"{builder.info.full_name}: no frame of the sequences of "
                f"{config.validation_split!r} that validation takes has a "
                "label; set another validation_split, a higher "
                "validation_limit, or validation_split=none"
            )

    def validation(summaries):
        if sequences is None:
            return None
        return SegmentationValidation(
            summaries,
            sequences,
            config.validation_interval,
            config.validation_epochs,
            config.steps,
        )

    def build():
        model = build_model(config, label_map_of(builder))
        network = model
        if isinstance(model, TrainingModel):
            network = model.trained_network
        # Crops and changes of scale are taken from frames of this size.
        network.trained_size = frame_size(builder, config.split)
        return model

    return session.train(
        build,
        loss,
        dataset,
        validation,
        verbose,
        lines,
    )


def train_flow_network(config, verbose="auto", lines=None, start=None):
    """Trains a flow network as a `FlowConfig` says.

    Leaves the same files as `train_segmenter`, without a best model; the
    `.keras` files hold the flow network alone, under the name `flow_network`.

    Args:
        config: `FlowConfig`.
        verbose, lines: as for `train_segmenter`.
        start: called with the network if there are no `config.weights`, gives
            it its first ones.

    Returns:
        The path of the trained network.

    Raises:
        ValueError, OSError: as `train_segmenter`.
    """
    session = TrainingSession(config)
    builder = session.builder
    others = {
        prepared_builder(name, config.data_dir): share
        for name, share in config.mixed_in.items()
    }

    def build():
        network = new_flow_network(config)
        if config.weights:
            trained = load_keras_model(config.weights, FlowNetwork)
            network.set_weights(trained.get_weights())
        elif start is not None:
            start(network)
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

    return session.train(
        build, loss, dataset, lambda summaries: None, verbose, lines
    )


def new_flow_network(config):
    """The flow network of a `FlowConfig`, with random weights."""
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
