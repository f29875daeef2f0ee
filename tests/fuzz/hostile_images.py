"""Image files that are broken, odd, or much larger than they look."""

import functools
import struct
import zlib

from fuzz.mutations import changed

PNG_START = b"\x89PNG\r\n\x1a\n"
BLACK_GIF = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90400000000002c00000000"
    "010001000002024401003b"
)


def png_chunk(name, content):
    """One chunk of a PNG file, with its right checksum."""
    checksum = zlib.crc32(name + content)
    return b"".join(
        [
            struct.pack(">I", len(content)),
            name,
            content,
            struct.pack(">I", checksum),
        ]
    )


def black_png(height, width, rows=None, first=b"", bits=8, color=0, laced=0):
    """A PNG file that compresses as well as any.

    Args:
        height, width: as the header says.
        rows: that there really are; by default all.
        first: chunks before the header.
        bits, color, laced: of the header: bits of a value, what a pixel is
            made of, and whether the rows come interlaced.
    """
    kind = struct.pack(">BBBBB", bits, color, 0, 0, laced)
    size = struct.pack(">II", width, height)
    values = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    if rows is None:
        rows = height
    row = bytes(1 + (width * values * bits + 7) // 8) if rows else b""
    compressor = zlib.compressobj(9)
    parts = [compressor.compress(row) for _ in range(rows)]
    data = b"".join([*parts, compressor.flush()])
    return (
        PNG_START
        + first
        + png_chunk(b"IHDR", size + kind)
        + png_chunk(b"IDAT", data)
        + png_chunk(b"IEND", b"")
    )


def with_many_scans(jpeg, scans):
    """Repeats the last scan of a JPEG file: a few bytes for much work."""
    start = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + scans * jpeg[start:-2] + jpeg[-2:]


@functools.cache
def bombs(jpeg):
    """Small files that stand for huge work: dict of name -> bytes.

    Args:
        jpeg: a JPEG file.
    """
    decoy = png_chunk(b"aaAa", struct.pack(">II", 1, 1) + bytes(5))
    frame = jpeg.index(b"\xff\xc0") + 5
    huge_sides = struct.pack(">HH", 65_000, 65_000)
    return {
        "a header that claims much": black_png(100_000, 100_000, rows=0),
        "sides beyond 32 bits": black_png(2**32 - 1, 2**32 - 1, rows=0),
        "one side of nothing": black_png(0, 100),
        "64 megapixels": black_png(8000, 8000),
        "a size before the size": black_png(1500, 1500, first=decoy),
        "a JPEG header that claims much": (
            jpeg[:frame] + huge_sides + jpeg[frame + 4 :]
        ),
        "far too many scans": with_many_scans(jpeg, 101),
    }


def hostile_image(rng, images):
    """Makes a file that is hardly ever an image.

    Args:
        rng: a `random.Random`.
        images: list of right files, of which at least one is a JPEG.
    """
    kind = rng.random()
    image = rng.choice(images)
    if kind < 0.3:
        return image[: rng.randrange(len(image))]
    if kind < 0.8:
        return changed(rng, image, others=images, most=20)
    if kind < 0.9:
        jpeg = next(each for each in images if each.startswith(b"\xff\xd8"))
        return rng.choice(list(bombs(jpeg).values()))
    odd = [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        PNG_START,
        BLACK_GIF,
        b"BM" + bytes(60),
        b"RIFF\x1a\0\0\0WEBPVP8L" + bytes(20),
        black_png(40, 56, bits=16, color=rng.choice((0, 2, 4, 6))),
        black_png(40, 56, color=3),
        black_png(40, 56, rows=rng.randrange(40)),
        black_png(40, 56, laced=1),
        black_png(rng.randrange(1, 9), rng.randrange(1, 9)),
        rng.randbytes(rng.randrange(100)),
    ]
    return rng.choice(odd)
