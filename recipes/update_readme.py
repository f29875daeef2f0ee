"""Writes the tables of README.md from the results recorded beside this file.

accel-tf models --json recipes/results/presets.json
accel-tf demo && cp out/demo/results.json recipes/results/demo.json
make readme
"""

import json
import pathlib
import re

from accel_tf.demo import format_results
from accel_tf.files import write_text
from accel_tf.models.summary import format_table

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "recipes" / "results"
TABLES = {"demo": format_results, "presets": format_table}


def updated(text):
    """`text` with every table between its markers made anew."""
    for name, format_rows in TABLES.items():
        rows = json.loads((RESULTS / f"{name}.json").read_text())
        pattern = rf"(<!-- table:{name} -->\n).*?(<!-- end -->)"
        table = format_rows(rows)
        text, count = re.subn(pattern, rf"\1{table}\n\2", text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"README.md has {count} places for {name}.")
    return text


if __name__ == "__main__":
    readme = ROOT / "README.md"
    write_text(readme, updated(readme.read_text()))
