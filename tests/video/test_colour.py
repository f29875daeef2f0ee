import av
import numpy as np
import pytest
from video_making import make

from accel_tf.video import VideoWriter, open_video

COLOURS = (
    (200, 30, 30),
    (30, 180, 60),
    (20, 40, 220),
    (128, 128, 128),
    (255, 255, 255),
    (0, 0, 0),
    (240, 200, 20),
)
# Kr and Kb (ITU-T H.273, table 4) and the number there.
MATRICES = {
    "601": (0.299, 0.114, 6),
    "709": (0.2126, 0.0722, 1),
    "2020": (0.2627, 0.0593, 9),
}


def stored(colour, matrix, is_full, bits):
    """Y, Cb and Cr of a colour (ITU-R BT.709-6 and BT.2020-2, section 3)."""
    kr, kb, _ = MATRICES[matrix]
    red, green, blue = np.array(colour) / 255
    y = kr * red + (1 - kr - kb) * green + kb * blue
    values = y, (blue - y) / (2 - 2 * kb), (red - y) / (2 - 2 * kr)
    scale = 2 ** (bits - 8)
    if is_full:
        white, half = 2**bits - 1, 128 * scale
        scaled = [v * white for v in values]
        return np.round(np.array(scaled) + [0, half, half])
    return np.round(
        (np.array(values) * [219, 224, 224] + [16, 128, 128]) * scale
    )


def picture(values, pix_fmt, height, width):
    frame = av.VideoFrame(width, height, pix_fmt)
    dtype = np.uint16 if pix_fmt.endswith("le") else np.uint8
    for plane, value in zip(frame.planes, values, strict=True):
        count = plane.buffer_size // dtype().itemsize
        plane.update(np.full(count, value, dtype).tobytes())
    return frame


def check(path, pix_fmt, matrix, is_full, tags, height=48, width=64):
    bits = 10 if "10" in pix_fmt else 8
    pictures = [
        picture(stored(c, matrix, is_full, bits), pix_fmt, height, width)
        for c in COLOURS
    ]
    # Lossless: only the conversion is measured.
    make(path, pictures, "ffv1", pix_fmt=pix_fmt, tags=tags)
    with open_video(path, on_note=pytest.fail) as video:
        for image, colour in zip(video, COLOURS, strict=True):
            assert np.abs(np.int16(image) - colour).max() <= 3


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("matrix", MATRICES)
def test_stated_colour_is_followed(tmp_path, matrix, is_full, pix_fmt):
    tags = {
        "colorspace": MATRICES[matrix][2],
        "color_range": 2 if is_full else 1,
    }
    check(tmp_path / "a.mkv", pix_fmt, matrix, is_full, tags)


@pytest.mark.parametrize(
    "size, matrix", [((48, 64), "601"), ((720, 1280), "709"), ((578, 8), "709")]
)
def test_unstated_colour_is_what_players_take(tmp_path, size, matrix):
    check(tmp_path / "a.mkv", "yuv420p", matrix, False, {}, *size)


@pytest.mark.slow  # libswscale computes its table for seconds.
@pytest.mark.parametrize("transfer, white", [(16, 0.5806), (18, 0.75)])
def test_hdr_is_mapped_to_the_usual_range(tmp_path, transfer, white):
    """203 cd/m^2, the white of paper, is at 58 % of PQ and 75 % of HLG."""
    tags = {"colorspace": 9, "color_range": 1, "color_primaries": 9}
    colours = [(255 * v,) * 3 for v in (0, white / 2, white, 1)]
    pictures = [
        picture(stored(c, "2020", False, 10), "yuv420p10le", 48, 64)
        for c in colours
    ]
    path = make(
        tmp_path / "a.mkv", pictures, "ffv1", pix_fmt="yuv420p10le",
        tags=tags | {"color_trc": transfer},
    )  # fmt: skip
    notes = []
    with open_video(path, on_note=notes.append) as video:
        levels = [float(image.mean()) for image in video]
    assert len(notes) == 1 and "HDR" in notes[0]
    assert levels[0] == pytest.approx(0, abs=2)
    assert 40 < levels[1] < 110
    assert levels[2] == pytest.approx(252, abs=4)
    assert levels[3] == pytest.approx(255, abs=1)


@pytest.mark.parametrize(
    "name, codec",
    [
        ("a.mp4", None),
        ("a.mkv", None),
        ("a.avi", None),
        ("a.webm", None),
        ("a.gif", None),
        ("b.mp4", "hevc"),
        ("c.mp4", "av1"),
        ("d.mp4", "mpeg4"),
    ],
)
@pytest.mark.parametrize("size", [(48, 64), (578, 32)])
def test_written_colours_come_back(tmp_path, name, codec, size):
    path = tmp_path / name
    with VideoWriter(path, *size, 10, codec=codec, quality=90) as writer:
        for colour in COLOURS:
            writer.write(np.full((*size, 3), colour, np.uint8))
    with open_video(path, on_note=pytest.fail) as video:
        for image, colour in zip(video, COLOURS, strict=True):
            assert np.abs(np.int16(image) - colour).max() <= 4
