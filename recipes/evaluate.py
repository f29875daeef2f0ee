"""Evaluates several systems side by side: one table, one picture.

python recipes/evaluate.py "DeepLab=deeplab_101:deeplab-101-0000.params" \
    "DFF=dff_101:rfcn_dff_flownet_vid-0000.params,accel-18-0000.params" \
    "Accel=accel_18:rfcn_dff_flownet_vid-0000.params,accel-18-0000.params" \
    --data cityscapes_sequences/half_window20 --data-dir data \
    --json out/systems.json --plots out

The frames are decoded once for all systems, and the systems are timed in
turns. Options are those of `accel-tf evaluate`.
"""

import argparse
import sys

from accel_tf.evaluation.command import evaluate_systems
from accel_tf.evaluation.options import add_options, given_options
from accel_tf.models.propagation import split_flow

_PREFIXES = ("hub:", "labels:")


def main(argv=None):
    """Runs the recipe; returns the exit status, 2 after bad input."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="Example: " + " ".join(__doc__.split("\n\n")[1].split()),
    )
    parser.add_argument(
        "systems",
        nargs="+",
        metavar="NAME=PRESET[:FILE[,FILE]][+FLOW]",
        help="name in tables and plots; preset, hub:NAME or labels:DIR; "
        "weights: a .keras file, a .weights.h5, official checkpoints or "
        "random; and the flow along which a per-frame model is propagated",
    )
    add_options(parser)
    arguments = parser.parse_args(argv)
    try:
        evaluate_systems(
            _parse_systems(arguments.systems), **given_options(arguments)
        )
    except KeyboardInterrupt:
        print("evaluate: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, ImportError) as error:
        print(f"evaluate: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


def _parse_systems(texts):
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
    sys.exit(main())
