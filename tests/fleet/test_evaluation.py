"""Scores of many workers are those of one process."""

import functools

import numpy as np
import pytest
from fake_segmenters import CountsFrames, Frames, RepeatsKeyFrame
from local_pool import LocalPool

from accel_tf.evaluation.protocol import evaluate_together
from accel_tf.fleet.evaluation import EvaluationWorker, evaluate_on_pool
from accel_tf.fleet.manifest import Manifest

CLASSES = 4


class Drives(list):
    class_names = tuple(f"class_{index}" for index in range(CLASSES))


def drives():
    rng, sequences = np.random.default_rng(0), Drives()
    for length in (7, 9, 6, 8):
        images = rng.integers(0, CLASSES, (length, 4, 6, 3), np.uint8)
        positions = np.arange(1, length, 2)
        sequences.append(
            {
                "frames": Frames(images),
                "labels": images[positions, ..., :1],
                "label_positions": positions,
                "flows": np.zeros((length, 4, 6, 2), np.float32),
            }
        )
    return sequences


def runs():
    return [(RepeatsKeyFrame(CLASSES), 3), (CountsFrames(CLASSES), 2)]


def make_worker(mode, temporal):
    return EvaluationWorker(runs(), drives(), mode, temporal, False)


@pytest.mark.parametrize("mode", ["average", "stream"])
def test_scores_are_those_of_one_process(mode, untraced):
    temporal = mode == "stream"
    lost, shares = [], []

    def disturb(worker, method, arguments):
        if arguments == (2,) and not lost:
            lost.append(worker)
            return "after"

    pool = LocalPool(functools.partial(make_worker, mode, temporal), 2, disturb)
    found = evaluate_on_pool(
        pool, 1, None, runs(), drives(), mode, temporal, shares.append, False
    )
    assert lost and sum(shares) == 4
    expected = evaluate_together(runs(), drives(), mode, temporal)
    assert_equal(found, expected, temporal)


def assert_equal(found, expected, temporal):
    for one, other in zip(found, expected, strict=True):
        assert one.frame_scores == other.frame_scores
        assert one.key_frame_share == other.key_frame_share
        assert (one.frames, one.skipped) == (other.frames, other.skipped)
        np.testing.assert_equal(
            one.confusion_by_distance, other.confusion_by_distance
        )
        np.testing.assert_equal(one.change_by_kind, other.change_by_kind)
        if temporal:
            assert one.temporal.flicker == other.temporal.flicker
            assert one.temporal.mean_iou == other.temporal.mean_iou


class Killed(BaseException):
    """The command is killed."""


def test_a_command_that_was_killed_goes_on(tmp_path, untraced):
    def disturb(worker, method, arguments):
        if arguments == (2,) and not killed:
            killed.append(worker)
            raise Killed

    def evaluate():
        pool = LocalPool(
            functools.partial(make_worker, "stream", True), 2, disturb
        )
        with Manifest(str(tmp_path / "record"), {}) as record:
            try:
                return evaluate_on_pool(
                    pool, 0, record, runs(), drives(), "stream", True,
                    shares.append, False,
                )  # fmt: skip
            finally:
                called.append([each for _, _, (each,) in pool.log])

    killed, called, shares = [], [], []
    with pytest.raises(Killed):
        evaluate()
    done = sum(shares)
    assert 0 < done < 4
    shares.clear()
    found = evaluate()
    assert sum(shares) == 4 and len(called[1]) == 4 - done
    expected = evaluate_together(runs(), drives(), "stream", True)
    assert_equal(found, expected, True)


def test_a_sequence_that_cannot_be_scored_is_told(untraced):
    def disturb(worker, method, arguments):
        return arguments == (1,)

    pool = LocalPool(
        functools.partial(make_worker, "stream", False), 2, disturb
    )
    with pytest.raises(ValueError, match="1 of 4 sequences.*sequence 1"):
        evaluate_on_pool(
            pool,
            0,
            None,
            runs(),
            drives(),
            "stream",
            False,
            lambda share: None,
            False,
        )
