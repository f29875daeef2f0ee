"""`accel-tf recipe`."""

import argparse

EXAMPLE = "train_deeplab camvid_reference --set data_dir=data"


def add_options(parser):
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="of the recipe; without one all are listed, with their configs",
    )
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="of the recipe; `accel-tf recipe NAME --help` lists them",
    )


def run(arguments):
    from accel_tf.messages import hide_deprecations
    from accel_tf.recipes.common import catalogue

    if arguments.name is None:
        print(catalogue.format_list())
    else:
        hide_deprecations()
        catalogue.load_recipe(arguments.name).main(arguments.arguments)
