"""`compile` and `fit` of a segmenter on arrays of one's own."""

import keras


class ArrayTraining(keras.Model):
    """Defaults of `compile`, and frames instead of clips for `fit`.

        model = accel_tf.from_preset("deeplab_18", num_classes=3)
        model.compile()
        model.fit(frames, labels, batch_size=4, epochs=20)

    `frames` are RGB, 0..255, uint8 or float `[N, H, W, 3]`, or clips
    `[N, T, H, W, 3]` of which the last frame has a label; `labels` are class
    indices `[N, H, W]`, 255 where none counts.
    """

    def compile(self, optimizer="auto", loss="auto", *, metrics="auto", **more):
        """Prepares training.

        Args:
            optimizer: as for `keras.Model.compile`; `"auto"` is Adam with a
                rate of 1e-3 and gradients of a norm of 5 at most.
            loss: likewise; `"auto"` is `SegmentationCrossEntropy`, in which
                the label 255 does not count. Others by name:
                `accel_tf.training.make_loss`.
            metrics: likewise; `"auto"` is `accel_tf.metrics.MeanIoU` beside
                the loss `"auto"`, none beside others.
            **more: further arguments of `keras.Model.compile`.
        """
        # Training imports the models.
        from accel_tf.metrics import MeanIoU
        from accel_tf.training.losses import SegmentationCrossEntropy

        if isinstance(metrics, str) and metrics == "auto":
            is_auto = isinstance(loss, str) and loss == "auto"
            metrics = [MeanIoU(self.num_classes)] if is_auto else None
        if isinstance(loss, str) and loss == "auto":
            loss = SegmentationCrossEntropy()
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=5.0)
        super().compile(optimizer, loss, metrics=metrics, **more)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, y=None, *more, **options):
        """As `keras.Model.fit`; also takes frames, `[N, H, W, 3]`."""
        validation = options.get("validation_data")
        if isinstance(validation, tuple | list):
            options["validation_data"] = (
                _as_clips(validation[0]),
                *validation[1:],
            )
        return super().fit(_as_clips(x), y, *more, **options)

    def evaluate(self, x=None, y=None, *more, **options):
        """As `keras.Model.evaluate`; also takes frames, `[N, H, W, 3]`."""
        return super().evaluate(_as_clips(x), y, *more, **options)

    def predict(self, x, *more, **options):
        """As `keras.Model.predict`; also takes frames, `[N, H, W, 3]`."""
        return super().predict(_as_clips(x), *more, **options)


def _as_clips(frames):
    """Clips of one frame each; what is no array of frames stays as it is."""
    if len(getattr(frames, "shape", ())) == 4:
        return frames[:, None]
    return frames
