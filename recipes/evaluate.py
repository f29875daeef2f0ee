r"""Evaluates several systems side by side: one table, one picture.

    accel-tf recipe evaluate "DeepLab=deeplab_101:deeplab-101-0000.params" \
        "DFF=dff_101:rfcn_dff_flownet_vid-0000.params,accel-18-0000.params" \
        "Accel=accel_18:rfcn_dff_flownet_vid-0000.params,accel-18-0000.params" \
        --data cityscapes_sequences/half_window20 --data-dir data \
        --json out/systems.json --plots out

The frames are decoded once for all systems, and the systems are timed in
turns. Options are those of `accel-tf evaluate`.
"""

from accel_tf.commands.evaluate import add_data_options, given_data_options
from accel_tf.recipes.common.command_line import make_parser, run

_PREFIXES = ("hub:", "labels:")


def main(arguments=None):
    """Prints the table, and writes what the options name."""
    parser = make_parser(__file__, __doc__)
    parser.add_argument(
        "systems",
        nargs="+",
        metavar="NAME=PRESET[:FILE[,FILE]][+FLOW]",
        help="name in tables and plots; preset, hub:NAME or labels:DIR; "
        "weights: a .keras file, a .weights.h5, official checkpoints or "
        "random; and the flow along which a per-frame model is propagated",
    )
    add_data_options(parser)
    options = parser.parse_args(arguments)
    settings = given_data_options(options)
    from accel_tf.evaluation.systems import evaluate_systems

    evaluate_systems(_parse_systems(options.systems), **settings)


def _parse_systems(texts):
    from accel_tf.models.propagation import split_flow

    systems = {}
    for text in texts:
        name, _, rest = text.partition("=")
        rest, flow = split_flow(rest)
        prefix = next((p for p in _PREFIXES if rest.startswith(p)), "")
        preset, _, files = rest.removeprefix(prefix).partition(":")
        if not name or not preset or flow == "":
            raise ValueError(
                f"{text!r} is no system; give NAME=PRESET or "
                "NAME=PRESET:FILE[,FILE], with +FLOW at the end to propagate "
                "it."
            )
        if name in systems:
            raise ValueError(f"two systems are called {name!r}.")
        files = files.split(",") if files else []
        flow = "" if flow is None else f"+{flow}"
        systems[name] = (f"{prefix}{preset}{flow}", files)
    return systems


if __name__ == "__main__":
    run(main)
