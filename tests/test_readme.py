import pathlib
import re

import pytest
from recipe_scripts import load_script

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_tables_are_the_recorded_results():
    module = load_script("update_readme")
    for page, text in module.updated_pages().items():
        assert (ROOT / page).read_text() == text, "run `make readme`"


@pytest.mark.parametrize("page", ["README.md", "docs/propagation.md"])
def test_pictures_and_pages_exist(page):
    text = (ROOT / page).read_text()
    links = re.findall(r"\]\(([^)#]+)", text)
    paths = [x for x in links if not x.startswith("http")]
    folder = (ROOT / page).parent
    assert paths and all((folder / path).exists() for path in paths)
