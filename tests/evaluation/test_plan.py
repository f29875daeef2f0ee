import pytest

from accel_tf.evaluation.plan import plan_passes


def test_worst_runs_the_longest_window_for_each_label():
    passes, skipped = plan_passes([2, 19, 20], 5, "worst")
    assert passes == {15: [19], 16: [20]}
    assert skipped == 1


def test_average_takes_the_distances_in_turn_through_the_split():
    # Labelled frames number 4, 5, 6 of the split, so distances 1, 2, 0.
    passes, skipped = plan_passes([19, 1, 9], 3, "average", first_number=4)
    assert passes == {9: [9], 18: [19]}
    assert skipped == 1


def test_average_of_a_dense_video_runs_every_frame_once():
    passes, skipped = plan_passes(range(7), 3, "average")
    assert passes == {0: [0, 1, 2], 3: [3, 4, 5], 6: [6]}
    assert skipped == 0


def test_every_shares_the_windows_of_neighbouring_labels():
    passes, skipped = plan_passes([1, 3, 4], 3, "every")
    assert passes == {0: [1], 1: [1, 3], 2: [3, 4], 3: [3, 4], 4: [4]}
    assert skipped == 1  # frame 1 at distance 2


def test_stream_is_one_pass_from_the_first_frame():
    assert plan_passes([1, 3], 3, "stream") == ({0: [1, 3]}, 0)


@pytest.mark.parametrize("mode", ["average", "worst", "every"])
def test_without_key_frames_the_label_ends_a_window(mode):
    passes, skipped = plan_passes([1, 4, 6], 4, mode, has_key_frames=False)
    assert passes == {1: [4], 3: [6]}
    assert skipped == 1


@pytest.mark.parametrize("mode", ["average", "worst", "every", "stream"])
def test_independent_frames_are_run_alone(mode):
    assert plan_passes([0, 3], 5, mode, independent=True) == (
        {0: [0], 3: [3]},
        0,
    )
