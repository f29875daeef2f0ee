"""`accel-tf convert`."""

from accel_tf.commands import model_options

EXAMPLE = (
    "--model accel_18 rfcn_dff_flownet_vid-0000.params "
    "accel-18-0000.params --output accel_18.weights.h5"
)


def add_options(parser):
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="official checkpoints; a later one overrides an earlier one",
    )
    model_options.add_model(parser)
    model_options.add_num_classes(parser)
    parser.add_argument("--output", required=True, metavar="FILE")


def run(arguments):
    from accel_tf.checkpoints.convert import convert_checkpoint
    from accel_tf.models.restore import preset_of_files

    model = preset_of_files(
        arguments.model, arguments.files, arguments.num_classes
    )
    report = convert_checkpoint(model, arguments.files, arguments.output)
    print(f"{arguments.output}: {report}.")
