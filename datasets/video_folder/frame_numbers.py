"""The number of each frame of a clip, from the names of the files."""

import datetime
import itertools
import re

# A frame that is missing makes a step of twice the usual one.
_JITTER = 0.5
_MOST = 2**63 - 1
_EPOCH = datetime.datetime(1970, 1, 1)
_TIME = re.compile(
    r"(?<![0-9])(?P<date>[12][0-9]{3}[-_.]?[01][0-9][-_.]?[0-3][0-9])"
    r"[-_T ]*(?P<time>[0-2][0-9][-_.:h]?[0-5][0-9][-_.:m]?[0-5][0-9])"
    r"(?:[-_.,s]?(?P<fraction>[0-9]{1,9}))?(?![0-9])"
)


def frame_numbers(folder, stems):
    """Number of each frame: the one that changes from name to name.

    `aachen_000001_000019_left8bit` has four, of which three are the same in
    all names of a clip. A date and time, such as `2026-05-01_12-30-05.033`,
    is one number, of microseconds. What cannot be stored in 64 bits is
    counted from the first frame.

    Args:
        folder: of the frames, for messages.
        stems: names of the files without their endings; one or more.

    Returns:
        A dict from a stem to its number.

    Raises:
        ValueError: The names differ in other things than one number, two
            have the same number, or the numbers do not grow evenly: by one
            constant step, or as times do, within half a step.
    """
    numbers = _times(stems) or _changing(folder, stems)
    _check_steps(folder, numbers)
    least = min(numbers.values())
    if max(numbers.values()) > _MOST:
        numbers = {stem: number - least for stem, number in numbers.items()}
    if max(numbers.values()) > _MOST:
        raise ValueError(
            f"the numbers of the frames in {folder} are too far apart for 64 "
            f"bits; there are {stems[0]} and {stems[-1]}"
        )
    return numbers


def _times(stems):
    """Microseconds, if all names hold a time and differ in nothing else."""
    matches = [_TIME.search(stem) for stem in stems]
    if not all(matches):
        return None
    rests = {
        (
            stem[: match.start()],
            stem[match.end() :],
            len(match["fraction"] or ""),
        )
        for stem, match in zip(stems, matches, strict=True)
    }
    times = [_microseconds(match) for match in matches]
    if len(rests) > 1 or None in times:
        return None
    return dict(zip(stems, times, strict=True))


def _microseconds(match):
    digits = re.sub("[^0-9]", "", match["date"] + match["time"])
    try:
        moment = datetime.datetime.strptime(digits, "%Y%m%d%H%M%S")
    except ValueError:
        return None
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]
    seconds = (moment - _EPOCH) // datetime.timedelta(seconds=1)
    return seconds * 10**6 + int(fraction)


def _changing(folder, stems):
    parts = [re.split(r"([0-9]+)", stem) for stem in stems]
    changing = [
        place
        for place, values in enumerate(zip(*parts, strict=False))
        if len(set(values)) > 1
    ]
    same_length = len(set(map(len, parts))) == 1
    if len(stems) == 1:
        # Nothing changes: the last number it is, as in frame_0012.
        changing = [len(parts[0]) - 2]
    in_one_number = len(changing) == 1 and changing[0] > 0 and changing[0] % 2
    if not same_length or not in_one_number:
        raise ValueError(
            f"the names of the frames in {folder} must differ in one number, "
            f"such as 000001.png, 000002.png, or a date and time; there are "
            f"{stems[0]} and {stems[-1]}"
        )
    return {
        stem: int(part[changing[0]])
        for stem, part in zip(stems, parts, strict=True)
    }


def _check_steps(folder, numbers):
    ordered = sorted(numbers.items(), key=lambda item: item[1])
    steps = [
        (later - earlier, stem, later)
        for (_, earlier), (stem, later) in itertools.pairwise(ordered)
    ]
    if not steps:
        return
    usual = sorted(step for step, _, _ in steps)[(len(steps) - 1) // 2]
    for step, stem, number in steps:
        if step == 0:
            raise ValueError(f"two frames in {folder} have the number {number}")
        if abs(step - usual) >= _JITTER * usual:
            raise ValueError(
                f"the frames in {folder} do not follow each other: before "
                f"{stem} the step of the numbers is {step}, elsewhere it is "
                f"{usual}; add what is missing or make it another clip"
            )
