"""Parts of `compare_keyframes` and `compare_cuts`."""

import numpy as np
import pytest
from keras import ops

from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.recipes.common.drawn_cuts import Sequences, with_cuts
from accel_tf.recipes.common.signal_study import study_signals
from accel_tf.recipes.common.splices import KINDS, splice


class Telling(VideoSegmenter):
    """Repeats the red of the key frame; tells how bright a frame is."""

    uses_key_frames = True
    output_stride = 1
    signals = ("residual",)

    def initial_state(self, batch_size, height, width):
        return {"labels": ops.zeros((batch_size, height, width), "uint8")}

    def advance(self, frame, state, is_key, training=None):
        return {"labels": frame[..., 0]} if is_key else state

    def score(self, frame, state, is_key, training=None):
        return ops.one_hot(state["labels"], self.num_classes), None

    def upsample(self, scores, size, frame_size=None):
        return scores

    def segment_between(self, frame, state, names):
        scores, bias, state = self.segment(frame, state, False)
        bright = ops.mean(ops.cast(frame, "float32"), axis=(1, 2, 3))
        return scores, bias, state, {"residual": bright}


def test_a_signal_that_tells_all_has_rank_correlation_one():
    # What is not of class 0 has been lost since the key frame, a black one.
    rng = np.random.default_rng(0)
    frames = np.zeros((60, 2, 8, 3), "uint8")
    for start in range(0, 60, 12):
        for index in range(start + 1, min(start + 11, 60)):
            frames[index, 0, : rng.integers(8)] = 1
    video = {"frames": frames, "labels": frames[..., :1]}
    sequences = Sequences([video])
    sequences.class_names = ("class_0", "class_1", "class_2")
    rows = study_signals(Telling(3), sequences, every=12)
    now, summed = rows
    assert (now["signal"], now["summed"]) == ("residual", False)
    # Ties are broken in the order of the frames, of both alike.
    assert now["correlation"] == pytest.approx(1)
    assert summed["summed"] and -1 <= summed["correlation"] < 1


def test_pieces_of_drives_take_turns():
    drives = [
        {
            "frames": np.full((40, 2, 2, 3), number, "uint8"),
            "labels": np.full((40, 2, 2, 1), number, "uint8"),
            "flows": np.zeros((40, 2, 2, 2)),
        }
        for number in range(3)
    ]
    (video,) = with_cuts(drives, frames=60)
    numbers = video["labels"][:, 0, 0, 0]
    cuts = np.flatnonzero(np.diff(numbers.astype(int))) + 1
    assert len(numbers) == len(video["label_positions"]) == 60
    lengths = np.diff([0, *cuts])
    assert len(cuts) >= 4 and lengths.max() <= 15
    unknown = np.isnan(video["flows"]).all((1, 2, 3))
    assert np.flatnonzero(unknown).tolist() == [0, *cuts]


@pytest.mark.parametrize("kind", KINDS)
def test_a_splice_has_its_cut_between_two_clips(kind):
    rng = np.random.default_rng(1)
    videos = [
        rng.integers(0, 255, (count, 12, 20, 3), dtype=np.uint8)
        for count in (60, 230)
    ]
    frames, cuts = splice(kind, videos, rng)
    assert cuts == ({12} if kind.startswith("cut") else set())
    assert all(frame.dtype == np.uint8 for frame in frames)
    assert (12 if kind == "fast pan" else 24) <= len(frames) <= 24
