"""`accel-tf build-data`."""

EXAMPLE = (
    "cityscapes_sequences/half_window20 --manual-dir cityscapes --data-dir data"
)


def add_options(parser):
    parser.add_argument(
        "builder", metavar="BUILDER", help="data set, or DATA_SET/CONFIGURATION"
    )
    parser.add_argument(
        "--manual-dir",
        metavar="DIR",
        help="folder of the files to read; those that are drawn need none",
    )
    parser.add_argument(
        "--data-dir",
        required=True,
        metavar="DIR",
        help="folder of all data sets; created if need be",
    )
    parser.add_argument(
        "--skip-faults",
        action="store_true",
        help="leave out what is missing or broken rather than stop",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="field of the configuration; may be given again",
    )


def run(arguments):
    from accel_tf.data.build_data import build_data
    from accel_tf.messages import hide_deprecations

    # TFDS also warns of every configuration that --set made.
    hide_deprecations()
    print(
        build_data(
            arguments.builder,
            arguments.data_dir,
            manual_dir=arguments.manual_dir,
            skip_faults=arguments.skip_faults,
            settings=arguments.set,
        )
    )
