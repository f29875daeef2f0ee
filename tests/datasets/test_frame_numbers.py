import pytest

from accel_tf.datasets.video_folder.frame_numbers import frame_numbers


def numbers(*stems):
    return list(frame_numbers("clip/frames", list(stems)).values())


def test_times_may_jitter():
    # 30 Hz in whole milliseconds, in nanoseconds with noise, in hundredths.
    assert numbers("0", "33", "67", "100") == [0, 33, 67, 100]
    times = [1715167300123456789, 1715167300156712345, 1715167300190001234]
    assert numbers(*map(str, times)) == times
    assert numbers("a_0", "a_3", "a_7", "a_10") == [0, 3, 7, 10]


@pytest.mark.parametrize(
    "stems",
    [
        ("2026-05-01_23-59-59.967", "2026-05-02_00-00-00.000"),
        ("20260501T235959967", "20260502T000000000"),
        ("cam2_20260501_235959_967_left", "cam2_20260502_000000_000_left"),
        ("20260501235959967000", "20260502000000000000"),
    ],
)
def test_dates_and_times_are_one_number(stems):
    first, second = numbers(*stems)
    assert second - first == 33_000
    assert second == 1_777_680_000 * 10**6


def test_numbers_beyond_64_bits_are_counted_from_the_first():
    assert numbers(str(10**30), str(10**30 + 40)) == [0, 40]
    assert numbers(str(2**63 - 1)) == [2**63 - 1]
    assert numbers(str(2**63)) == [0]


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        (("0", "33", "67", "133"), "before 133 the step .* is 66, elsewhere"),
        (("0", "1", "2", "4"), "before 4 the step .* is 2, elsewhere it is 1"),
        (("0", "2", "3"), "before 2 the step"),
        (("1", "01"), "two frames in clip/frames have the number 1"),
        (("1", f"1{'0' * 30}"), "too far apart for 64 bits"),
        (("cam1_01", "cam2_02"), "must differ in one number"),
        (("cam1_20260501_120000", "cam2_20260501_120001"), "differ in one"),
        (("20261301_120000", "20261302_120001"), "differ in one number"),
        (("first", "second"), "must differ in one number"),
    ],
)
def test_what_does_not_follow_is_refused(stems, expected):
    with pytest.raises(ValueError, match=expected):
        numbers(*stems)
