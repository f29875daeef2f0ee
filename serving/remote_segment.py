"""What `accel-tf segment --server` does."""

from accel_tf.segment import segment_stream
from accel_tf.serving.client import Client
from accel_tf.serving.descriptions import read_label_map


def segment_on_server(
    url, model, source, output, classes=None, lossless=False, **options
):
    """Segments a video by a server and writes it with the classes laid over.

    Prints a line about the model before and one about the traffic after.

    Args:
        url: of the server.
        model: name of the model that it serves.
        source, output: as for `segment_stream`.
        classes: the `assets/accel_tf.json` of the export, which names the
            classes; by default the server is asked.
        lossless: whether frames are sent as PNG rather than as JPEG.
        **options: further arguments of `segment_stream`.

    Returns:
        `SegmentReport`.

    Raises:
        ValueError, OSError: one line, as `segment_stream` and `Client`.
    """
    own_label_map = read_label_map(classes) if classes else None
    image_format = "png" if lossless else "jpeg"
    with Client(url, model, image_format=image_format) as client:
        # Asked in any case: a mistake shows before any work.
        label_map, is_known = client.label_map()
        if own_label_map:
            label_map, is_known = own_label_map, True
        hint = "" if is_known else ", which --classes can name"
        print(f"{model} at {client.url}: {len(label_map)} classes{hint}.")
        with client.stream() as stream:
            report = segment_stream(
                stream, label_map, source, output, **options
            )
        print(f"{client.traffic}.")
    return report
