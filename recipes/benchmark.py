"""Times presets side by side: forms, runtimes, the machine's own limits.

    python recipes/benchmark.py --models deeplab_101,dff_101,accel_18 \\
        --forms fused,exact --rounds 5

Options are those of `accel-tf benchmark`. Besides, the parts of non-key
frames and the kernels are always timed, the warp beside that of TensorFlow
Addons if it is installed, and the numbers go to recipes/results/benchmark.json
unless --json says otherwise. All systems are held side by side: these six
take 16 GB of memory, and on one core seven minutes and half a minute a round.
"""

import argparse
import importlib.util
import pathlib
import sys

from accel_tf.benchmark.options import add_options, given_options

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "recipes" / "results" / "benchmark.json"


def main(argv=None):
    """Measures, prints tables and writes a JSON file."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(
        parser,
        models=("deeplab_101", "dff_101", "accel_18"),
        forms=("fused", "exact"),
        kernels=True,
        profile=True,
        json=str(RESULTS),
    )
    options = given_options(parser.parse_args(argv))
    from accel_tf.benchmark.command import benchmark

    warps = {}
    if importlib.util.find_spec("tensorflow_addons"):
        warps["tensorflow_addons' dense_image_warp"] = load_of_addons
    return benchmark(**options, further_warps=warps)


def load_of_addons():
    """The function of TensorFlow Addons, which the tests load too."""
    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
    from addons_oracle import load_dense_image_warp

    return load_dense_image_warp()


if __name__ == "__main__":
    from command_line import run

    run(main)
