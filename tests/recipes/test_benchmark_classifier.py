import sys

import numpy as np
import pytest
from recipe_scripts import load_script

FUSED, ORIGINAL = ("x3d_m", "fused"), ("x3d_m", "original")


@pytest.fixture(scope="module")
def script():
    return load_script("benchmark_classifier")


@pytest.fixture
def checkout(tmp_path):
    """A folder with the files that a checkout is recognised by."""
    systems = load_script("classifier_systems")
    for name in ("vov3d/models/build.py", *systems.NETWORKS.values()):
        path = tmp_path / "VoV3D" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "VoV3D"


def test_small_probabilities_are_compared_too(script):
    shares = np.array([0.99, 0.01])
    others = np.array([0.98, 0.02])
    difference = script.largest_difference(shares, others)
    assert difference == pytest.approx(np.log(2))


def test_table(script):
    rounds = [{FUSED: ([2.5], [2.25]), ORIGINAL: ([4], [4.5]), "limit": 160.4}]
    results = {
        "machine": {
            "processor": "a processor",
            "tensorflow": "2.21",
            "torch": "2.13",
        },
        "clip": "16x224x224",
        "threads": 1,
        "rounds": 1,
        "clips_per_round": 3,
        "load_average_before": 0.26,
        "load_average_after": 0.5,
        "limit": script.spread([160.4]),
        "rows": [
            {
                "model": name,
                "form": form,
                "multiply_adds_per_clip": 4_730_000_000,
                "largest_difference": 2e-5,
                **script.summarize(rounds, name, form, 4_730_000_000),
            }
            for name, form in (FUSED, ORIGINAL)
        ],
    }
    lines = load_script("original_tables").format_classifier_speed(results)
    lines = lines.splitlines()
    assert lines[2] == (
        "| `x3d_m` | accel-tf, `fuse_for_inference` | 2.25 (2.25) | "
        "2.50 (2.50) | 2.00 (2.00 to 2.00) | 4.73 | 3% |"
    )
    assert lines[3].startswith("| `x3d_m` | original, PyTorch | 4.50 (4.50) |")
    assert "differs by more than 2e-05" in lines[-1]
    assert "a processor, TensorFlow 2.21, PyTorch 2.13" in lines[-1]


def test_the_original_has_to_be_there(script, checkout, tmp_path, capsys):
    systems = load_script("classifier_systems")
    assert systems.checked_original(checkout) == checkout
    (checkout / "configs/Kinetics/x3d/X3D_M_256e.yaml").unlink()
    for folder in (checkout, tmp_path / "nothing"):
        with pytest.raises(FileNotFoundError, match="is no checkout of"):
            script.main(["--original", str(folder)])


def test_pytorch_has_to_be_there(script, checkout, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r'install "accel-tf\[torch\]"'):
        script.main(["--original", str(checkout)])
