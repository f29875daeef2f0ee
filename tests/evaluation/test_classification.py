import json

import numpy as np
import pytest
from backend import to_numpy
from clip_models import tiny_classifier

from accel_tf.evaluation.classification import (
    ClassifierScores,
    evaluate_classifier,
)


def test_views_are_summed_and_counted(untraced):
    model = tiny_classifier()
    rng = np.random.default_rng(0)
    views = rng.integers(0, 256, (4, 3, 4, 32, 32, 3), "uint8")
    found = evaluate_classifier(
        model, zip(views, [2, 0, 1, 1], strict=True), batch_size=2
    )
    assert found.classes.tolist() == [2, 0, 1, 1]
    for video, scores in zip(views, found.scores, strict=True):
        expected = to_numpy(model.probabilities(video)).sum(0)
        np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_accuracies_and_confusion():
    scores = np.array(
        [[3, 2, 1, 0, 0, 0], [3, 2, 1, 0, 0, 0], [0, 0, 0, 5, 4, 3]], float
    )
    found = ClassifierScores(scores, np.array([0, 2, 2]))
    assert found.top_1 == pytest.approx(1 / 3)
    assert found.top(3) == pytest.approx(2 / 3)
    # Of the last video, classes 0 and 1 stand before 2 with the same score.
    assert found.top_5 == pytest.approx(2 / 3)
    expected = np.zeros((6, 6), int)
    expected[0, 0] = expected[2, 0] = expected[2, 3] = 1
    np.testing.assert_array_equal(found.confusion, expected)
    report = json.loads(json.dumps(found.as_dict(list("abcdef"))))
    assert report["videos"] == 3 and report["top_1"] == 0.3333
    assert report["classes"][2] == {"name": "c", "videos": 2, "right": 0}
    assert np.sum(report["confusion"]) == 3


def test_what_cannot_be_evaluated_is_refused():
    model = tiny_classifier()
    with pytest.raises(ValueError, match="there is no video"):
        evaluate_classifier(model, [])
    views = np.zeros((1, 4, 32, 32, 3), "uint8")
    with pytest.raises(ValueError, match="has the class 3, the model 3"):
        evaluate_classifier(model, [(views, 3)])
