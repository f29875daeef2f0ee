"""The options that say which model."""


def add_model(parser):
    """Adds the name of a preset, or another model."""
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="preset (`accel-tf models` lists them), hub:NAME of KerasHub, or "
        "a .keras, .onnx or .tflite file or SavedModel of a per-frame model",
    )


def add_num_classes(parser):
    """Adds the number of classes."""
    parser.add_argument(
        "--num-classes",
        type=int,
        metavar="N",
        help="of the weights (default: 19; a .keras file knows it)",
    )


def add_weights(parser):
    """Adds the files of weights; the default is `[]`."""
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="FILE",
        help=".keras, .weights.h5 or official checkpoint; give it again for "
        "a file that is laid over the one before; or random. Without --model "
        "and --weights a small model for streets runs that comes with "
        "accel-tf",
    )


def add_skip_last_layer(parser):
    """Adds whether weights for other classes may be loaded."""
    parser.add_argument(
        "--skip-last-layer",
        action="store_true",
        help="load all but the layer that gives the scores, which stays "
        "random: a start for other classes than the file's",
    )
