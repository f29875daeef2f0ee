import importlib.util
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_tables_are_the_recorded_results():
    path = ROOT / "recipes" / "update_readme.py"
    spec = importlib.util.spec_from_file_location("update_readme", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "README.md").read_text()
    assert module.updated(text) == text, "run `make readme`"


def test_pictures_exist():
    import re

    text = (ROOT / "README.md").read_text()
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert pictures and all((ROOT / path).is_file() for path in pictures)
