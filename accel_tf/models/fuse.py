"""The form of a model for inference: same outputs, fewer operations."""

import keras

from accel_tf.layers.inference_precision import (
    FLOAT32,
    PRECISIONS,
    current_precision,
    inference_precision,
)
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops.kernels import runs_onednn
from accel_tf.processor import is_x86_without_avx512


def fuse_for_inference(model, precision=FLOAT32):
    """Makes a model with the same outputs from fewer operations.

        stream = accel_tf.VideoStream(accel_tf.fuse_for_inference(model))

    Its `step` gives the logits of `model.step` to float32 noise, at every
    key frame and between them; its state may hold other tensors. It has
    weights of its own: later changes of `model` do not reach it. It can be
    neither trained nor saved.

    In bfloat16 convolutions and matrix products take and give numbers of 8
    significant bits, and add up in float32; weights are stored so. Labels
    differ where two classes are about equal. All that says where something is
    (flow, offsets of deformable convolutions), scores, the state, softmax,
    normalisation, averages and the first convolution of a frame stay float32.
    It is for processors that have instructions for bfloat16 and for graphics
    cards; others give the same, but no sooner.

    Args:
        model: a `VideoSegmenter` or `ClipClassifier`; left as it is.
        precision: `"float32"`, which keeps the model's dtype policy, or
            `"bfloat16"`, for models of the policy float32.

    Returns:
        One of the same kind; `model` itself if it is fused already or there
        is nothing to save in its system.

    Raises:
        ValueError: if `model` is neither, there is no such precision, or
            the model cannot be brought to it.
    """
    if not isinstance(model, VideoSegmenter | ClipClassifier):
        raise ValueError(
            "only a VideoSegmenter or a ClipClassifier can be fused for "
            f"inference, not a {type(model).__name__}."
        )
    if precision not in PRECISIONS:
        raise ValueError(
            f"precision must be {' or '.join(PRECISIONS)}, not {precision!r}."
        )
    if precision == FLOAT32 or precision_of(model) == precision:
        return model.fused()
    if isinstance(model, FusedForm):
        raise ValueError(
            f"{model.name} is fused in {precision_of(model)}; fuse the model "
            "that it was made of anew."
        )
    if model.dtype_policy.name != FLOAT32:
        raise ValueError(
            f"{model.name} has the dtype policy {model.dtype_policy.name}; "
            f"only models of float32 are fused in {precision}."
        )
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if on_tensorflow and is_x86_without_avx512() and runs_onednn():
        raise ValueError(
            "oneDNN convolves in bfloat16 with AVX-512 only, which this "
            "processor lacks; set TF_ENABLE_ONEDNN_OPTS=0, or fuse in float32."
        )
    with inference_precision(precision):
        fused = model.fused()
    if precision_of(fused) != precision:
        raise ValueError(
            f"{model.name} has no form for inference in {precision}; leave "
            "the precision out."
        )
    return fused


def precision_of(model):
    """`"bfloat16"` of models that `fuse_for_inference` made so.

    Args:
        model: a `VideoSegmenter` or `ClipClassifier`.

    Returns:
        one of `PRECISIONS`.
    """
    return getattr(model, "precision", FLOAT32)


def _refusing(verb):
    """A method that only the model that it was made of has."""

    def refuse(self, *args, **kwargs):
        raise ValueError(
            f"{self.name} is fused for inference; {verb} the model it was "
            "made of."
        )

    return refuse


class FusedForm:
    """What a fused model inherits first: it refuses what it cannot do.

    Attributes:
        precision: one of `PRECISIONS`, of its convolutions.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.precision = current_precision()

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
