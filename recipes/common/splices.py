"""Videos with cuts, and with what might be taken for one."""

import numpy as np

LENGTH = 12
"""Frames of a clip; those that are changed have twice as many."""


def splice(kind, videos, rng):
    """A video of that kind.

    Args:
        kind: one of `KINDS`.
        videos: list of uint8 `[T, H, W, 3]`.
        rng: `numpy.random.Generator`.

    Returns:
        `(frames, cuts)`: a list of frames, not all of one size where videos
        are not; and the set of the indices where another scene begins.
    """
    return KINDS[kind](videos, rng)


def _hard(videos, rng):
    first, second = rng.choice(len(videos), 2, replace=False)
    clips = [_clip(videos[each], rng, LENGTH) for each in (first, second)]
    return [*clips[0], *clips[1]], {len(clips[0])}


def _of_one_video(videos, rng):
    """A jump of 75 frames, or half a video, within one of the longer ones."""
    long = [video for video in videos if len(video) >= 200]
    video = (long or videos)[rng.integers(len(long or videos))]
    jump = min(75, len(video) // 2)
    start = rng.integers(0, len(video) - jump - LENGTH + 1)
    clips = [video[i : i + LENGTH] for i in (start, start + jump)]
    return [*clips[0], *clips[1]], {LENGTH}


def _unchanged(videos, rng):
    return list(_any(videos, rng)), set()


def _flash(videos, rng):
    """One or two frames that are far too bright, in part white."""
    frames = _any(videos, rng)
    at, length = rng.integers(4, len(frames) - 4), rng.integers(1, 3)
    span = slice(at, at + length)
    gain, offset = rng.uniform(1.3, 3), rng.uniform(0, 120)
    frames[span] = _lit(frames[span], gain, offset)
    return list(frames), set()


def _exposure(videos, rng):
    """From one frame to the next darker or brighter, and it stays so."""
    frames = _any(videos, rng)
    at = rng.integers(4, len(frames) - 4)
    gain = rng.choice([0.4, 0.6, 1.4, 1.7])
    frames[at:] = _lit(frames[at:], gain, rng.uniform(-15, 15))
    return list(frames), set()


def _flicker(videos, rng):
    """Brightness goes up and down by up to 30 %, as under lamps."""
    frames = _any(videos, rng)
    phase = rng.uniform(1, 3) * np.arange(len(frames))
    gains = 1 + 0.3 * np.sin(phase)
    return [
        _lit(each, gain, 0) for each, gain in zip(frames, gains, strict=True)
    ], set()


def _pan(videos, rng):
    """A window that moves by 2 to 6 % of its width with every frame."""
    frames = _any(videos, rng)
    width = frames.shape[2] * 2 // 5
    step = max(int(rng.uniform(0.02, 0.06) * width), 1)
    count = min(len(frames), (frames.shape[2] - width) // step)
    return [
        frames[index][:, step * index :][:, :width] for index in range(count)
    ], set()


def _dissolve(videos, rng):
    """One scene becomes the other in ten frames."""
    first, second = rng.choice(len(videos), 2, replace=False)
    before = _clip(videos[first], rng, 2 * LENGTH).astype("float32")
    after = _clip(videos[second], rng, 2 * LENGTH).astype("float32")
    after = np.stack([_like(frame, before[0]) for frame in after])
    count = min(len(before), len(after))
    share = np.clip((np.arange(count) - 6) / 10, 0, 1)[:, None, None, None]
    mixed = before[:count] * (1 - share) + after[:count] * share
    return list(mixed.astype("uint8")), set()


def _fade(videos, rng):
    """Into black within eight frames, black for two, and back."""
    frames = _any(videos, rng)
    half = len(frames) // 2
    gains = np.abs(np.arange(len(frames)) - half) - 1
    gains = np.clip(gains / 8, 0, 1)
    return [
        _lit(each, gain, 0) for each, gain in zip(frames, gains, strict=True)
    ], set()


KINDS = {
    "cut to another video": _hard,
    "cut within a video": _of_one_video,
    "no change": _unchanged,
    "flash": _flash,
    "exposure": _exposure,
    "flicker": _flicker,
    "fast pan": _pan,
    "dissolve": _dissolve,
    "fade to black and back": _fade,
}
"""Kind -> function of the videos and a generator."""


def _any(videos, rng):
    return _clip(videos[rng.integers(len(videos))], rng, 2 * LENGTH).copy()


def _clip(video, rng, length):
    start = rng.integers(0, len(video) - length + 1)
    return video[start : start + length]


def _lit(frames, gain, offset):
    return np.clip(frames * gain + offset, 0, 255).astype("uint8")


def _like(frame, other):
    """A frame of the size of another, of its nearest pixels."""
    rows, columns = (
        np.arange(new) * old // new
        for new, old in zip(other.shape[:2], frame.shape[:2], strict=True)
    )
    return frame[rows][:, columns]
