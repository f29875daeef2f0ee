"""The files of FlyingChairs as its authors publish them."""

import dataclasses
import re

from etils import epath

RELEASE = "FlyingChairs_release"
LIST = "FlyingChairs_train_val.txt"
PAGE = "https://lmb.informatik.uni-freiburg.de/resources/datasets"

_SPLITS = {"1": "train", "2": "validation"}
_ENDINGS = ("img1.ppm", "img2.ppm", "flow.flo")
_NAME = re.compile(rf"([0-9]{{5}})_(?:{'|'.join(map(re.escape, _ENDINGS))})")


@dataclasses.dataclass(frozen=True)
class PairFiles:
    """The files of one pair of images.

    Attributes:
        name: number of the pair, such as "00001".
        first, second: paths of the two images.
        flow: path of the flow from the first to the second image.
    """

    name: str
    first: epath.Path
    second: epath.Path
    flow: epath.Path


def read_splits(manual_dir):
    """The pairs of each split; what the files hold is not looked at.

    Args:
        manual_dir: `epath.Path` of the folder `FlyingChairs_release`, or of
            the one around it. The list of the splits may lie in either.

    Returns:
        A dict from "train" and "validation" to a list of `PairFiles`; a
        split that the list gives no pair is left out.

    Raises:
        FileNotFoundError: The list is missing, or a file of a listed pair.
        ValueError: The list has other lines than 1 and 2, or none, or there
            are pairs that it does not list.
    """
    release = _release_folder(manual_dir)
    list_path = release / LIST
    if not list_path.exists() and (manual_dir / LIST).exists():
        list_path = manual_dir / LIST
    splits_of_pairs = _read_list(list_path)
    data = release / "data"
    _check_names(data, list_path, len(splits_of_pairs))
    splits = {}
    for number, split in enumerate(splits_of_pairs, 1):
        name = f"{number:05d}"
        paths = [data / f"{name}_{ending}" for ending in _ENDINGS]
        splits.setdefault(split, []).append(PairFiles(name, *paths))
    return splits


def _release_folder(manual_dir):
    for folder in (manual_dir, manual_dir / RELEASE):
        if (folder / "data").is_dir():
            return folder
    raise FileNotFoundError(
        f"there is no folder {manual_dir / RELEASE / 'data'}; extract "
        f"FlyingChairs.zip in {manual_dir}"
    )


def _read_list(path):
    """The split of every pair, in the order of the pairs."""
    if not path.exists():
        raise FileNotFoundError(
            f"there is no {path}; it has a line for each pair, 1: train, "
            f"2: validation, and is at {PAGE}/FlyingChairs/{LIST}"
        )
    try:
        lines = path.read_text().rstrip().splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file") from error
    for number, line in enumerate(lines, 1):
        if line.strip() not in _SPLITS:
            raise ValueError(
                f"{path}, line {number} must be 1 (train) or 2 (validation); "
                f"it is: {line.strip()[:80]}"
            )
    if not lines:
        raise ValueError(f"{path} is empty; it must have a line for each pair")
    return [_SPLITS[line.strip()] for line in lines]


def _check_names(data, list_path, count):
    """Compares the folder with the list before anything is written."""
    there = {path.name for path in data.iterdir() if _NAME.fullmatch(path.name)}
    wanted = {
        f"{number:05d}_{ending}"
        for number in range(1, count + 1)
        for ending in _ENDINGS
    }
    missing, unlisted = sorted(wanted - there), sorted(there - wanted)
    if missing:
        raise FileNotFoundError(
            f"there is no {data / missing[0]}{_and_more(missing)}; the list "
            f"{list_path} has {count} pairs, of three files each"
        )
    if unlisted:
        raise ValueError(
            f"{data / unlisted[0]}{_and_more(unlisted)} is not in the list "
            f"{list_path}, which has {count} pairs"
        )


def _and_more(names):
    more = len(names) - 1
    return f" (and {more} more)" if more else ""
