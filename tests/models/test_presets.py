"""The presets: names, parameters and cost, against the published networks."""

import csv
import dataclasses
import functools
import gc
import math

import keras
import pytest
from model_tools import zero_kernels
from reference import FIXTURES

import accel_tf
from accel_tf.models.summary import summarize_presets

PUBLISHED = ["18", "34", "50", "101"]
# To build them takes seconds each; test_accel_parity.py loads all tensors.
BUILT = [
    version
    if version == "18"
    else pytest.param(version, marks=pytest.mark.slow)
    for version in PUBLISHED
]
SIZES = {"full": (1024, 2048), "half": (512, 1024)}

# Of the original networks: multiply-additions in units of 1e9 as published
# with them, at 1024x2048 and at 512x1024.
KEY_FRAME = (427.7, 106.9)
REFERENCE_BACKBONE = (410.2, 102.5)
HEAD = (17.50, 4.37)
FLOW_NETWORK = (42.0, 10.5)
WARP = (0.07, 0.02)
UPDATE_BACKBONE = {
    "18": (112.1, 28.0),
    "34": (190.0, 47.5),
    "50": (261.1, 65.3),
}
FEATURE_FUSION = (68.7, 17.2)
NON_KEY_FRAME = {
    "dff_101": (59.6, 14.9),
    "accel_18": (190.7, 47.7),
    "accel_34": (268.6, 67.2),
    "accel_50": (339.7, 84.9),
    "accel_101": (538.5, 134.6),
}


@dataclasses.dataclass
class Facts:
    """What stays of a preset when the model has been dropped."""

    name: str
    classes: int
    trainable: int
    statistics: int
    layers: dict
    mapped: dict


@functools.cache
def facts(name):
    """Builds a preset and keeps its numbers."""
    with zero_kernels():
        model = accel_tf.from_preset(name)

    def count(variables):
        return sum(math.prod(variable.shape) for variable in variables)

    result = Facts(
        model.name,
        model.num_classes,
        count(model.trainable_variables),
        count(model.non_trainable_variables),
        {
            layer.name: count(layer.trainable_variables)
            for layer in model.layers
        },
        {e.names[0]: e.shape for e in model.checkpoint_entries()},
    )
    del model
    keras.utils.clear_session()
    gc.collect()
    return result


def multiply_adds(name, size):
    """As the table says, which test_preset_table.py holds to the networks."""
    (row,) = summarize_presets(*SIZES[size], [name])
    return {kind: row[f"{kind}_multiply_adds"] for kind in ("key", "non_key")}


def official_tensors(preset):
    """Names and shapes in the official file of an Accel."""
    with open(FIXTURES / f"{preset}_names.tsv", newline="") as file:
        return {
            row["name"]: tuple(map(int, row["shape"].split("x")))
            for row in csv.DictReader(file, delimiter="\t")
        }


# === Names ===


def test_names():
    assert accel_tf.list_presets() == [
        "deeplab_18",
        "deeplab_34",
        "deeplab_50",
        "deeplab_101",
        "deeplab_tiny",
        "deeplab_tiny_light",
        "deeplab_mobilenet_v2",
        "deeplab_xception_65",
        "dff_101",
        "dff_tiny",
        "accel_18",
        "accel_34",
        "accel_50",
        "accel_101",
        "accel_tiny",
        "psp_18",
        "psp_50",
        "psp_101",
        "psp_tiny",
        "psp_tiny_deep",
        "td4_psp18",
        "td2_psp50",
        "td2_fa18",
        "td4_psp_tiny",
        "pidnet_s",
        "pidnet_m",
        "pidnet_l",
        "x3d_m",
        "x3d_l",
        "vov3d_m",
        "vov3d_l",
        "vov3d_m_v1",
        "vov3d_tiny",
    ]
    segmenters, classifiers = map(
        accel_tf.list_presets, ("segmenter", "classifier")
    )
    assert segmenters + classifiers == accel_tf.list_presets()
    assert classifiers[0] == "x3d_m"
    with pytest.raises(ValueError, match="must be segmenter or classifier"):
        accel_tf.list_presets("detector")


