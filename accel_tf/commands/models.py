"""`accel-tf models`."""

import json

from accel_tf.commands import option_types

EXAMPLE = "--size 512x1024"


def add_options(parser):
    parser.add_argument(
        "--size",
        type=option_types.size,
        default=(1024, 2048),
        metavar="HxW",
        help="of a frame in pixels (default: 1024x2048)",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="also write the numbers to this file"
    )


def run(arguments):
    import tqdm

    from accel_tf.files import write_text
    from accel_tf.models.summary import format_table, summarize_presets

    rows = summarize_presets(
        *arguments.size,
        progress=lambda names: tqdm.tqdm(names, leave=False),
    )
    print(format_table(rows))
    if arguments.json:
        write_text(arguments.json, json.dumps(rows, indent=1) + "\n")
