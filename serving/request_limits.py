"""What one request may ask for, whatever it says.

Imports nothing, as the command line does for its help.
"""

import dataclasses

MAX_IMAGE_SIDE = 16384
"""Pixels of the longer side of a frame."""
MAX_IMAGE_ASPECT = 16
"""How many times the longer side of a frame may be the shorter one."""


@dataclasses.dataclass(frozen=True)
class RequestLimits:
    """Limits of the requests to a `RestHandler`.

    Attributes:
        inflated_bytes: of a compressed body, once inflated.
        inflation: how many times its size a compressed body may be inflated,
            beyond the first MiB.
        json_memory: bytes that lists, objects and strings may take, see
            `check_memory`; None for eight times the body.
        rows: of inputs that are, or come with, strings or ids of streams.
        image_side: pixels of an image file's longer side.
        image_aspect: how many times it may be the shorter side.
        pixels: of all image files of a request together.
        answer_bytes: of an answer.
    """

    inflated_bytes: int = 32 * 2**20
    inflation: int = 100
    json_memory: int | None = None
    rows: int = 4096
    image_side: int = MAX_IMAGE_SIDE
    image_aspect: int = MAX_IMAGE_ASPECT
    pixels: int = 2**29
    answer_bytes: int = 96 * 2**20
