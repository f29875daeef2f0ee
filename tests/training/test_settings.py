import dataclasses

import pytest

from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.settings import (
    as_dict,
    as_markdown,
    differences,
    override,
)

CONFIG = SegmentationConfig(
    data="some/data",
    out="out",
    model="m",
    batch_size=2,
    steps=3,
    learning_rate=1.0,
)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("batch_size=8", 8),
        ("learning_rate=5e-4", 5e-4),
        ("optimizer=adam", "adam"),
        ("data_parallel=true", True),
        ("data_parallel=False", False),
        ("validation_split=none", None),
        ("validation_split=test", "test"),
        ("validation_limit=3", 3),
        ("clip_norm=5", 5.0),
        ("trainable=all", ("all",)),
        ("trainable=fusion/*,update_head/*", ("fusion/*", "update_head/*")),
        ("boundaries=10,20", (10, 20)),
        ("boundaries=", ()),
        ("spacing=2", 2),
        ("spacing=1,9", (1, 9)),
        ("spacing_per_frame=true", True),
        ("warmup=exponential", "exponential"),
        ("decayed=kernel", ("kernel",)),
        ("profile=(5,8)", (5, 8)),
        (
            "multipliers=fusion/kernel:2,*bias:4",
            {"fusion/kernel": 2.0, "*bias": 4.0},
        ),
    ],
)
def test_values_are_read_by_the_type_of_the_field(setting, value):
    changed = override(CONFIG, [setting])
    name = setting.partition("=")[0]
    read = getattr(changed, name)
    assert read == value and type(read) is type(value)
    others = {**dataclasses.asdict(changed), name: None}
    assert others == {**dataclasses.asdict(CONFIG), name: None}


def test_dotted_keys_reach_into_parts():
    changed = override(
        CONFIG,
        ["augmentation.flip=false", "augmentation.crop=4,6", "steps=9"],
    )
    assert changed.augmentation == Augmentation(flip=False, crop=(4, 6))
    assert changed.steps == 9
    changed = override(
        changed,
        [
            "augmentation.scales=.75,1,1.25",
            "augmentation.rotation=5",
            "augmentation.crop=none",
        ],
    )
    expected = Augmentation(flip=False, scales=(0.75, 1.0, 1.25), rotation=5.0)
    assert changed.augmentation == expected
    assert as_dict(changed)["augmentation"]["scales"] == [0.75, 1, 1.25]
    changed = override(
        changed, ["augmentation.scales=none", "augmentation.scale=.5,2"]
    )
    expected = Augmentation(flip=False, scale=(0.5, 2.0), rotation=5.0)
    assert changed.augmentation == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("steps", "'steps' is no setting; give key=value"),
        ("=3", "'=3' is no setting"),
        ("step=3", "no setting 'step'; there are .*steps"),
        ("augmentation.crop_size=3", "no setting 'augmentation.crop_size'"),
        ("steps.x=3", "'steps' has no parts"),
        ("steps=many", "steps must be int, not 'many'"),
        ("steps=1.5", "steps must be int, not '1.5'"),
        ("spacing=1,2,3", "spacing must be int or .*, not '1,2,3'"),
        ("data_parallel=yes", "data_parallel must be bool, not 'yes'"),
        ("optimizer=rmsprop", "optimizer must be .*'sgd', 'adam'.*'rmsprop'"),
        ("profile=5", "profile must be .*none"),
        ("multipliers=fusion", "multipliers must be dict"),
        ("augmentation.color=7", "color must be 0 to 1, not 7"),
        ("augmentation.scales=", r"scales must be one factor or more"),
        ("augmentation.scales=1,big", "scales must be none or .*not '1,big'"),
        ("warmup=steep", "warmup must be .*'linear', 'exponential'"),
        ("validation_epochs=0", "validation_epochs must be 1 or more, not 0"),
        ("steps_per_epoch=-1", "steps_per_epoch must be 1 or more, not -1"),
    ],
)
def test_wrong_settings_end_in_one_line(setting, message):
    with pytest.raises(ValueError, match=message) as error:
        override(CONFIG, [setting])
    assert "\n" not in str(error.value)


def test_differences_name_what_changed():
    changed = override(CONFIG, ["steps=4", "augmentation.flip=false"])
    assert differences(CONFIG, as_dict(CONFIG)) == []
    # As an earlier version stored it, before there was such a setting.
    older = as_dict(CONFIG)
    del older["momentum"], older["augmentation"]["camera_motion"]
    assert differences(CONFIG, older) == []
    filled = override(CONFIG, ["multipliers=fusion/kernel:2"])
    assert differences(filled, as_dict(filled)) == []
    assert differences(changed, as_dict(CONFIG)) == [
        "augmentation.flip: True, not False",
        "steps: 3, not 4",
    ]


def test_the_table_has_every_setting():
    table = as_markdown(CONFIG)
    for field in dataclasses.fields(CONFIG):
        assert f"| {field.name}" in table
    assert "| augmentation.flip | True |" in table
