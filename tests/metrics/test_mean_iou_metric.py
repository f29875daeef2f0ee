import keras
import numpy as np
import pytest
from backend import to_numpy

from accel_tf.metrics import (
    MeanIoU,
    confusion_matrix,
    iou_per_class,
    mean_iou,
)
from accel_tf.training import SegmentationCrossEntropy


def batches(classes=5):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes - 1, (6, 7, 8), dtype=np.uint8)
    labels[labels == 2] = 1
    labels[0, :3] = 255
    logits = rng.standard_normal((6, 7, 8, classes)).astype("float32")
    logits[..., 2] = -9  # neither occurs nor is predicted
    logits[np.arange(6) > 3] += 3 * np.eye(classes)[labels[4:] % classes]
    return labels, logits


def test_it_is_the_mean_iou_of_all_batches():
    labels, logits = batches()
    metric = MeanIoU(5)
    assert np.isnan(float(metric.result()))
    for start in range(0, 6, 2):
        metric.update_state(
            labels[start : start + 2, ..., None], logits[start : start + 2]
        )
    confusion = confusion_matrix(labels, logits.argmax(-1), 5)
    np.testing.assert_array_equal(to_numpy(metric.confusion), confusion)
    assert float(metric.result()) == pytest.approx(mean_iou(confusion))
    np.testing.assert_allclose(
        to_numpy(metric.iou_per_class()), iou_per_class(confusion), 1e-6
    )
    metric.reset_state()
    assert np.isnan(float(metric.result()))


def test_what_does_not_count():
    labels, logits = batches()
    metric = MeanIoU(5, ignore=1)
    metric.update_state(labels, logits, sample_weight=[1, 1, 1, 0, 0, 0])
    known = np.where(labels == 1, 255, labels)[:3]
    expected = mean_iou(confusion_matrix(known, logits[:3].argmax(-1), 5))
    assert float(metric.result()) == pytest.approx(expected)
    with pytest.raises(ValueError, match="counts 4 classes, the logits have 5"):
        MeanIoU(4).update_state(labels, logits)
    with pytest.raises(ValueError, match="must be 1 or more, not 0"):
        MeanIoU(0)


def test_it_is_compiled_and_saved_with_a_model(tmp_path):
    labels, logits = batches()
    model = keras.Sequential(
        [keras.Input((None, None, 5)), keras.layers.Identity()]
    )
    loss = SegmentationCrossEntropy()
    model.compile("sgd", loss, metrics=[MeanIoU(5, ignore=0)])
    _, score = model.evaluate(logits, labels, batch_size=4, verbose=0)
    known = np.where(labels == 0, 255, labels)
    expected = mean_iou(confusion_matrix(known, logits.argmax(-1), 5))
    assert score == pytest.approx(expected)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    results = again.evaluate(
        logits, labels, batch_size=4, verbose=0, return_dict=True
    )
    assert results["mean_iou"] == pytest.approx(expected)
    config = MeanIoU(5, ignore=0).get_config()
    assert MeanIoU.from_config(config).get_config() == config
