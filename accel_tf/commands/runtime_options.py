"""The options that choose another runtime, and those of its export."""

from accel_tf.commands import option_types
from accel_tf.runtimes.choices import ALL_PRECISIONS, OF_KERAS, PRECISIONS

FORMATS = {
    "onnx": "onnxruntime",
    "openvino": "openvino",
    "litert": "litert",
}
"""What `accel-tf export --format` can write -> the runtime that loads it."""

_BFLOAT16 = (
    "bfloat16 with tensorflow and openvino, for processors that have "
    "instructions for it"
)
_OF_INT8 = ("min_agreement", "int8_report")


def add_options(parser, quantizes=True):
    """Adds the choice of a runtime to a verb that runs a model.

    Args:
        parser: an `argparse.ArgumentParser`.
        quantizes: whether its models can be made int8.
    """
    add = parser.add_argument
    add(
        "--runtime",
        choices=("tensorflow", *PRECISIONS),
        default="tensorflow",
        help="what to run the model in (default: tensorflow); the others are "
        "for processors without a GPU",
    )
    if quantizes:
        _add_precision(parser)
    else:
        add(
            "--precision",
            choices=[each for each in ALL_PRECISIONS if each != "int8"],
            default="float32",
            help=f"{_BFLOAT16}; float16 with litert (default: float32)",
        )
        parser.set_defaults(
            calibrate=None, min_agreement=None, int8_report=None
        )
    add(
        "--threads",
        type=option_types.count,
        metavar="N",
        help="of the processor, with another runtime than tensorflow or "
        "exported programs (default: as the runtime chooses)",
    )


def add_export_options(parser):
    """Adds the choice of a format to `accel-tf export`.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    add = parser.add_argument
    add(
        "--format",
        choices=("savedmodel", *FORMATS),
        default="savedmodel",
        help="savedmodel for servers; the others are for --weights DIR of "
        "segment, evaluate and classify, or one's own program (default: "
        "savedmodel)",
    )
    add(
        "--size",
        type=option_types.size,
        action="append",
        metavar="HxW",
        help="of the frames, with another format than savedmodel; may be "
        "given again for further sizes (default for classifiers: --crop-size)",
    )
    _add_precision(parser)


def _add_precision(parser):
    parser.add_argument(
        "--precision",
        choices=ALL_PRECISIONS,
        default="float32",
        help=f"{_BFLOAT16}; int8 with openvino and onnxruntime, float16 with "
        "litert (default: float32)",
    )
    parser.add_argument(
        "--calibrate",
        metavar="INPUT",
        help="video file or folder of frames, such as will be segmented; "
        "int8 needs it",
    )
    parser.add_argument(
        "--min-agreement",
        type=_agreement,
        metavar="SHARE",
        help="with int8: of the pixels of --calibrate that have to keep the "
        "label of float32, such as 0.99; layers that hurt stay in float32 "
        "until they do (default: as it comes, and told)",
    )
    parser.add_argument(
        "--int8-report",
        nargs="?",
        const="",
        metavar="FILE",
        help="with int8: compare layers and classes with float32, in tables, "
        "or in this JSON file",
    )


def given_options(arguments):
    """The keywords of `prepare_runtime` from what a parser has read.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_options`.

    Returns:
        dict.
    """
    names = ("runtime", "precision", "calibrate", "threads", *_OF_INT8)
    return {name: getattr(arguments, name) for name in names}


def _agreement(text):
    return option_types.number(
        text, float, 1e-6, 1, "give a share above 0, at most 1, such as 0.99"
    )


def given_export_options(arguments):
    """The keywords of `export_runtime` from what a parser has read.

    Args:
        arguments: an `argparse.Namespace` with the options of
            `add_export_options`.

    Returns:
        dict; empty for a SavedModel.

    Raises:
        ValueError: if an option is missing or does not go with the format.
    """
    others = {
        "--size": arguments.size,
        "--calibrate": arguments.calibrate,
        f"--precision {arguments.precision}": (
            arguments.precision not in OF_KERAS
        ),
        "--min-agreement": arguments.min_agreement,
        "--int8-report": arguments.int8_report is not None,
    }
    if arguments.format == "savedmodel":
        for option, given in others.items():
            if given:
                raise ValueError(
                    f"{option} needs --format {', '.join(FORMATS)}."
                )
        return {}
    return {
        "runtime": FORMATS[arguments.format],
        "sizes": arguments.size or (),
        "precision": arguments.precision,
        "calibrate": arguments.calibrate,
        **{name: getattr(arguments, name) for name in _OF_INT8},
    }
