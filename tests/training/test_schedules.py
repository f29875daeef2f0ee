import keras
import numpy as np
import pytest

from accel_tf.training.schedules import make_schedule


def stored(schedule):
    """The schedule after it was written down and read."""
    config = keras.optimizers.schedules.serialize(schedule)
    return keras.optimizers.schedules.deserialize(config)


def test_schedules():
    assert make_schedule("constant", 0.5, 10) == 0.5
    expected = {
        "constant": [0.01, 0.01, 0.5, 0.5, 0.5],
        "step": [0.01, 0.01, 0.5, 0.05, 0.005],
        "cosine": [
            0.01,
            0.01,
            *(0.25 * (1 + np.cos(np.pi * np.array([2, 6, 9]) / 10))),
        ],
        "poly": [0.01, 0.01, *(0.5 * (1 - np.array([2, 6, 9]) / 10) ** 0.9)],
    }
    for kind, values in expected.items():
        boundaries = (5, 8) if kind == "step" else ()
        schedule = make_schedule(kind, 0.5, 10, 0.01, 2, boundaries)
        for each in (schedule, stored(schedule)):
            got = [float(each(step)) for step in (0, 1, 2, 6, 9)]
            np.testing.assert_allclose(got, values, rtol=1e-5)


def test_the_published_schedule_of_tdnet():
    schedule = make_schedule(
        "poly", 1e-2, 40000, 1e-5, 1000, warmup="exponential"
    )
    expected = {
        0: 1e-5,
        1: 1e-5 * 1000 ** (1 / 1000),
        500: 1e-5 * 1000**0.5,
        999: 1e-5 * 1000**0.999,
        1000: 1e-2,
        20000: 1e-2 * (1 - 19000 / 39000) ** 0.9,
        39999: 1e-2 * (1 / 39000) ** 0.9,
        40000: 0.0,
        50000: 0.0,
    }
    for each in (schedule, stored(schedule)):
        for step, rate in expected.items():
            # Python's numbers, and the count of an optimizer.
            for count in (step, keras.ops.convert_to_tensor(step, "int64")):
                np.testing.assert_allclose(
                    float(each(count)), rate, rtol=1e-5, atol=1e-9
                )


def test_the_published_schedule_of_vov3d():
    # On Kinetics, by the epoch; an update changes it within epochs too.
    per_epoch = 1000
    schedule = make_schedule(
        "cosine",
        0.1,
        256 * per_epoch,
        warmup_learning_rate=0.01,
        warmup_steps=35 * per_epoch,
        warmup="linear",
    )
    rates = {0: 0.01, 1: 0.01244, 10: 0.03442, 35: 0.09546, 50: 0.09088}
    for each in (schedule, stored(schedule)):
        for epoch, rate in rates.items():
            assert float(each(epoch * per_epoch)) == pytest.approx(
                rate, abs=5e-6
            )
        between = [float(each(0.5 * e * per_epoch)) for e in (1, 20, 85)]
        wave = 0.05 * (1 + np.cos(np.pi * 42.5 / 256))
        np.testing.assert_allclose(
            between, [0.011221, 0.034417, wave], rtol=1e-4
        )


def test_any_schedule_follows_the_exponential_warmup():
    later = np.array([4, 8, 11, 30])
    share = np.minimum(later - 4, 8) / 8
    expected = {
        "constant": [0.5] * 4,
        # After the 6th and the 9th update, warm-up included.
        "step": [0.5, 0.05, 0.005, 0.005],
        "cosine": 0.25 * (1 + np.cos(np.pi * share)),
        "poly": 0.5 * (1 - share) ** 0.9,
    }
    rise = [0.01 * 50 ** (step / 4) for step in range(4)]
    for kind, values in expected.items():
        schedule = make_schedule(
            kind,
            0.5,
            12,
            0.01,
            4,
            (6, 9) if kind == "step" else (),
            warmup="exponential",
        )
        for each in (schedule, stored(schedule)):
            got = [float(each(step)) for step in (0, 1, 2, 3, *later)]
            np.testing.assert_allclose(
                got, [*rise, *values], rtol=1e-5, atol=1e-7
            )


def test_an_optimizer_follows_the_exponential_warmup():
    variable = keras.Variable(0.0)
    schedule = make_schedule("poly", 0.5, 6, 0.01, 3, warmup="exponential")
    optimizer = keras.optimizers.SGD(schedule)
    steps = []
    for _ in range(7):
        before = float(variable)
        optimizer.apply([keras.ops.ones(())], [variable])
        steps.append(before - float(variable))
    expected = [0.01 * 50 ** (step / 3) for step in range(3)]
    expected += [0.5 * (1 - step / 3) ** 0.9 for step in range(4)]
    np.testing.assert_allclose(steps, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"kind": "linear"}, "constant, step, cosine, poly, not 'linear'"),
        ({"kind": "step"}, "boundaries"),
        ({"kind": "poly", "boundaries": [3]}, "boundaries"),
        ({"kind": "step", "boundaries": [3, 2]}, "must rise"),
        ({"kind": "poly", "steps": 0}, "steps must be 1 or more"),
        ({"kind": "poly", "warmup_steps": 5}, "belong together"),
        ({"warmup": "steep"}, "linear, exponential, not 'steep'"),
        ({"warmup": "exponential"}, "below steps, got 0 of 9"),
        (
            {
                "warmup": "exponential",
                "warmup_steps": 9,
                "warmup_learning_rate": 0.01,
            },
            "warmup_steps above 0 and below steps, got 9 of 9",
        ),
        (
            {
                "warmup": "exponential",
                "warmup_steps": 2,
                "warmup_learning_rate": 0.0,
            },
            "learning rates above 0, got 0.0 and 0.1",
        ),
    ],
)
def test_wrong_schedules(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_schedule(
            **{
                "kind": "poly",
                "learning_rate": 0.1,
                "steps": 9,
                **arguments,
            }
        )
