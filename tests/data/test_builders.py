import pytest

from accel_tf.data.builders import (
    BUILDERS,
    built_folders,
    make_builder,
    prepared_builder,
)

SMALL = {
    "height": 32,
    "width": 48,
    "train_sequences": 2,
    "train_length": 1,
    "validation_sequences": 1,
    "validation_length": 1,
    "with_flow": False,
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Holds the data set "small" of synthetic streets."""
    folder = tmp_path_factory.mktemp("data")
    builder = make_builder("synthetic_streets", folder, name="small", **SMALL)
    builder.download_and_prepare()
    return folder


def test_named_configurations(tmp_path):
    builder = make_builder("synthetic_streets/half_512x1024", tmp_path)
    assert builder.name == "synthetic_streets"
    assert builder.builder_config.height == 512
    assert tmp_path in builder.data_path.parents
    assert (
        make_builder("synthetic_streets", tmp_path).builder_config.name
        == "tiny_128x256"
    )


@pytest.mark.parametrize("name", BUILDERS)
def test_a_builder_leaves_no_temporary_files(name, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    make_builder(name, tmp_path / "data")
    assert not any(tmp_path.iterdir())


def test_options_replace_fields(tmp_path):
    builder = make_builder(
        "synthetic_streets/half_512x1024", tmp_path, height=64, frame_rate=7.5
    )
    config = builder.builder_config
    assert (config.height, config.width) == (64, 1024)
    assert config.frame_rate == 7.5
    assert config.name == "half_512x1024+frame_rate-7.5+height-64"


def test_names_of_own_configurations_differ_as_they_do(tmp_path):
    names = {
        make_builder(
            "cityscapes_sequences", tmp_path, **options
        ).builder_config.name
        for options in (
            {"cities": ["a b"]},
            {"cities": ["a_b"]},
            {"cities": ["a/b"]},
            {"cities": [f"city{number}" for number in range(40)]},
            {"cities": [f"city{number}" for number in range(41)]},
        )
    }
    assert len(names) == 5
    assert max(map(len, names)) < 120


def test_arguments_of_the_builder(tmp_path):
    builder = make_builder(
        "cityscapes_sequences/half_window5", tmp_path, on_fault="skip"
    )
    assert builder.on_fault == "skip"
    assert builder.builder_config.name == "half_window5"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("street", {}, f"there are: {', '.join(BUILDERS)}"),
        ("synthetic_street", {}, "did you mean 'synthetic_streets'"),
        (
            "synthetic_streets/tiny",
            {},
            "no configuration 'tiny'.*there are: tiny_128x256, half_512x1024",
        ),
        ("synthetic_streets", {"size": 3}, "no option 'size'; there are: name"),
        (
            "synthetic_streets",
            {"name": "tiny_128x256", "height": 8},
            "has a configuration 'tiny_128x256' already",
        ),
        ("synthetic_streets", {"name": "a/b"}, "letters, digits and"),
    ],
)
def test_mistakes(name, options, message, tmp_path):
    with pytest.raises(ValueError, match=message) as error:
        make_builder(name, tmp_path, **options)
    assert "\n" not in str(error.value)


def test_prepared_builders_are_read_from_disk(data_dir):
    builder = prepared_builder("synthetic_streets/small", data_dir)
    assert builder.info.splits["train"].num_examples == 2
    (example,) = builder.as_dataset(split="validation")
    assert example["frames"].shape == (1, 32, 48, 3)


def test_what_is_not_built_says_how_to_build_it(data_dir):
    with pytest.raises(FileNotFoundError) as error:
        prepared_builder("synthetic_streets", data_dir)
    assert str(error.value) == (
        f"synthetic_streets/tiny_128x256 is not built in {data_dir} (there is "
        "synthetic_streets/small); build it with: accel-tf build-data "
        f"synthetic_streets/tiny_128x256 --data-dir {data_dir}"
    )
    with pytest.raises(
        FileNotFoundError,
        match="accel-tf build-data cityscapes_sequences/full_window20 "
        "--manual-dir DIR --data-dir ",
    ):
        prepared_builder("cityscapes_sequences", data_dir)
    with pytest.raises(ValueError, match="no data set 'street'"):
        prepared_builder("street", data_dir)


def test_unfinished_data_sets_are_not_listed(data_dir):
    folder = data_dir / "synthetic_streets/half_512x1024"
    (folder / "incomplete.XYZ_1.0.0").mkdir(parents=True)
    (folder / "incomplete.XYZ_1.0.0/dataset_info.json").write_text("{}")
    assert list(built_folders("synthetic_streets", data_dir)) == ["small"]


def test_the_newest_version_is_taken(tmp_path):
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        folder = tmp_path / "camvid_sequences/own" / version
        folder.mkdir(parents=True)
        (folder / "dataset_info.json").write_text("{}")
    folders = built_folders("camvid_sequences", tmp_path)
    assert folders["own"].name == "1.10.0"
