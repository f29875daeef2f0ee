"""What the pages hold: blocks of code, commands, links."""

import ast
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUIDES = [
    "README.md",
    *sorted(f"docs/{x.name}" for x in ROOT.glob("docs/*.md")),
]
CARDS = [
    "CONTRIBUTING.md",
    *(
        path.relative_to(ROOT).as_posix()
        for pattern in (
            "accel_tf/weights/*.md",
            "datasets/*/README.md",
            "serving/README.md",
            "serving/tf_serving/README.md",
        )
        for path in sorted(ROOT.glob(pattern))
    ),
]
"""Pages beside what they describe."""
PAGES = GUIDES + CARDS

_FENCE = re.compile(
    r"^( *)(?:<!-- (not run)[^\n]*\n\1)?```(\w*)\n(.*?)^\1```",
    re.DOTALL | re.MULTILINE,
)


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


def python_blocks(page):
    """`(code, is_run)` of each block of Python, in order."""
    return [
        (code, not mark)
        for _, mark, language, code in _FENCE.findall(text_of(page))
        if language == "python"
    ]


def command_blocks(page):
    """Lines of all other code, joined where they end with a backslash."""
    text = text_of(page)
    fenced = [
        code for _, _, kind, code in _FENCE.findall(text) if kind != "python"
    ]
    indented = re.findall(
        r"(?:^(?: {4}.*)?\n)+", _FENCE.sub("", text), re.MULTILINE
    )
    lines = "\n".join(fenced + indented).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines]


def commands(page):
    """The arguments of every `accel-tf` in a block of code."""
    return [
        shlex.split(line.partition(" > ")[0], comments=True)[1:]
        for line in command_blocks(page)
        if line.startswith("accel-tf ")
    ]


def inline_code(page):
    """What stands between backticks in the text, on one line each."""
    found = re.findall(r"`([^`]+)`", _FENCE.sub("", text_of(page)))
    return [" ".join(text.split()) for text in found]


def links(page):
    """`(path, anchor)` of each link to a file; either may be empty."""
    found = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text_of(page))
    return [link for link in found if "://" not in link[0]]


def anchors(page):
    """What links to a page's headings end with."""
    headings = re.findall(
        r"^#+ (.*)$", _FENCE.sub("", text_of(page)), re.MULTILINE
    )
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {re.sub(r"\s+", "-", heading.strip()) for heading in plain}


def names_used(code):
    """Dotted names below `accel_tf` that a program uses."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.split(".")[0] == "accel_tf":
                names |= {f"{module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if re.fullmatch(r"accel_tf(\.\w+)+", text):
                names.add(text)
    return names
