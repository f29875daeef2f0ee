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
        help="of a frame in pixels (default: 1024x2048); clips are counted as "
        "16 frames of 224x224",
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
    # Tables: neither Keras nor TensorFlow is imported for them.
    from accel_tf.files import write_text
    from accel_tf.models.classifier_summary import (
        format_classifiers,
        summarize_classifiers,
    )
    from accel_tf.models.summary import (
        filter_rows,
        format_table,
        summarize_presets,
    )

    segmenters = summarize_presets(*arguments.size)
    classifiers = summarize_classifiers()
    shown = filter_rows(segmenters + classifiers, arguments.filter)
    tables = []
    if of_frames := [row for row in shown if row in segmenters]:
        tables.append(format_table(of_frames, reference=segmenters))
    if of_clips := [row for row in shown if row in classifiers]:
        tables.append(format_classifiers(of_clips))
    print("\n\n".join(tables))
    if arguments.json:
        write_text(arguments.json, json.dumps(shown, indent=1) + "\n")
