import os

import cv2
import numpy as np
import pytest

from accel_tf.visualize import (
    plot_accuracy_against_time,
    plot_iou_against_distance,
)

ROW = {
    "system": "accel_18",
    "interval": 5,
    "mean_iou": 0.72,
    "milliseconds_per_frame": 120.0,
    "gmac": 44.0,
}


def make_rows():
    return [
        {
            "system": system,
            "interval": interval,
            "mean_iou": best - 0.01 * interval,
            "milliseconds_per_frame": 50 + 400 / interval,
        }
        for system, best in (("deep feature flow", 0.7), ("accel_18", 0.74))
        for interval in (10, 1, 5, 2)
    ]


def test_plot_is_a_readable_png(tmp_path):
    plot_accuracy_against_time(make_rows(), tmp_path / "plot.png")
    assert os.listdir(tmp_path) == ["plot.png"]
    image = cv2.imread(str(tmp_path / "plot.png"))
    assert image.shape[0] >= 500 and image.shape[1] >= 800
    # White paper, and the two colours of the lines.
    colors, counts = np.unique(
        image.reshape(-1, 3)[:, ::-1], axis=0, return_counts=True
    )
    assert colors[counts.argmax()].tolist() == [255, 255, 255]
    drawn = {tuple(color) for color in colors[counts > 200].tolist()}
    assert {(31, 119, 180), (255, 127, 14)} <= drawn


def test_text_states_systems_intervals_and_units(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    texts = []

    def note_texts(figure, *arguments, **keywords):
        (axes,) = figure.axes
        texts.append([text.get_text() for text in axes.texts])
        texts.append([axes.get_xlabel(), axes.get_ylabel()])
        texts.append([t.get_text() for t in axes.get_legend().get_texts()])
        texts.append(axes.lines[0].get_xdata().tolist())
        return save(figure, *arguments, **keywords)

    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", note_texts)
    plot_accuracy_against_time(make_rows(), tmp_path / "plot.png")
    intervals, labels, legend, times = texts
    assert intervals == ["1", "2", "5", "10"] * 2
    assert "ms" in labels[0] and "%" in labels[1]
    assert legend == ["deep feature flow", "accel_18"]
    assert times == sorted(times, reverse=True)  # In the order of interval.


def test_a_single_row_is_enough(tmp_path):
    plot_accuracy_against_time([ROW], str(tmp_path / "plot.png"))
    assert cv2.imread(str(tmp_path / "plot.png")) is not None


def test_failure_leaves_the_earlier_plot(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = tmp_path / "plot.png"
    path.write_bytes(b"earlier plot")

    def fail(figure, partial, **keywords):
        partial.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="No space"):
        plot_accuracy_against_time([ROW], path)
    assert path.read_bytes() == b"earlier plot"
    assert os.listdir(tmp_path) == ["plot.png"]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"mean_iou": 72.0}, "mean_iou of row 1"),
        ({"mean_iou": float("nan")}, "mean_iou of row 1"),
        ({"milliseconds_per_frame": 0}, "milliseconds_per_frame of row 1"),
    ],
)
def test_values_out_of_range(tmp_path, changes, words):
    with pytest.raises(ValueError, match=words):
        plot_accuracy_against_time([ROW, ROW | changes], tmp_path / "plot.png")
    assert os.listdir(tmp_path) == []


def test_other_bad_arguments(tmp_path):
    with pytest.raises(ValueError, match="no rows"):
        plot_accuracy_against_time([], tmp_path / "plot.png")
    with pytest.raises(ValueError, match="row 0 has no mean_iou, millisec"):
        plot_accuracy_against_time(
            [{"system": "a", "interval": 1}], tmp_path / "plot.png"
        )
    with pytest.raises(ValueError, match=".png"):
        plot_accuracy_against_time([ROW], tmp_path / "plot.pdf")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        plot_accuracy_against_time([ROW], tmp_path / "absent" / "plot.png")


def distance_rows():
    return [
        {
            "system": system,
            "interval": interval,
            "mean_iou": 0.5,
            "mean_iou_by_distance": {
                str(distance): None if distance == 2 else 0.8 - distance / 10
                for distance in range(interval)
            },
        }
        for system, interval in (("accel", 5), ("accel", 2), ("deeplab", 1))
    ]


def test_iou_against_distance_has_a_line_for_each_interval(
    tmp_path, monkeypatch
):
    from matplotlib.figure import Figure

    drawn = []

    def note_lines(figure, *arguments, **keywords):
        (axes,) = figure.axes
        for line in axes.lines:
            points = zip(line.get_xdata(), line.get_ydata(), strict=True)
            drawn.append(
                (
                    line.get_label(),
                    line.get_linestyle(),
                    [(x, round(y, 6)) for x, y in points],
                )
            )
        drawn.append([axes.get_xlabel(), axes.get_ylabel()])
        return save(figure, *arguments, **keywords)

    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", note_lines)
    plot_iou_against_distance(distance_rows(), tmp_path / "plot.png")
    assert drawn == [
        ("accel, interval 2", "-", [(0, 80), (1, 70)]),
        # Nothing was scored at distance 2.
        ("accel, interval 5", "-", [(0, 80), (1, 70), (3, 50), (4, 40)]),
        ("deeplab, interval 1", ":", [(0, 50), (4, 50)]),
        ["distance from the key frame (frames)", "mean IoU (%)"],
    ]
    assert os.listdir(tmp_path) == ["plot.png"]
    image = cv2.imread(str(tmp_path / "plot.png"))
    assert image.shape[0] >= 500 and image.shape[1] >= 1000


def test_of_many_lines_the_longest_intervals_are_left(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    rows = [
        {
            "system": f"system {number}",
            "interval": interval,
            "mean_iou": 0.5,
            "mean_iou_by_distance": dict.fromkeys(range(interval), 0.5),
        }
        for number in range(3)
        for interval in (1, 2, 3, 5, 10, 20)
    ]
    drawn = []

    def note_lines(figure, *arguments, **keywords):
        drawn.extend(line.get_label() for line in figure.axes[0].lines)
        return save(figure, *arguments, **keywords)

    save = Figure.savefig
    monkeypatch.setattr(Figure, "savefig", note_lines)
    plot_iou_against_distance(rows, tmp_path / "plot.png")
    assert drawn == [f"system {number}, interval 20" for number in range(3)]


def test_iou_against_distance_checks_its_rows(tmp_path):
    with pytest.raises(ValueError, match="row 0 has no mean_iou_by_distance"):
        plot_iou_against_distance([ROW], tmp_path / "plot.png")
    with pytest.raises(ValueError, match="no rows"):
        plot_iou_against_distance([], tmp_path / "plot.png")
    with pytest.raises(ValueError, match="must end in .png"):
        plot_iou_against_distance(distance_rows(), tmp_path / "plot.svg")
    assert os.listdir(tmp_path) == []
