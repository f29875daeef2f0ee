"""Small videos of every kind, made with PyAV."""

import fractions
import struct

import av
import numpy as np

HEIGHT, WIDTH = 48, 64


def noise(index, height=HEIGHT, width=WIDTH):
    """Noise that moves: compresses badly, so every frame has many bytes."""
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    return np.roll(values.astype(np.uint8), index, axis=1)


def flat(index, height=HEIGHT, width=WIDTH):
    """One grey, a step of 8 brighter each frame: `shown` tells the index."""
    return np.full((height, width, 3), 8 + 8 * index, np.uint8)


def grained(index, height=HEIGHT, width=WIDTH):
    """As `flat`, with noise: packets of some size."""
    grain = np.int16(noise(index, height, width)) // 16 - 8
    return np.uint8(np.clip(flat(index, height, width) + grain, 0, 255))


def shown(image):
    """The index of the `flat` or `grained` frame that an image shows."""
    return int((float(image.mean()) - 4) / 8)


def make(
    path,
    pictures,
    codec="libx264",
    times=None,
    rate=10,
    sound=None,
    pix_fmt="yuv420p",
    options=None,
    format=None,
    container_options=None,
    tags=None,
):
    """Encodes a video.

    Args:
        path: file or file object to write.
        pictures: uint8 RGB arrays, or `av.VideoFrame`.
        codec: FFmpeg's encoder.
        times: seconds of each picture; `None` for those of `rate`.
        sound: seconds of silence beside, or `None`.
        tags: attributes of the codec's context, such as `colorspace`.
    """
    with av.open(
        str(path) if hasattr(path, "name") and not hasattr(path, "write")
        else path,
        "w", format=format, options=container_options or {},
    ) as container:  # fmt: skip
        stream = container.add_stream(
            codec, rate=rate, options=options or _options(codec)
        )
        # Fine enough for any time, as long as AVI needs no time stamps.
        if times is not None and container.format.name != "avi":
            base = fractions.Fraction(1, 1000)
            stream.codec_context.time_base = stream.time_base = base
        base = stream.codec_context.time_base or fractions.Fraction(1, rate)
        stream.pix_fmt = pix_fmt
        for key, value in (tags or {}).items():
            setattr(stream.codec_context, key, value)
        silence = container.add_stream("aac", rate=8000) if sound else None
        for index, picture in enumerate([*pictures, None]):
            if picture is not None and not isinstance(picture, av.VideoFrame):
                picture = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if picture is not None:
                if index == 0:
                    stream.height = picture.height
                    stream.width = picture.width
                seconds = index / rate if times is None else times[index]
                picture.pts = round(seconds / base)
                picture.time_base = base
            container.mux(stream.encode(picture))
        if silence:
            add_silence(container, silence, sound)
    return path


def _options(codec):
    if codec in ("libx264", "libx265"):
        # No B-frames: packets come in the order of the pictures.
        quiet = {"x265-params": "log-level=none:bframes=0"}
        return {"preset": "ultrafast", "bf": "0", "g": "100"} | (
            quiet if codec == "libx265" else {}
        )
    return {}


def add_silence(container, stream, seconds):
    """Encodes silence at 8000 values a second."""
    for index in range(int(seconds * 8000 / 1024)):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = 8000, 1024 * index
        frame.time_base = fractions.Fraction(1, 8000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def damage(path, numbers):
    """Makes zeros of the bytes of these pictures in an MP4 or AVI file."""
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for number in numbers:
        place, size = places[number]
        data[place : place + size] = bytes(size)
    path.write_bytes(data)
    return path


def turn(path, degrees):
    """Writes a phone's rotation into the track header of an MP4 file."""
    data = bytearray(path.read_bytes())
    # ISO 14496-12, 8.3.2: the matrix is 40 bytes behind the box's name.
    place = data.find(b"tkhd") + 44
    one = 1 << 16
    a, b, c, d = {
        90: (0, one, -one, 0),
        180: (-one, 0, 0, -one),
        270: (0, -one, one, 0),
    }[degrees]
    struct.pack_into(">9i", data, place, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def boxes(data):
    """Top-level boxes of an MP4 file as a dict, in order."""
    found, position = {}, 0
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        found[name] = bytearray(data[position : position + length])
        position += length
    return found
