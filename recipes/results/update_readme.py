"""Writes the tables of README.md and docs/ from the results recorded here.

accel-tf models --json recipes/results/presets.json
accel-tf demo && cp out/demo/results.json recipes/results/demo.json
accel-tf recipe benchmark_pipeline --out recipes/results/pipeline.json
accel-tf recipe compare_on_camvid --manual-dir CAMVID
accel-tf recipe compare_tdnet
accel-tf recipe benchmark --forms fused --rounds 4
accel-tf recipe benchmark_segment --out recipes/results/segment.json
accel-tf benchmark --models accel_18 --batches 1,2,4 \\
    --json recipes/results/benchmark_batches.json
accel-tf recipe benchmark_accel --original ACCEL --original-python MXNET \\
    --runtimes tensorflow,openvino:int8 --forms fused,plain --rounds 8 \\
    --out recipes/results/accel_speed.json
accel-tf recipe evaluate ... --json recipes/results/int8.json  (docs/results.md)
accel-tf recipe benchmark_int8 --calibrate HIGHWAY --video DASHCAM \\
    --models accel_tiny,psp_tiny=CAMVID_PSP_TINY --agreements 0.99 \\
    --size 270x480 --rounds 4 --out recipes/results/int8_agreement.json
accel-tf recipe compare_propagation --manual-dir CAMVID --labels LABELS
accel-tf recipe compare_propagation --manual-dir CAMVID --labels LABELS --trust
accel-tf benchmark --models ... --json \\
    recipes/results/benchmark_propagation.json  (docs/results.md)
accel-tf recipe compare_keyframes --trained out/camvid
accel-tf recipe compare_keyframes --trained out/camvid --signals
accel-tf recipe compare_cuts --videos VIDEOS
accel-tf recipe compare_pulse --data-dir data
accel-tf recipe benchmark_steady speed --video DASHCAM --out ...
accel-tf recipe benchmark_steady accuracy --trained out/camvid --out ...
accel-tf recipe benchmark_start --before BEFORE --ways weights,openvino \\
    --out recipes/results/start.json
accel-tf benchmark --models accel_18,deeplab_101 --rounds 4 --runtimes \\
    tensorflow,tensorflow:bfloat16,openvino,openvino:bfloat16 \\
    --json recipes/results/benchmark_bfloat16.json
accel-tf recipe benchmark_fleet cost --out recipes/results/fleet.json
accel-tf recipe benchmark_fleet simulate --out recipes/results/fleet.json
accel-tf recipe distill_ams --drives drawn,highway,dashcam --data DIR \\
    --checkpoint PASCAL
accel-tf recipe benchmark_clip_stream speed --out ...  (docs/results.md)
accel-tf recipe published_accuracy --out recipes/results
accel-tf recipe benchmark_tdnet --original TDNET \\
    --out recipes/results/tdnet_speed.json
accel-tf recipe benchmark_classifier --original VOV3D \\
    --forms fused,openvino --rounds 4 --clips 2 \\
    --out recipes/results/benchmark_classifier.json
accel-tf recipe benchmark_costs --before BEFORE \\
    --out recipes/results/serving_costs.json
accel-tf recipe soak_serving --out recipes/results/soak_serving.json
make readme
"""

import json
import pathlib
import re

from accel_tf.benchmark.report import format_markdown
from accel_tf.demo import format_results
from accel_tf.evaluation.report import format_rows
from accel_tf.files import write_text
from accel_tf.models.summary import format_table
from accel_tf.recipes.common.accuracy_tables import (
    format_ams,
    format_camvid,
    format_propagation,
    format_tdnet,
    format_trust,
)
from accel_tf.recipes.common.cost_tables import format_costs
from accel_tf.recipes.common.fleet_tables import format_fleet
from accel_tf.recipes.common.int8_tables import format_int8
from accel_tf.recipes.common.keyframe_tables import (
    format_cuts,
    format_keyframes,
    format_pulse,
    format_signals,
)
from accel_tf.recipes.common.original_tables import (
    format_accel_speed,
    format_classifier_speed,
    format_tdnet_speed,
)
from accel_tf.recipes.common.soak_lines import format_soak
from accel_tf.recipes.common.speed_tables import (
    format_clip_stream,
    format_pipeline,
    format_segment,
    format_serving,
)
from accel_tf.recipes.common.start_tables import format_start
from accel_tf.recipes.common.steady_tables import format_steady

