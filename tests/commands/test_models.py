import json
import resource
import subprocess
import sys

from accel_tf import commands
from accel_tf.models import classifier_summary, summary


def test_models_prints_a_table(tmp_path, capsys):
    path = tmp_path / "models.json"
    options = ["--size", "64x128", "--filter", "ACCEL'S", "--json", str(path)]
    assert commands.main(["models", *options]) == 0
    (line,) = capsys.readouterr().out.splitlines()[2:]
    assert "| accel_tiny | Accel's structure" in line
    # The ratio to a preset that is not shown.
    assert line.split("|")[7].strip() == "0.02"
    (row,) = json.loads(path.read_text())
    assert [row] == summary.summarize_presets(64, 128, ["accel_tiny"])


def test_a_description_is_searched_too(capsys):
    assert commands.main(["models", "--filter", "temporal"]) == 2
    assert "no preset has 'temporal' in its name" in capsys.readouterr().err
    assert commands.main(["models", "--filter", "four paths"]) == 0
    names = {
        line.split()[1] for line in capsys.readouterr().out.splitlines()[2:]
    }
    assert names == {"td4_psp18", "td4_psp_tiny"}


def test_classifiers_have_a_table_of_their_own(tmp_path, capsys):
    path = tmp_path / "models.json"
    assert commands.main(["models", "--json", str(path)]) == 0
    first, second = capsys.readouterr().out.split("\n\n")
    assert "| vov3d_m " not in first
    assert "GMAC a clip" in second and "| vov3d_m " in second
    rows = json.loads(path.read_text())
    known = classifier_summary.summarize_classifiers()
    assert rows[-len(known) :] == known
    assert commands.main(["models", "--filter", "x3d-l"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_no_network_is_built_for_it():
    program = """if True:
        import sys
        from accel_tf import commands
        assert commands.main(["models", "--size", "513x1025"]) == 0
        heavy = "keras", "numpy", "tensorflow", "tqdm"
        print([name for name in heavy if name in sys.modules])
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    *lines, heavy = result.stdout.splitlines()
    assert len(lines) > 20 and heavy == "[]"
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < 1
