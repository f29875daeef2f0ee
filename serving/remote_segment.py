"""What `accel-tf segment --server` does."""

import contextlib

from accel_tf.messages import tell
from accel_tf.segment import segment_stream
from accel_tf.serving.client import Client
from accel_tf.serving.descriptions import read_label_map


def segment_on_server(
    url,
    model,
    source,
    output=None,
    classes=None,
    lossless=False,
    timeout=60.0,
    token=None,
    ca_file=None,
    **options,
):
    """Segments a video by a server and writes it with the classes laid over.

    Prints a line about the model before and one about the traffic after.

    Args:
        url, model, classes, lossless, timeout, token, ca_file: as for
            `server_streams`.
        source, output: as for `segment_stream`.
        **options: further arguments of `segment_stream`.

    Returns:
        `SegmentReport`.

    Raises:
        ValueError, OSError: one line, as `segment_stream` and `Client`.
    """
    streams = server_streams(
        url, model, classes, lossless, timeout, token, ca_file
    )
    with streams as (open_stream, label_map, about):
        with open_stream() as stream:
            return segment_stream(
                stream, label_map, source, output, about=about, **options
            )


@contextlib.contextmanager
def server_streams(
    url,
    model,
    classes=None,
    lossless=False,
    timeout=60.0,
    token=None,
    ca_file=None,
):
    """Streams of a server's model, one after another or side by side.

    Prints a line about the model before, and after each stream one about the
    traffic so far.

    Args:
        url: of the server.
        model: name of the model that it serves.
        classes: the `assets/accel_tf.json` of the export, which names the
            classes; by default the server is asked.
        lossless: whether frames are sent as PNG rather than as JPEG.
        timeout: seconds to wait for an answer.
        token, ca_file: as for `Client`.

    Yields:
        `(open_stream, label_map, about)`: a function without arguments that
        gives a `RemoteStream`, the `LabelMap` of its labels, and a dict of
        what the header of a record should say of the model.

    Raises:
        ValueError, OSError: one line, as `Client`.
    """
    own_label_map = read_label_map(classes) if classes else None
    image_format = "png" if lossless else "jpeg"
    with Client(
        url,
        model,
        image_format=image_format,
        timeout=timeout,
        token=token,
        ca_file=ca_file,
    ) as client:
        # Asked in any case: a mistake shows before any work.
        label_map, is_known = client.label_map()
        if own_label_map:
            label_map, is_known = own_label_map, True
        hint = "" if is_known else ", which --classes can name"
        tell(f"{model} at {client.url}: {len(label_map)} classes{hint}.")

        @contextlib.contextmanager
        def open_stream():
            with client.stream() as stream:
                yield stream
            tell(f"{client.traffic}.")

        yield open_stream, label_map, {"model": model, "server": client.url}
