"""A clip classifier of a backbone and X3D's head."""

import keras

from accel_tf.layers.blocks import dtype_scope
from accel_tf.layers.clip_time import in_time
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.model_config import ModelConfig
from accel_tf.models.x3d.architecture import NAMES, architecture_of
from accel_tf.models.x3d.classification_head import classification_head
from accel_tf.models.x3d.convert_x3d import classifier_entries


@keras.saving.register_keras_serializable(package="accel_tf")
class BackboneClassifier(ModelConfig, ClipClassifier):
    """X3D (CVPR 2020) and, with another backbone, VoV3D.

    Args:
        backbone: an `accel_tf.models.x3d.ClipBackbone`.
        num_classes: classes of the logits.
        hidden: outputs of the dense layer before the classes.
        dropout: share of them that training leaves out.
        **kwargs: further arguments of `ClipClassifier`.
    """

    last_layer_tensors = ("head.projection.*",)

    def __init__(
        self, backbone, num_classes, hidden=2048, dropout=0.5, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        self.hidden = hidden
        self.dropout = dropout
        with dtype_scope(self.dtype_policy):
            self.backbone = backbone
            self.head = classification_head(
                backbone.output_shape[-1],
                backbone.head_filters,
                num_classes,
                self.positions_side,
                hidden,
                dropout,
                "head",
            )
        self.built = True

    def stage_outputs(self, clip):
        """Features after the stem and after every stage.

        Args:
            clip: as of `call`.

        Returns:
            list of `[B, T, h, w, C]`; each has half the height and width of
            the one before.
        """
        self._check_clip(clip)
        network = keras.Model(
            self.backbone.input,
            [self.backbone.maps[x] for x in sorted(self.backbone.maps)],
        )
        with in_time(self._time(clip)) as time:
            return [time.unfold(x) for x in network(self.normalize(clip))]

    def checkpoint_entries(self):
        """How the official checkpoint's tensors map to this model.

        Returns:
            list of `accel_tf.checkpoints.CheckpointEntry`.
        """
        return classifier_entries(self)

    def describe_other(self, shapes):
        """Which other network an official file is of.

        Args:
            shapes: dict of official name -> shape.

        Returns:
            What it is, for a message; `None` if it is this one, or none of
            this kind.
        """
        found = architecture_of(shapes)
        entries = self.checkpoint_entries()
        own = architecture_of({x.names[0]: x.shape for x in entries})
        if found is None or found == own:
            return None
        name = NAMES.get(found, "a network that no preset has")
        return f"{name} ({found}, not {own})"

    def get_config(self):
        return {
            "backbone": self.serialize_network(self.backbone),
            "num_classes": self.num_classes,
            "frames": self.frames,
            "crop_size": self.crop_size,
            "channel_order": self.channel_order,
            "class_names": list(self.class_names),
            "causal": self.causal,
            "frame_step": self.frame_step,
            "hidden": self.hidden,
            "dropout": self.dropout,
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }
