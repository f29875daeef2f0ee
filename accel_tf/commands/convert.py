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
        help="official checkpoints; a later one overrides an earlier one; of "
        "TensorFlow 1 the prefix, such as model.ckpt-30000",
    )
    model_options.add_model(parser)
    model_options.add_num_classes(parser)
    model_options.add_skip_last_layer(parser)
    parser.add_argument("--output", required=True, metavar="FILE")


def run(arguments):
    from accel_tf.checkpoints.convert import convert_checkpoint
    from accel_tf.models.restore import preset_of_files

    model = preset_of_files(
        arguments.model, arguments.files, arguments.num_classes
    )
    report = convert_checkpoint(
        model, arguments.files, arguments.output, arguments.skip_last_layer
    )
    print(f"{arguments.output}: {report}.")
