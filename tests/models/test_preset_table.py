"""The table of the presets says what the networks say."""

import keras
import pytest

from accel_tf.models import preset_table, summary
from accel_tf.models.pixel_counts import Grid, Term, count
from accel_tf.models.presets import describe_preset, from_preset, list_presets
from accel_tf.models.published import PUBLISHED

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
