import numpy as np
import pytest

from accel_tf.metrics import confusion_matrix, iou_per_class, mean_iou


def test_confusion_matrix_ignores_unlabelled_pixels():
    labels = np.array([[0, 0, 1], [2, 255, 1]], "uint8")
    predictions = np.array([[0, 1, 1], [0, 2, 1]], "uint8")
    confusion = confusion_matrix(labels, predictions, 3)
    np.testing.assert_array_equal(confusion, [[1, 1, 0], [0, 2, 0], [1, 0, 0]])


def test_confusion_matrix_ignores_negative_labels():
    confusion = confusion_matrix(np.array([-1, 1]), np.array([0, 1]), 2)
    np.testing.assert_array_equal(confusion, [[0, 0], [0, 1]])


def test_mean_iou_is_over_the_classes_that_occur():
    confusion = np.array([[1, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert mean_iou(confusion) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert np.isnan(mean_iou(np.zeros((2, 2), int)))


def test_iou_per_class():
    iou = iou_per_class(np.array([[1, 1, 0], [0, 2, 0], [0, 0, 0]]))
    np.testing.assert_allclose(iou, [1 / 2, 2 / 3, np.nan])


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="must have one shape"):
        confusion_matrix(np.zeros((2, 2), int), np.zeros((2, 3), int), 2)
