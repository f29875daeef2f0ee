"""models.config and folders of versions."""

import pathlib

import pytest

from accel_tf.serving.model_config import (
    ModelConfig,
    VersionPolicy,
    find_versions,
    parse_model_configs,
)


def parse_one(fields, rest=""):
    config = f"config {{ name: 'm' base_path: '/models/m' {fields} }} {rest}"
    return parse_model_configs(f"model_config_list {{ {config} }}")[0]


def test_parses_a_config():
    text = """
    # A comment.
    model_config_list {
      config {
        name: 'one' base_path: "/models/one" model_platform: 'tensorflow'
        model_version_policy { specific { versions: 42 versions: 43 } }
        version_labels { key: 'stable' value: 42 }
        version_labels { key: 'canary' value: 43 }
      }
      config { name: 'two', base_path: '/models/two' }
    }
    """
    assert parse_model_configs(text) == [
        ModelConfig(
            "one",
            pathlib.Path("/models/one"),
            VersionPolicy(specific=frozenset({42, 43})),
            {"stable": 42, "canary": 43},
        ),
        ModelConfig(
            "two", pathlib.Path("/models/two"), VersionPolicy(latest=1), {}
        ),
    ]


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        ("", {9}),
        ("model_version_policy {}", {9}),
        ("model_version_policy { latest {} }", {9}),
        ("model_version_policy { latest { num_versions: 2 } }", {3, 9}),
        ("model_version_policy { latest { num_versions: 5 } }", {1, 3, 9}),
        ("model_version_policy { all {} }", {1, 3, 9}),
        ("model_version_policy { specific { versions: 1 } }", {1}),
        ("model_version_policy: { specific: { versions: [3, 4] } }", {3}),
    ],
)
def test_policies(policy, chosen):
    assert parse_one(policy).policy.choose([3, 9, 1]) == chosen


def test_no_models_are_a_config():
    assert parse_model_configs("model_config_list {}") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no model_config_list"),
        ("custom_model_config {}", 'no field named "custom_model_config"'),
        ("model_config_list {", "no valid model config"),
        ("model_config_list { config { } }", "a model has no name"),
        ("model_config_list { config { nam: 'm' } }", '1:30 .*named "nam"'),
        (
            "model_config_list { config { name: 'm' base_path: 'm' } }",
            "must be an absolute path",
        ),
        (
            "model_config_list { config { name: 'm' base_path: '/m' } "
            "config { name: 'm' base_path: '/n' } }",
            "names m more than once",
        ),
    ],
)
def test_invalid_configs(text, message):
    with pytest.raises(ValueError, match=message) as info:
        parse_model_configs(text)
    assert "\n" not in str(info.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("model_platform: 'caffe'", 'only "tensorflow"'),
        ("model_version_policy { specific {} }", "specific without versions"),
        ("model_version_policy { all {} latest {} }", "latest and all"),
        ("version_labels { key: 'a' value: 9999999999999999999 }", "range"),
        (
            "version_labels { key: 'a' value: 1 } "
            "version_labels { key: 'a' value: 2 }",
            "label 'a' more than once",
        ),
    ],
)
def test_invalid_models(fields, message):
    with pytest.raises(ValueError, match=message):
        parse_one(fields)


def test_versions_are_folders_named_by_numbers(tmp_path):
    names = ["1", "00123", "123", "9223372036854775807", "0"]
    others = ["9223372036854775808", "-1", "+2", "1e3", "٣", "x", ".partial-4"]
    for name in names + others + ["9" * 100]:
        (tmp_path / name).mkdir()
    (tmp_path / "5").write_text("a file")
    (tmp_path / "6").symlink_to(tmp_path / "1")
    assert find_versions(tmp_path) == {
        0: tmp_path / "0",
        1: tmp_path / "1",
        6: tmp_path / "6",
        123: tmp_path / "123",
        2**63 - 1: tmp_path / "9223372036854775807",
    }
    (tmp_path / "00123").rename(tmp_path / "0123")
    assert find_versions(tmp_path)[123] == tmp_path / "123"


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        find_versions(tmp_path / "missing")
