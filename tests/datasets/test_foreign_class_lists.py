import json

import pytest

from accel_tf.datasets.video_folder.class_list import read_class_list
from accel_tf.datasets.video_folder.foreign_class_lists import (
    find_list,
    read_foreign_list,
    write_list,
)

NAMES = ["road", "car"]
PLAIN = "road 128 64 128 = 0\ncar 0 0 142 = 1\n"


def written(tmp_path, name, content, ignore=()):
    path = tmp_path / name
    if not isinstance(content, str):
        content = json.dumps(content)
    path.write_text(content)
    return write_list(read_foreign_list(path), ignore)


@pytest.mark.parametrize(
    "name, content",
    [
        ("names.txt", "road\n\n# and\ncar\n"),
        ("colors.txt", "road 128 64 128\ncar,0,0,142\n"),
        ("values.txt", "road 128 64 128 = 0\ncar 0 0 142 = 1 # cars\n"),
        ("mixed.txt", "road\ncar 0 0 142\n"),
        ("some_values.txt", "road = 0\ncar 0 0 142 = 1\n"),
        ("indexed.txt", "0: road\n1: car\n"),
        ("behind.txt", "road,0\ncar,1\n"),
        ("color_first.txt", "128 64 128\troad\n0 0 142\tcar\n"),
        ("cvat.txt", "# label:color\nroad:128,64,128::\ncar:0,0,142::a,b\n"),
        ("rgb.csv", "name,r,g,b\nroad,128,64,128\ncar,0,0,142\n"),
        ("ids.csv", "id;class;color\n0;road;#804080\n1;car;0 0 142\n"),
        ("names.json", ["road", "car"]),
        ("ids.json", {"0": "road", "1": "car"}),
        ("indices.json", {"road": 0, "car": 1}),
        ("colors.json", {"road": [128, 64, 128], "car": [0, 0, 142]}),
        (
            "coco.json",
            {
                "categories": [
                    {"id": 0, "name": "road"},
                    {"id": 1, "name": "car"},
                ]
            },
        ),
        ("named.json", {"labels": [{"title": "road"}, {"name": "car"}]}),
    ],
)
def test_lists_as_people_have_them(tmp_path, name, content):
    assert written(tmp_path, name, content) == PLAIN
    (tmp_path / "classes.txt").write_text(PLAIN)
    classes = read_class_list(tmp_path / "classes.txt")
    assert classes.label_map.names == ("road", "car")


def test_values_and_classes_that_do_not_count(tmp_path):
    names = "road\nvoid\ncar\n"
    by_name = written(tmp_path, "a.txt", names, ["void", "255", "11"])
    assert by_name == written(tmp_path, "a.txt", names, ["1", "11"])
    lines = by_name.splitlines()
    assert lines == [
        *("ignore = 1", "ignore = 11"),
        *("road 128 64 128 = 0", "car 0 0 142 = 2"),
    ]
    listed = "ignore 0 0 0\nignore = 7 8\nroad 1 2 3 = 4 5\ncar 2 3 4 = 6\n"
    lines = written(tmp_path, "b.txt", listed, ["5"]).splitlines()
    assert lines[0] == "ignore 0 0 0"
    assert lines[-2:] == ["road 1 2 3 = 4", "car 2 3 4 = 6"]
    assert lines[1:-2] == [f"ignore = {value}" for value in (5, 7, 8)]


def test_missing_colors_are_filled_in(tmp_path):
    lines = written(tmp_path, "a.txt", "x\ny 255 64 64\nz\n").splitlines()
    assert lines[1] == "y 255 64 64 = 1"
    assert len({line.split(" ", 1)[1] for line in lines}) == 3


@pytest.mark.parametrize(
    "name, content, ignore, message",
    [
        ("a.txt", "road\n;;\n", (), "line 2 is no class: ;;"),
        ("a.txt", "", (), "lists no class"),
        (
            "a.txt",
            "road\n",
            (),
            "two classes or more.*there is road",
        ),
        ("a.txt", "road\ncar\n", ["bus"], "--ignore takes .*not 'bus'"),
        ("a.json", "[", (), "is not a JSON file"),
        ("a.json", [3], (), "no name of a class in 3"),
        ("a.csv", "name,value\nroad,x\n", (), "'road' is no number: x"),
        ("a.json", {"road": [1, 2]}, (), "colour of 'road' must be three"),
    ],
)
def test_what_is_no_list(tmp_path, name, content, ignore, message):
    with pytest.raises(ValueError, match=message):
        written(tmp_path, name, content, ignore)


def test_the_list_is_found_beside_the_frames(tmp_path):
    assert find_list(tmp_path) is None
    (tmp_path / "labelmap.txt").write_text("a")
    (tmp_path / "classes.json").write_text("[]")
    assert find_list(tmp_path).name == "classes.json"
    with pytest.raises(FileNotFoundError, match="no list of classes"):
        read_foreign_list(tmp_path / "classes.txt")
