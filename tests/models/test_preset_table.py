"""The table of the presets says what the networks say."""

import keras
import pytest

from accel_tf.models import classifier_summary, preset_table, summary
from accel_tf.models.pixel_counts import Grid, Term, count
from accel_tf.models.presets import describe_preset, from_preset, list_presets
from accel_tf.models.published import PUBLISHED, PUBLISHED_TOP_1

SIZES = ((1024, 2048), (97, 65), (31, 18))


def test_the_table_has_all_presets():
    rows = summary.summarize_presets(64, 96)
    assert [row["preset"] for row in rows] == list_presets("segmenter")
    for row in rows:
        assert row["description"] == describe_preset(row["preset"])


@pytest.mark.parametrize(
    "name", ["accel_tiny", "deeplab_tiny_light", "td4_psp_tiny", "psp_tiny"]
)
def test_numbers_are_those_of_the_networks(name):
    model = from_preset(name)
    assert (model.name, model.num_classes) == (name, 19)
    for size in SIZES:
        (row,) = summary.summarize_presets(*size, [name])
        assert row["parameters"] == model.count_params()
        cost = model.multiply_adds(*size)
        assert row["key_multiply_adds"] == cost["key"]
        assert row["non_key_multiply_adds"] == cost["non_key"]


@pytest.mark.slow
@pytest.mark.parametrize("name", list_presets("segmenter"))
def test_made_anew_the_table_is_the_same(name):
    keras.backend.clear_session()
    assert preset_table.describe(name) == summary.read_table()[name]


def test_the_table_has_all_classifiers():
    rows = classifier_summary.summarize_classifiers()
    assert [row["preset"] for row in rows] == list_presets("classifier")
    for row in rows:
        assert row["description"] == describe_preset(row["preset"])


@pytest.mark.parametrize(
    "name",
    [
        "vov3d_tiny",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in list_presets("classifier")
            if name != "vov3d_tiny"
        ),
    ],
)
def test_numbers_are_those_of_the_classifiers(name):
    known = classifier_summary.read_table()[name]
    assert preset_table.describe_classifier(name) == known


# === What it is made of ===


def test_sides_are_rounded_as_in_networks():
    up, down = Grid(8, 7), Grid(8, 0)
    assert [up.side(side) for side in (1, 8, 9)] == [1, 1, 2]
    assert [down.side(side) for side in (1, 8, 15)] == [0, 1, 1]
    terms = [Term(5), Term(3, (up,)), Term(2, (up, down))]
    assert [Term.from_list(term.to_list()) for term in terms] == terms
    assert count(terms, 9, 8) == 5 + 3 * 2 + 2 * 2


class _Odd:
    """Its cost is no sum over feature maps."""

    name = "odd"
    layers = ()

    def multiply_adds(self, height, width):
        return {"key": height * width * width, "non_key": 0}


def test_another_kind_of_cost_is_refused():
    with pytest.raises(ValueError, match="the cost of odd is no sum over"):
        preset_table.find_terms(_Odd())


# === What is shown ===


def test_published_accuracy_has_a_source():
    rows = {row["preset"]: row for row in summary.summarize_presets(64, 96)}
    assert rows["pidnet_s"]["published_mean_iou"] == 0.788
    assert rows["pidnet_s"]["source"] == "XuJiacong/PIDNet, README: val"
    assert rows["accel_tiny"]["source"] is None
    for published in PUBLISHED.values():
        assert 60 < published.mean_iou < 90 and published.source
    lines = summary.format_table(list(rows.values())).splitlines()
    cells = {line.split()[1]: line.split("|")[-3:] for line in lines[2:]}
    assert cells["pidnet_s"][0].strip() == "78.8%"
    assert cells["accel_tiny"][0].strip() == "-"


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match="nothing is known of 'accel_17'"):
        summary.summarize_presets(64, 96, ["accel_17"])


def test_published_accuracy_of_classifiers():
    rows = classifier_summary.summarize_classifiers(["vov3d_m", "vov3d_m_v1"])
    known, unknown = rows
    assert known["published_top_1"]["Kinetics-400"] == 0.747
    assert known["published_top_1"]["Something-Something v1"] == 0.49
    assert (unknown["published_top_1"], unknown["source"]) == ({}, None)
    lines = classifier_summary.format_classifiers(rows).splitlines()
    cells = [each.strip() for each in lines[2].split("|")[1:-1]]
    assert cells[2:7] == ["3.67", "4.92", "74.7%", "49.0%", "63.6%"]
    assert [x.strip() for x in lines[3].split("|")[5:8]] == ["-"] * 3
    assert PUBLISHED_TOP_1.keys() <= classifier_summary.read_table().keys()
    with pytest.raises(ValueError, match="nothing is known of 'x3d_s'"):
        classifier_summary.summarize_classifiers(["x3d_s"])