def test_every_preset_has_a_line_of_its_own():
    lines = [accel_tf.describe_preset(x) for x in accel_tf.list_presets()]
    assert len(set(lines)) == len(lines)
    assert all(line and "\n" not in line for line in lines)


@pytest.mark.parametrize(
    "wrong, near",
    [
        ("accel18", "accel_18"),
        ("Accel_101", "accel_101"),
        ("deeplab-50", "deeplab_50"),
        ("", None),
        (None, None),
    ],
)
def test_an_unknown_name_is_told_the_nearest(wrong, near):
    for function in (accel_tf.from_preset, accel_tf.describe_preset):
        with pytest.raises(ValueError, match=f"no preset {wrong!r}") as error:
            function(wrong)
        message = str(error.value)
        assert "\n" not in message and "accel_tiny" in message
        assert near is None or f"did you mean {near!r}?" in message


# === Arguments ===


def test_arguments_reach_the_model():
    label_map = accel_tf.LabelMap(("road", "sky"), ((1, 2, 3), (4, 5, 6)))
    policy = keras.config.dtype_policy().name
    model = accel_tf.from_preset(
        "accel_tiny",
        num_classes=2,
        dtype="mixed_bfloat16",
        label_map=label_map,
    )
    assert (model.num_classes, model.name) == (2, "accel_tiny")
    assert model.label_map == label_map
    assert model.dtype_policy.name == "mixed_bfloat16"
    for network in model.layers:
        assert network.dtype_policy.name == "mixed_bfloat16"
    assert model.flow_network.get_layer("conv3").compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == policy


def test_a_failed_construction_leaves_the_policy():
    policy = keras.config.dtype_policy().name
    with pytest.raises(ValueError, match="num_classes must be 1 to 255"):
        accel_tf.from_preset("deeplab_18", num_classes=0, dtype="float16")
    assert keras.config.dtype_policy().name == policy


# === Parameters ===

# test_preset_table.py looks at more of the tiny ones.
QUICK = ("accel_18", "dff_tiny")


@pytest.mark.parametrize(
    "preset",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in accel_tf.list_presets("segmenter")
    ],
)
def test_name_and_classes(preset):
    assert (facts(preset).name, facts(preset).classes) == (preset, 19)


@pytest.mark.parametrize("version", BUILT)
def test_tensors_of_the_official_file(version):
    """The model has all of them but the input's scale, which is unused."""
    official = official_tensors(f"accel_{version}")
    shapes = {key.split(":", 1)[1]: shape for key, shape in official.items()}
    shapes.pop(f"{version}_bn_data_gamma", None)
    assert facts(f"accel_{version}").mapped == shapes


@pytest.mark.parametrize("version", BUILT)
def test_parameters_of_accel(version):
    """Up-sampling kernels, and that scale of three, are not stored here."""
    counts = {"arg": 0, "aux": 0}
    for key, shape in official_tensors(f"accel_{version}").items():
        counts[key.split(":")[0]] += math.prod(shape)
    total = {"18": 114.43, "34": 124.88, "50": 110.36, "101": 92.06}[version]
    assert round(sum(counts.values()) / 1e6, 2) == total
    kernels = 19 * 32 * 32 * (1 if version == "101" else 2)
    scale = 3 if version in ("18", "34") else 0
    actual = facts(f"accel_{version}")
    assert actual.trainable == counts["arg"] - kernels - scale
    assert actual.statistics == counts["aux"]


HEAD_PARAMETERS = 2_137_107 - 19 * 32 * 32
REFERENCE_PARAMETERS = 42_749_046
UPDATE_PARAMETERS = {
    "18": 28_620_374 - 3,
    "34": 39_060_382 - 3,
    "50": 24_503_576,
}


@pytest.mark.parametrize("version", BUILT)
def test_parameters_of_the_parts(version):
    layers = facts(f"accel_{version}").layers
    expected = {
        "reference_backbone": REFERENCE_PARAMETERS,
        "flow_network": 38_676_514,
        "reference_head": HEAD_PARAMETERS,
    }
    if version == "101":
        expected["fusion"] = 8_390_656
    else:
        expected["update_backbone"] = UPDATE_PARAMETERS[version]
        expected["update_head"] = HEAD_PARAMETERS
        expected["fusion"] = 741
    assert layers == expected


