"""The form of a model for inference: same outputs, fewer operations."""

from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.segmenter import VideoSegmenter


def fuse_for_inference(model):
    """Makes a model with the same outputs from fewer operations.

        stream = accel_tf.VideoStream(accel_tf.fuse_for_inference(model))

    Its `step` gives the logits of `model.step` to float32 noise, at every
    key frame and between them; its state may hold other tensors. It has
    weights of its own: later changes of `model` do not reach it. It can be
    neither trained nor saved.

    Args:
        model: a `VideoSegmenter` or `ClipClassifier`; left as it is.

    Returns:
        One of the same kind; `model` itself if it is fused already or there
        is nothing to save in its system.

    Raises:
        ValueError: if `model` is neither.
    """
    if not isinstance(model, VideoSegmenter | ClipClassifier):
        raise ValueError(
            "only a VideoSegmenter or a ClipClassifier can be fused for "
            f"inference, not a {type(model).__name__}."
        )
    return model.fused()


def _refusing(verb):
    """A method that only the model that it was made of has."""

    def refuse(self, *args, **kwargs):
        raise ValueError(
            f"{self.name} is fused for inference; {verb} the model it was "
            "made of."
        )

    return refuse


class FusedForm:
    """What a fused model inherits first: it refuses what it cannot do."""

    def fused(self):
        return self

    def __call__(self, *args, **kwargs):
        # Not in `call`, whose errors Keras surrounds with many lines.
        if kwargs.get("training"):
            _refusing("train")(self)
        return super().__call__(*args, **kwargs)

    fit = train_on_batch = _refusing("train")
    save = save_weights = get_config = _refusing("save")
    load_weights = set_weights = checkpoint_entries = _refusing(
        "load weights into"
    )


class FusedSegmenter(FusedForm, VideoSegmenter):
    """What the fused forms of all segmenters have in common.

    A system's form inherits from this class first, then from what the system
    computes, and makes its networks from those of the given model. It
    registers itself with `accel_tf.models.segmenter.fused_form`.

    Args:
        model: the `VideoSegmenter` that it is made of.
    """

    def __init__(self, model):
        super().__init__(
            model.num_classes,
            label_map=model.label_map,
            trained_size=model.trained_size,
            name=model.name,
            dtype=model.dtype_policy,
            trainable=False,
        )
