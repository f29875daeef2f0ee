"""Whether a frame shows another scene than the one before: a pure function.

Frames become grey thumbnails. What is compared is their detail, the difference
to the mean of the surroundings: the layout of two streets is much the same, sky
above and road below, and light changes shading most. The detail of the frame is
laid over that of the frame before at every shift of a few cells, and the best
correlation counts, so that pans are none; cells that are black or white in one
of the two say nothing.
"""

import dataclasses

import numpy as np

ROWS, COLUMNS = 24, 32
_SAMPLES = 4  # pixels of a cell in either direction
_SURROUNDINGS = 3  # cells in every direction
_SHIFTS = 2, 4  # cells at most, down and to the right
_DARK, _BRIGHT = 0.03, 0.9
_LEAST_CELLS = 0.3
"""Share of the cells that must tell something."""
_START = 0.15
"""How unlike frames are taken to be before any were compared."""
_LEAST_DETAIL = 0.008
"""Mean square root of the detail, of 1; there is less in fog and at night."""


def thumbnail(frames):
    """Grey thumbnails of frames, from few of their pixels.

    Args:
        frames: RGB 0..255, `[B, H, W, 3]`, uint8 or float.

    Returns:
        numpy float32 `[B, ROWS, COLUMNS]`, 0..1. From uint8 it is exact.
    """
    height, width = frames.shape[1:3]
    seen = frames[:, sample_places(height, ROWS)]
    seen = seen[:, :, sample_places(width, COLUMNS)].astype(np.int32)
    grey = seen[..., 0] + 2 * seen[..., 1] + seen[..., 2]
    cells = grey.reshape(-1, ROWS, _SAMPLES, COLUMNS, _SAMPLES).sum((2, 4))
    return cells.astype(np.float32) / np.float32(4 * 255 * _SAMPLES**2)


def sample_places(length, cells):
    """Indices of the rows or columns that are looked at, evenly spread."""
    count = cells * _SAMPLES
    return (2 * np.arange(count) + 1) * length // (2 * count)


@dataclasses.dataclass(frozen=True)
class CutRule:
    """Compares thumbnails with those before.

    Args:
        unlike: 1 minus the correlation above which a frame is another scene.
        sudden: the same for a frame that differs `jump` times as much as
            those before it did.
        jump: see `sudden`.
        pace: how many times as much as those before it a frame must differ
            in any case.
    """

    unlike: float = 0.35
    sudden: float = 0.15
    jump: float = 6.0
    pace: float = 2.5

    def start(self, batch):
        """The state before the first frame of `batch` streams: a dict."""
        nothing = np.zeros((batch, 2, ROWS, COLUMNS), np.float32)
        return {
            # Of the last two frames, the newer one first.
            "detail": nothing,
            "told": nothing,
            "usual": np.full(batch, -1, np.float32),
        }

    def compare(self, state, pictures):
        """Looks at the next frame.

        Args:
            state: dict, from `start` or here.
            pictures: from `thumbnail`.

        Returns:
            `(is_cut, state)`: bool `[B]`; false on the first frame.
        """
        detail = pictures - _ROW_MEANS @ pictures @ _COLUMN_MEANS.T
        told = ((pictures > _DARK) & (pictures < _BRIGHT)).astype(np.float32)
        usual = state["usual"]
        alike, enough = _likeness(state, detail, told)
        unlike = 1 - alike
        limit = np.clip(self.jump * usual, self.sudden, self.unlike)
        # Where everything moves, frames are less alike.
        limit = np.maximum(limit, self.pace * usual)
        is_cut = enough & (unlike > limit) & (usual >= 0)
        return is_cut, self._remember(
            state, detail, told, unlike, is_cut, enough
        )

    @staticmethod
    def _remember(state, detail, told, unlike, is_cut, enough):
        """Frames that show nothing are passed over."""
        first = state["usual"] < 0
        usual = np.maximum(0.8 * state["usual"], unlike).astype(np.float32)
        usual = np.where(is_cut | first, np.float32(_START), usual)
        after = {"usual": np.where(enough | first, usual, state["usual"])}
        for name, new in (("detail", detail), ("told", told)):
            # After a cut the old scene is forgotten.
            old = np.where(_each(is_cut), new, state[name][:, 0])
            after[name] = np.where(
                _each(enough)[:, None],
                np.stack([new, old], axis=1),
                state[name],
            )
        return after


def _likeness(state, detail, told):
    """Best correlation with one of the two frames before, and whether it says.

    Returns:
        `(alike, enough)`: float32 `[B]`; bool `[B]`, whether the frame shows
        enough to be compared.
    """
    now, seen = told * detail * _INNER, told * _INNER
    square = now * now
    count = seen.sum((1, 2))
    enough = (count > _LEAST_CELLS * _INNER.sum()) & (
        np.sqrt(square.sum((1, 2)) / _INNER.sum()) > _LEAST_DETAIL
    )
    known = state["told"]
    before = known * state["detail"]
    # Of all shifts at once.
    new = np.fft.rfft2(np.stack([now, seen, square, seen], axis=1)[:, :, None])
    old = np.fft.rfft2(np.stack([before, before**2, known, known], axis=1))
    sums = np.fft.irfft2(old * new.conj(), (ROWS, COLUMNS))
    product, of_old, of_new, common = np.moveaxis(sums[..., *_PLACES], 1, 0)
    alike = product / np.sqrt(np.maximum(of_old * of_new, 1e-12))
    enough_common = common > _LEAST_CELLS * _INNER.sum() / 2
    return np.where(enough_common, alike, 0).max((1, 2, 3)), enough


def _each(flags):
    return flags[:, None, None]


def _means(length):
    """Matrix that takes the mean of the surroundings, edges repeated."""
    around = np.arange(-_SURROUNDINGS, _SURROUNDINGS + 1)
    places = np.clip(np.arange(length)[:, None] + around, 0, length - 1)
    matrix = np.zeros((length, length), np.float32)
    for row, columns in enumerate(places):
        np.add.at(matrix[row], columns, np.float32(1 / len(around)))
    return matrix


def _inner():
    """1 in the middle, which is laid over the frame before."""
    dy, dx = _SHIFTS
    inner = np.zeros((ROWS, COLUMNS), np.float32)
    inner[dy:-dy, dx:-dx] = 1
    return inner


_ROW_MEANS, _COLUMN_MEANS, _INNER = _means(ROWS), _means(COLUMNS), _inner()
_PLACES = np.ix_(*(np.arange(-most, most + 1) for most in _SHIFTS))
