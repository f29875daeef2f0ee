"""Times presets side by side: forms, runtimes, the machine's own limits.

    accel-tf recipe benchmark --models deeplab_101,dff_101,accel_18 \\
        --forms fused,exact --rounds 5

Options are those of `accel-tf benchmark`. Besides, the parts of non-key
frames and the kernels are always timed, the warp beside that of TensorFlow
Addons if it is installed, and the numbers go to recipes/results/benchmark.json
unless --json says otherwise. All systems are held side by side: these six
take 16 GB of memory, and on one core seven minutes and half a minute a round.
"""

import importlib.util

from accel_tf.commands.benchmark import add_options
from accel_tf.commands.keywords import keywords
from accel_tf.recipes.benchmarks.addons_warp import load_dense_image_warp
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.recorded import results_file


def main(arguments=None):
    """Measures, prints tables and writes a JSON file."""
    parser = make_parser(__file__, __doc__)
    add_options(
        parser,
        models=("deeplab_101", "dff_101", "accel_18"),
        forms=("fused", "exact"),
        kernels=True,
        profile=True,
        json=str(results_file("benchmark.json")),
    )
    options = keywords(parser.parse_args(arguments))
    from accel_tf.benchmark.compare import benchmark

    warps = {}
    if importlib.util.find_spec("tensorflow_addons"):
        warps["tensorflow_addons' dense_image_warp"] = load_dense_image_warp
    benchmark(**options, further_warps=warps)


if __name__ == "__main__":
    run(main)
