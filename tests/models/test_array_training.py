import keras
import numpy as np
import pytest
from small_models import small_deeplab

from accel_tf.metrics import MeanIoU
from accel_tf.training import SegmentationCrossEntropy


def test_arrays_of_frames_are_trained_on(tmp_path):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (4, 32, 48, 3), dtype=np.uint8)
    labels = rng.integers(0, 5, (4, 32, 48), dtype=np.uint8)
    labels[:, :4] = 255
    model = small_deeplab()
    model.compile(run_eagerly=True)
    assert isinstance(model.loss, SegmentationCrossEntropy)
    history = model.fit(
        frames,
        labels,
        batch_size=2,
        verbose=0,
        validation_data=(frames[:1], labels[:1]),
    ).history
    assert set(history) == {"loss", "mean_iou", "val_loss", "val_mean_iou"}
    logits = model.predict(frames[:2], verbose=0)
    assert logits.shape == (2, 32, 48, 5)
    clips = model.predict(frames[:2, None], verbose=0)
    np.testing.assert_array_equal(logits, clips)
    values = model.evaluate(frames[:2], labels[:2], verbose=0, return_dict=True)
    metric = MeanIoU(5)
    metric.update_state(labels[:2], logits)
    assert values["mean_iou"] == pytest.approx(float(metric.result()))

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.loss, SegmentationCrossEntropy)
    assert int(again.optimizer.iterations) == 2
    np.testing.assert_array_equal(again.predict(frames[:2], verbose=0), logits)


def test_what_is_given_is_taken():
    model = small_deeplab()
    model.compile("sgd", "mse")
    assert model.loss == "mse" and isinstance(
        model.optimizer, keras.optimizers.SGD
    )
    assert model._compile_metrics is None
