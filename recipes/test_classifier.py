r"""Tests a classifier of clips as the papers do: by several views of a video.

    accel-tf recipe test_classifier out/motion/clips/vov3d_tiny.keras \
        --data synthetic_motion --data-dir data --json out/motion/test.json

The probabilities of all views are summed: `--views 10x3` are ten clips of a
video, each in three crops. Prints top-1 and top-5 accuracy and the classes
that are mistaken most; `--json` has the confusion matrix, and `--logs` shows
it in TensorBoard.
"""

from accel_tf.commands.option_types import clip, views
from accel_tf.data.frame_steps import AS_TRAINED
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write


def main(arguments=None):
    """Prints the accuracy, and writes what the options name."""
    parser = make_parser(__file__, __doc__)
    _add_options(parser)
    options = parser.parse_args(arguments)
    from accel_tf.recipes.common.classifier_test import report, test_classifier

    model, scores = test_classifier(options)
    report(model, scores, options)


def _add_options(parser):
    add = parser.add_argument
    add("model", metavar="MODEL", help="preset or .keras file")
    add(
        "--weights",
        action="append",
        default=[],
        metavar="FILE",
        help="of a preset: official .pth or .pyth, or .weights.h5",
    )
    add("--data", required=True, metavar="BUILDER[/CONFIG]")
    add("--data-dir", metavar="DIR", help="where data sets are built")
    add("--split", default="validation", help="(default: validation)")
    add(
        "--frames",
        type=clip,
        default=(None, AS_TRAINED),
        metavar="NxSTEP",
        help="frames of a clip, and frames of a video of 30 per second from "
        "one to the next; N alone for segments of the whole video (default: "
        "as the model was trained; x5 if it does not tell that)",
    )
    add(
        "--views",
        type=views,
        default=(1, 1),
        metavar="CLIPSxCROPS",
        help="10x3 on Kinetics, 2x3 on Something-Something (default: 1x1)",
    )
    add(
        "--size",
        type=at_least(1),
        metavar="PIXELS",
        help="side of the squares (default: that of the training's crops; the "
        "papers take 256 for 224)",
    )
    add("--limit", type=at_least(1), metavar="N", help="videos of the split")
    add("--seed", type=at_least(0), default=0, help="of drawn segments")
    add("--json", type=file_to_write, metavar="FILE")
    add("--logs", metavar="DIR", help="folder for TensorBoard")


if __name__ == "__main__":
    run(main)