RESULTS = pathlib.Path(__file__).resolve().parent
ROOT = RESULTS.parents[1]

# A model on every frame, and what does its work with key frames.
_SAVINGS = {
    "DeepLab-101": ("deeplab_101", "Accel-18", "accel_18"),
    "PIDNet-S": ("pidnet_s", "PIDNet-S+dis", "pidnet_s+dis"),
    **{
        f"SegFormer-{size}": (
            f"hub:segformer_{size.lower()}_cityscapes_1024",
            f"SegFormer-{size}+dis",
            f"hub:segformer_{size.lower()}_cityscapes_1024+dis",
        )
        for size in ("B0", "B2", "B5")
    },
}


def format_savings(content):
    """The short table of README.md: times without and with key frames.

    Args:
        content: of `benchmark_propagation.json`.
    """
    times = {
        row["preset"]: row["amortised"]["processor_milliseconds"]["median"]
        for row in content["rows"]
    }
    lines = [
        "| on every frame | ms | with key frames | ms | of the time |",
        "|---|---|---|---|---|",
    ]
    for name, (preset, saving, saving_preset) in _SAVINGS.items():
        before, after = times[preset], times[saving_preset]
        lines.append(
            f"| {name} | {before:.0f} | {saving} | {after:.0f} "
            f"| {after / before:.0%} |"
        )
    return "\n".join(lines)


TABLES = {
    "demo": format_results,
    "presets": format_table,
    "pipeline": format_pipeline,
    "camvid": format_camvid,
    "tdnet": format_tdnet,
    "benchmark": format_markdown,
    "benchmark_bfloat16": format_markdown,
    "benchmark_batches": format_markdown,
    "segment": format_segment,
    "accel_speed": format_accel_speed,
    "int8": format_rows,
    "int8_agreement": format_int8,
    "tdnet_speed": format_tdnet_speed,
    "benchmark_classifier": format_classifier_speed,
    "serving": format_serving,
    "serving_costs": format_costs,
    "soak_serving": format_soak,
    "propagation": format_propagation,
    "benchmark_propagation": format_markdown,
    "savings": format_savings,
    "ams": format_ams,
    "clip_stream": format_clip_stream,
    "trust": format_trust,
    "keyframes": format_keyframes,
    "keyframe_signals": format_signals,
    "cuts": format_cuts,
    "pulse": format_pulse,
    "steady": format_steady,
    "start": format_start,
    "fleet": format_fleet,
}
SOURCES = {"savings": "benchmark_propagation"}
"""Table -> the file that it is made of, where that has another name."""
PAGES = ("README.md", "docs/propagation.md", "docs/results.md")


def updated_pages():
    """Page -> its text, with every table between its markers made anew."""
    pages = {page: (ROOT / page).read_text() for page in PAGES}
    for name, format_content in TABLES.items():
        path = RESULTS / f"{SOURCES.get(name, name)}.json"
        content = json.loads(path.read_text())
        pattern = rf"(<!-- table:{name} -->\n).*?(<!-- end -->)"
        table = format_content(content)
        total = 0
        for page, text in pages.items():
            pages[page], count = re.subn(
                pattern, rf"\1{table}\n\2", text, flags=re.DOTALL
            )
            total += count
        if total != 1:
            raise ValueError(f"there are {total} places for {name}.")
    return pages


if __name__ == "__main__":
    for page, text in updated_pages().items():
        write_text(ROOT / page, text)
