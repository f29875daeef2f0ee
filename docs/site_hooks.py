"""What `make docs` adds to MkDocs: pages that lie elsewhere in the repository.

README.md is the site's first page. The cards of the data sets, the weights and
the server stay beside what they describe, and so do the pictures of results.
The pages link to them by their places in the repository, as a reader of the
files needs it; these links are turned to their places in the site, and taken
away where they lead to a file that is no page.
"""

import pathlib
import posixpath
import re

from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
CARRIED = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "accel_tf/weights/*.md",
    "datasets/*/README.md",
    "recipes/results/*.png",
    "serving/README.md",
    "serving/tf_serving/README.md",
)
_LINK = re.compile(r"\[([^][]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files, config):
    """Adds what is carried to the files of the site."""
    for path in _carried():
        name = path.relative_to(ROOT).as_posix()
        file = File.generated(
            config, _place_in_site(name), content=path.read_bytes()
        )
        files.append(file)
    return files


def on_page_markdown(markdown, page, config, files):
    """Turns links between files of the repository to those of the site."""
    carried = {path.relative_to(ROOT).as_posix() for path in _carried()}
    here = page.file.src_uri
    source = _place_in_repository(here, carried)

    def turned(match):
        text, link, anchor = match.groups("")
        if "://" in link:
            return match[0]
        target = posixpath.normpath(
            posixpath.join(posixpath.dirname(source), link)
        )
        if target in carried:
            place = _place_in_site(target)
        elif target.startswith("docs/"):
            place = target.removeprefix("docs/")
        elif (ROOT / target).exists():
            return text  # A file of the repository that is no page.
        else:
            return match[0]  # MkDocs complains about it.
        place = posixpath.relpath(place, posixpath.dirname(here))
        return f"[{text}]({place}{anchor})"

    return _LINK.sub(turned, markdown)


def _carried():
    return [path for pattern in CARRIED for path in ROOT.glob(pattern)]


def _place_in_site(name):
    return "index.md" if name == "README.md" else f"repository/{name}"


def _place_in_repository(place, carried):
    for name in carried:
        if _place_in_site(name) == place:
            return name
    return f"docs/{place}"
