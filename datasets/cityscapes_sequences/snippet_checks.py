"""Checks of the files of snippets before anything is written."""

import concurrent.futures
import dataclasses
import hashlib

import tqdm

from accel_tf.datasets.cityscapes_sequences.cityscapes_tree import Snippet
from accel_tf.datasets.cityscapes_sequences.faults import Fault
from accel_tf.datasets.cityscapes_sequences.png_files import inspect_png

# Mostly waiting for the disk or the network.
_THREADS = 16


@dataclasses.dataclass(frozen=True)
class CheckedSnippet:
    """A snippet whose files are there, whole and of one size.

    Attributes:
        snippet: the `Snippet`.
        num_bytes: size of all its files.
        digest: changes when any of its files does.
    """

    snippet: Snippet
    num_bytes: int
    digest: str


def check_snippets(root, snippets, half_size):
    """Checks the first and last bytes of every file, and the sizes.

    Args:
        root: `pathlib.Path` that faults name files relative to.
        snippets: list of `Snippet`.
        half_size: whether the size must be even.

    Returns:
        `(checked, faults)`: a list of `CheckedSnippet` and a list of `Fault`.
    """

    def check(snippet):
        return _check(root, snippet, half_size)

    checked, faults = [], []
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        for result in tqdm.tqdm(
            pool.map(check, snippets),
            desc="Checking",
            unit=" snippets",
            total=len(snippets),
            leave=False,
        ):
            (faults if isinstance(result, Fault) else checked).append(result)
    return checked, faults


def _check(root, snippet, half_size):
    """A `CheckedSnippet`, or the first `Fault` of its files."""
    files, digest = [], hashlib.sha256(snippet.sequence_id.encode())
    for path in (*snippet.frames, snippet.label):
        name = path.relative_to(root).as_posix()
        try:
            file = inspect_png(path)
        except (ValueError, OSError) as error:
            return Fault("broken file", f"{name} {error}")
        size, first = (file.height, file.width), (files or [file])[0]
        if size != (first.height, first.width):
            return Fault(
                "size differs",
                f"{name} is {_size(file)}, but the frame "
                f"{snippet.frames[0].name} is {_size(first)}",
            )
        if half_size and (size[0] % 2 or size[1] % 2):
            return Fault(
                "size is odd", f"{name} is {_size(file)}; it cannot be halved"
            )
        files.append(file)
        digest.update(f"{name} {file}".encode())
    num_bytes = sum(file.num_bytes for file in files)
    return CheckedSnippet(snippet, num_bytes, digest.hexdigest())


def _size(file):
    return f"{file.height}x{file.width}"
