"""Frames on their way from an edge to the server, encoded and decoded."""

import fractions
import io

import numpy as np

from accel_tf import optional
from accel_tf.segmentation.frames import resized

KINDS = ("h264", "jpeg")

_QUALITY = {"h264": 26, "jpeg": 80}


class UplinkError(ValueError):
    """Encoded frames are damaged, or not what was agreed; one line."""


def encode_frames(images, kind="h264", quality=None):
    """Encodes the frames of one period.

    H.264 finds what consecutive frames have in common, which takes fewer
    bytes than JPEG where they resemble each other. Each call makes a stream
    of its own, so that losing one costs no other.

    Args:
        images: list of uint8 RGB `[H, W, 3]`, one or more of one size; even
            sides for H.264.
        kind: `"h264"` or `"jpeg"`.
        quality: the constant rate factor of x264, 0 (best) to 51, 26 by
            default; of JPEG 1 to 100 (best), 80 by default.

    Returns:
        list of bytes: one stream of H.264, or a JPEG file for each image.

    Raises:
        ImportError: if PyAV (H.264) or OpenCV (JPEG) is not installed.
    """
    quality = _QUALITY[kind] if quality is None else quality
    if kind == "jpeg":
        return [_jpeg(image, quality) for image in images]
    return [_h264(images, quality)]


def decode_frames(data, kind, count, size):
    """The frames that `encode_frames` encoded, with its losses.

    Args:
        data: list of bytes, from a peer.
        kind: `"h264"` or `"jpeg"`.
        count: how many frames it must hold.
        size: `(height, width)` that they must have.

    Returns:
        uint8 RGB `[count, height, width, 3]`.

    Raises:
        UplinkError: if it is damaged, or has another number or size.
        ImportError: as `encode_frames`.
    """
    size = tuple(size)
    decode = _from_jpeg if kind == "jpeg" else _from_h264
    frames = []
    for frame in decode(data, size):
        if frame.shape[:2] != size:
            raise UplinkError(
                f"a frame has {frame.shape[0]}x{frame.shape[1]} pixels; "
                f"{size[0]}x{size[1]} were agreed."
            )
        if len(frames) == count:
            raise UplinkError(f"there are more than the {count} frames told.")
        frames.append(frame)
    if len(frames) != count:
        raise UplinkError(f"{len(frames)} of {count} frames decode.")
    return np.stack(frames)


def prepared(image, size):
    """A frame at the size that the server asks for, uint8 RGB."""
    return np.ascontiguousarray(resized(image, tuple(size)))


def _jpeg(image, quality):
    cv2 = optional.cv2()
    _, data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, quality],
    )
    return data.tobytes()


def _from_jpeg(data, size):
    with optional.quiet_cv2() as cv2:
        for each in data:
            if jpeg_size(each) != size:
                raise UplinkError(
                    "a picture is no JPEG file of the size that was agreed."
                )
            image = cv2.imdecode(
                np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR
            )
            if image is None:
                raise UplinkError("a JPEG file is damaged.")
            yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def jpeg_size(data):
    """`(height, width)` that the header of a JPEG file states, or `None`.

    A few bytes may state a picture that fills the memory; this is known
    before it is decoded.
    """
    import tensorflow as tf

    try:
        height, width, _ = tf.io.extract_jpeg_shape(data).numpy()
    except tf.errors.InvalidArgumentError:
        return None
    return int(height), int(width)


def _h264(images, quality):
    av = optional.av()
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="h264") as container:
        stream = container.add_stream(
            "libx264",
            rate=1,
            options={
                "preset": "fast",
                "crf": str(quality),
                # One picture in full, and one thread: it works beside the
                # segmentation.
                "g": str(max(1, len(images))),
                "threads": "1",
            },
        )
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = fractions.Fraction(1, 1)
        for index, image in enumerate(images):
            picture = av.VideoFrame.from_ndarray(image, format="rgb24")
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _from_h264(data, size):
    av = optional.av()
    (stream,) = data
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    # A few bytes may state a picture that fills the memory.
    decoder.options = {"max_pixels": str((size[0] + 16) * (size[1] + 16))}
    try:
        packets = [*decoder.parse(stream), *decoder.parse(None)]
        for packet in [*packets, None]:
            for picture in decoder.decode(packet):
                if (picture.height, picture.width) != size:
                    raise UplinkError(
                        f"a frame has {picture.height}x{picture.width} "
                        f"pixels; {size[0]}x{size[1]} were agreed."
                    )
                yield picture.to_ndarray(format="rgb24")
    except av.FFmpegError as error:
        raise UplinkError("the H.264 stream is damaged.") from error
