"""`accel-tf models`."""

import json

from accel_tf.commands import option_types

EXAMPLE = "--size 512x1024 --filter accel"


def add_options(parser):
    parser.add_argument(
        "--size",
        type=option_types.size,
        default=(1024, 2048),
        metavar="HxW",
        help="of a frame in pixels (default: 1024x2048)",
    )
    parser.add_argument(
        "--filter",
        metavar="TEXT",
        help="only presets with this text in their name or description",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="also write the numbers to this file"
    )


def run(arguments):
    # A table: neither Keras nor TensorFlow is imported for it.
    from accel_tf.files import write_text
    from accel_tf.models.summary import (
        filter_rows,
        format_table,
        summarize_presets,
    )

    rows = summarize_presets(*arguments.size)
    shown = filter_rows(rows, arguments.filter)
    print(format_table(shown, reference=rows))
    if arguments.json:
        write_text(arguments.json, json.dumps(shown, indent=1) + "\n")
