"""The form of a model for inference: same outputs, fewer operations."""

from accel_tf.models.segmenter import VideoSegmenter


def fuse_for_inference(model):
    """Makes a model with the same outputs from fewer operations.

    Its `step` gives the logits of `model.step` to float32 noise, at every
    key frame and between them; its state may hold other tensors. It has
    weights of its own: later changes of `model` do not reach it. It can be
    neither trained nor saved.

    Args:
        model: a `VideoSegmenter`; left as it is.

    Returns:
        A `VideoSegmenter`; `model` itself if it is fused already or there
        is nothing to save in its system.

    Raises:
        ValueError: if `model` is no `VideoSegmenter`.
    """
    if not isinstance(model, VideoSegmenter):
        raise ValueError(
            "only a VideoSegmenter can be fused for inference, not a "
            f"{type(model).__name__}."
        )
    return model.fused()


class FusedSegmenter(VideoSegmenter):
    """What the fused forms of all systems have in common.

    A system's form inherits from this class first, then from the system,
    and makes its networks from those of the given model.

    Args:
        model: the `VideoSegmenter` that it is made of.
    """

    def __init__(self, model):
        # Past the constructor of the system, which would build new networks.
        VideoSegmenter.__init__(
            self,
            model.num_classes,
            label_map=model.label_map,
            trained_size=model.trained_size,
            name=model.name,
            dtype=model.dtype_policy,
            trainable=False,
        )

    def fused(self):
        return self

    def __call__(self, *args, **kwargs):
        # Not in `call`, whose errors Keras surrounds with many lines.
        if kwargs.get("training"):
            self._refuse("train")
        return super().__call__(*args, **kwargs)

    # === What only the model that it was made of can do ===

    def fit(self, *args, **kwargs):
        self._refuse("train")

    def train_on_batch(self, *args, **kwargs):
        self._refuse("train")

    def save(self, *args, **kwargs):
        self._refuse("save")

    def save_weights(self, *args, **kwargs):
        self._refuse("save")

    def get_config(self):
        self._refuse("save")

    def load_weights(self, *args, **kwargs):
        self._refuse("load weights into")

    def set_weights(self, *args, **kwargs):
        self._refuse("load weights into")

    def checkpoint_entries(self):
        self._refuse("load weights into")

    def _refuse(self, verb):
        raise ValueError(
            f"{self.name} is fused for inference; {verb} the model it was "
            "made of."
        )