@pytest.mark.slow
def test_parameters_of_the_systems_without_update_branch():
    reference = facts("deeplab_101")
    assert reference.layers == {
        "backbone": REFERENCE_PARAMETERS,
        "head": HEAD_PARAMETERS,
    }
    assert reference.statistics == 105_344
    assert facts("dff_101").layers == {
        "reference_backbone": REFERENCE_PARAMETERS,
        "flow_network": 38_676_514,
        "reference_head": HEAD_PARAMETERS,
    }
    for version, backbone in UPDATE_PARAMETERS.items():
        assert facts(f"deeplab_{version}").layers == {
            "backbone": backbone,
            "head": HEAD_PARAMETERS,
        }


# === Cost ===


def assert_cost(actual, expected):
    """Multiply-additions and the published 1e9, rounded in its third digit."""
    assert actual / 1e9 == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("index, size", list(enumerate(SIZES)))
@pytest.mark.parametrize(
    "preset",
    ["deeplab_101", "dff_101", *(f"accel_{version}" for version in PUBLISHED)],
)
def test_cost_of_a_key_frame(preset, index, size):
    cost = multiply_adds(preset, size)["key"]
    assert_cost(cost, KEY_FRAME[index])
    assert_cost(cost, REFERENCE_BACKBONE[index] + HEAD[index])


@pytest.mark.parametrize("index, size", list(enumerate(SIZES)))
@pytest.mark.parametrize("preset", ["dff_101", "accel_101"])
def test_cost_of_other_frames(preset, index, size):
    cost = multiply_adds(preset, size)["non_key"]
    assert_cost(cost, NON_KEY_FRAME[preset][index])
    parts = FLOW_NETWORK[index] + WARP[index] + HEAD[index]
    if preset == "accel_101":
        parts += REFERENCE_BACKBONE[index] + FEATURE_FUSION[index]
    assert_cost(cost, parts)


@pytest.mark.parametrize("index, size", list(enumerate(SIZES)))
@pytest.mark.parametrize("version", UPDATE_BACKBONE)
def test_cost_of_other_frames_with_fused_scores(version, index, size):
    """The original upsamples twice and fuses 2 x 19 maps at full size.

    Here the two are fused at stride 16 and up-sampled once.
    """
    height, width = SIZES[size]
    pixels, cells = height * width, height // 16 * (width // 16)
    fusion, small_fusion = (2 * 19 * 19 * n / 1e9 for n in (pixels, cells))
    upsampling = cells * 19 * 32 * 32 / 1e9
    saved = fusion - small_fusion + upsampling

    cost = multiply_adds(f"accel_{version}", size)["non_key"]
    assert_cost(cost, NON_KEY_FRAME[f"accel_{version}"][index] - saved)
    parts = FLOW_NETWORK[index] + WARP[index] + 2 * HEAD[index]
    parts += UPDATE_BACKBONE[version][index] + fusion
    assert_cost(cost, parts - saved)

    # To the last digit, from the two systems that it is made of.
    both = multiply_adds("dff_101", size)["non_key"]
    both += multiply_adds(f"deeplab_{version}", size)["key"]
    assert cost == both + cells * (2 * 19 * 19 - 19 * 32 * 32)


@pytest.mark.parametrize("index, size", list(enumerate(SIZES)))
@pytest.mark.parametrize("version", UPDATE_BACKBONE)
def test_cost_of_the_update_branch_alone(version, index, size):
    cost = multiply_adds(f"deeplab_{version}", size)
    assert cost["key"] == cost["non_key"]
    assert_cost(cost["key"], UPDATE_BACKBONE[version][index] + HEAD[index])


@pytest.mark.parametrize("num_classes", [0, "5", 2.0])
def test_num_classes_must_be_a_whole_number(num_classes):
    with pytest.raises(ValueError, match="num_classes must be 1 to 255"):
        accel_tf.from_preset("accel_tiny", num_classes)
