"""`accel-tf demo`."""

EXAMPLE = "--out out/demo"


def add_options(parser):
    parser.add_argument(
        "--out",
        default="out/demo",
        metavar="DIR",
        help="folder for the results (default: out/demo)",
    )


def run(arguments):
    from accel_tf.demo import run_demo
    from accel_tf.messages import hide_deprecations

    hide_deprecations()
    run_demo(arguments.out)
