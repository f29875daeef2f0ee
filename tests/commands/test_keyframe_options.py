"""`--keyframes`, `--key-share` and `--no-cuts`."""

import argparse

import pytest

import accel_tf
from accel_tf import commands
from accel_tf.commands import keyframe_options


def policy(*argv):
    parser = argparse.ArgumentParser()
    keyframe_options.add_options(parser)
    keyframe_options.add_cuts(parser)
    return keyframe_options.given_policy(parser.parse_args(argv))


def test_a_fixed_interval_of_five_and_cuts_by_default():
    given = policy()
    assert isinstance(given, accel_tf.SceneCuts)
    assert given.policy.interval == 5
    assert policy("--no-cuts", "--interval", "3").interval == 3


def test_adaptive_key_frames_have_a_share():
    given = policy("--keyframes", "adaptive", "--no-cuts")
    assert isinstance(given, accel_tf.AdaptiveKeyframes)
    assert given.target_share == 0.2
    given = policy("--keyframes", "adaptive", "--key-share", "0.1")
    assert given.policy.target_share == 0.1


SEGMENT = ["segment", "in.mp4", "--output", "out.mp4"]
EVALUATE = ["evaluate", "--data", "synthetic_streets/tiny_128x256"]
ADAPTIVE = ["--keyframes", "adaptive"]


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--interval", "0", "--no-cuts"], "interval must be a whole number"),
        ([*ADAPTIVE, "--interval", "5"], "--interval goes with --keyframes f"),
        (["--key-share", "0.2"], "--key-share goes with --keyframes adaptive"),
    ],
)
def test_options_that_do_not_go_together_are_told(argv, message):
    with pytest.raises(ValueError, match=message):
        policy(*argv)


@pytest.mark.parametrize(
    "argv, message",
    [
        ([*SEGMENT, "--key-share", "1.5"], "'1.5': a share is a number"),
        ([*SEGMENT, *ADAPTIVE, "--server", "http://a", "--model", "m"], "its"),
        ([*EVALUATE, "--steady"], "use the mode 'stream', not 'average'"),
        ([*SEGMENT, "--steady", "0"], "'0' is no"),
        ([*EVALUATE, *ADAPTIVE], "need the mode 'stream', not 'average'"),
        ([*EVALUATE, "--key-share", "0.1"], "--key-shares goes with"),
        (
            [*EVALUATE, *ADAPTIVE, "--mode", "stream", "--intervals", "2"],
            "--intervals goes with --keyframes fixed or both",
        ),
    ],
)
def test_verbs_tell_it_in_one_line(argv, message, capsys):
    try:
        status = commands.main(argv)
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert message in capsys.readouterr().err


def test_evaluate_hands_policies_on(monkeypatch):
    given = {}
    monkeypatch.setattr(
        "accel_tf.evaluation.systems.evaluate_systems",
        lambda systems, **settings: given.update(settings),
    )
    argv = [*EVALUATE, "--keyframes", "both", "--key-shares", "0.1,0.25"]
    argv += ["--mode", "stream", "--intervals", "10,4"]
    assert commands.main(argv) == 0
    assert given["intervals"] == (10, 4)
    shares = [each.target_share for each in given["policies"]]
    assert shares == [0.1, 0.25]
