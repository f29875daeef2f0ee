import argparse

import pytest

from accel_tf.commands import option_types


@pytest.mark.parametrize(
    "text, seconds", [("90", 90), ("1:30.5", 90.5), ("1:02:03", 3723)]
)
def test_times(text, seconds):
    assert option_types.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "1:75", "-3", "1:2:3:4", "x"])
def test_times_that_are_none(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no time"):
        option_types.seconds(text)
