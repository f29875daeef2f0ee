import pytest

from accel_tf.benchmark.kernels import COPY, PLAIN, WARP, compared_with
from accel_tf.benchmark.spread import spread
from accel_tf.benchmark.summary import (
    summarize_kernels,
    summarize_limits,
    summarize_profile,
    summarize_system,
)
from accel_tf.benchmark.systems import System

SYSTEMS = [
    System("per_frame", "fused"),
    System("stream", "fused"),
    System("per_frame", "exact"),
    System("stream", "exact"),
]


def limits(gigaflops, gigabytes=10.0):
    return {"gigaflops": gigaflops, "gigabytes": gigabytes}


def times(key, *non_key):
    """Twice as long by the clock as by the processor."""
    return {
        "key": [(2 * key, key)],
        "non_key": [(2 * seconds, seconds) for seconds in non_key],
    }


# The machine slowed down in the second round, for all alike.
ROUNDS = [
    {
        "limits": limits(100),
        0: times(1.0),
        1: times(0.9, 0.3, 0.2, 0.9),
        2: times(2.0),
        3: times(1.8, 0.6, 0.6, 0.6),
    },
    {
        "limits": limits(50),
        0: times(2.0),
        1: times(1.8, 0.6, 0.6, 0.6),
        2: times(4.0),
        3: times(3.6, 1.2, 1.2, 1.2),
    },
]


def facts(key, non_key):
    return {
        "preset": "a",
        "key_multiply_adds": key,
        "non_key_multiply_adds": non_key,
    }


def row(index, clock="processor", interval=4, cost=(20e9, 8e9)):
    return summarize_system(
        ROUNDS, SYSTEMS, index, facts(*cost), interval, clock
    )


def test_spread():
    values = [0.12345, 0.3, 0.2]
    assert spread(values, 3) == {
        "median": 0.2,
        "lowest": 0.123,
        "highest": 0.3,
    }


def test_times_of_both_kinds_of_frames():
    stream = row(1)
    assert stream["preset"] == "a"
    assert stream["key"]["processor_milliseconds"]["median"] == 1350
    assert stream["key"]["wall_milliseconds"]["highest"] == 3600
    assert stream["non_key"]["processor_milliseconds"] == {
        "median": 600,
        "lowest": 200,
        "highest": 900,
    }
    # A round counts by its medians: (.9 + 3 * .3) / 4, (1.8 + 3 * .6) / 4.
    assert stream["amortised"]["processor_milliseconds"] == {
        "median": 675,
        "lowest": 450,
        "highest": 900,
    }
    assert stream["multiply_adds_per_frame"] == 11e9


def test_a_model_without_key_frames_has_one_kind():
    per_frame = row(0, cost=(20e9, 20e9))
    assert per_frame["non_key"] is None
    assert per_frame["non_key_share_of_limit"] is None
    assert per_frame["amortised"]["processor_milliseconds"]["median"] == 1500
    assert per_frame["multiply_adds_per_frame"] == 20e9


def test_at_interval_1_all_frames_are_key_frames():
    per_frame = row(0, interval=1)
    assert per_frame["multiply_adds_per_frame"] == 20e9


def test_shares_are_of_the_limit_of_their_round():
    # 40 GFLOP: 40 of 100, and 20 of 50 GFLOP a second.
    assert row(0)["key_share_of_limit"] == 0.4
    # 16 GFLOP: in 0.3 s of 100 a second, in 0.6 s of 50.
    assert row(1)["non_key_share_of_limit"] == 0.533
    # By the clock everything takes twice as long.
    assert row(0, clock="wall")["key_share_of_limit"] == 0.2


def test_ratios_are_taken_within_a_round():
    same = {"median": 1, "lowest": 1, "highest": 1}
    assert row(0)["of_first_model"] == row(0)["of_first_variant"] == same
    # The fused stream beside the fused per-frame model: .45 / 1, .9 / 2.
    assert row(1)["of_first_model"] == {
        "median": 0.45,
        "lowest": 0.45,
        "highest": 0.45,
    }
    assert row(1)["of_first_variant"] == same
    # The exact ones beside the exact, and beside the fused form.
    assert row(2)["of_first_model"] == same
    assert row(3)["of_first_model"]["median"] == 0.45
    assert row(2)["of_first_variant"]["median"] == 2
    assert row(3)["of_first_variant"]["median"] == 2


def test_limits():
    assert summarize_limits(ROUNDS) == {
        "gigaflops": {"median": 75, "lowest": 50, "highest": 100},
        "gigabytes": {"median": 10, "lowest": 10, "highest": 10},
    }


def test_an_accelerator_has_a_limit_for_each_precision():
    rounds = [
        {
            "limits": limits({"float16": 400.0, "float32": 100.0}),
            0: times(1.0),
        }
    ]
    products = summarize_limits(rounds)["gigaflops"]
    assert products["float16"]["median"] == 400
    for precision, share in (("mixed_float16", 0.05), ("float32", 0.2)):
        system = System("per_frame", precision=precision)
        summary = summarize_system(
            rounds, [system], 0, facts(20e9, 20e9), 5, "wall"
        )
        assert summary["key_share_of_limit"] == share


def test_profile():
    parts = [
        {"part": "network", "multiply_adds": 10e9, "bytes": 1e9},
        {"part": "warp", "multiply_adds": 1e6, "bytes": 1e9},
    ]
    rounds = [
        {
            **answers,
            ("profile", 1): {
                "network": (9.0, factor * 0.3),
                "warp": (9.0, factor * 0.1),
            },
        }
        for answers, factor in zip(ROUNDS, (1, 2), strict=True)
    ]
    profile = summarize_profile(rounds, SYSTEMS[1], 1, parts, "processor")
    network, warp = profile["parts"]
    assert network["milliseconds"] == {
        "median": 450,
        "lowest": 300,
        "highest": 600,
    }
    assert (network["share"], warp["share"]) == (0.75, 0.25)
    # 20 GFLOP at 100 and 50 a second; 1 GB at 10 a second.
    assert network["limit_milliseconds"] == 300
    assert network["limited_by"] == "operations"
    assert warp["limit_milliseconds"] == 100
    assert warp["limited_by"] == "memory"
    assert profile["sum_milliseconds"]["median"] == 600
    assert profile["whole_milliseconds"]["median"] == 450
    assert (profile["preset"], profile["form"]) == ("stream", "fused")


def test_kernels_are_set_against_others_of_their_round():
    rounds = [
        {"kernels": {COPY: [1.0, 2.0, 3.0], WARP: [4.0, 4.0, 9.0]}},
        {"kernels": {COPY: [4.0, 4.0, 4.0], WARP: [16.0, 16.0, 16.0]}},
    ]
    copy, warp = summarize_kernels(rounds)
    assert copy["times"] == {}
    assert copy["processor_milliseconds"]["lowest"] == 1000
    assert warp["times"] == {COPY: 3}


@pytest.mark.parametrize(
    ("kernel", "others"),
    [
        (COPY, []),
        (PLAIN, []),
        ("deformable convolution, 1 group", [PLAIN]),
        ("another warp", [COPY, WARP]),
    ],
)
def test_what_kernels_are_set_against(kernel, others):
    assert compared_with(kernel) == others
