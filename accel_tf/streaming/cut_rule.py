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
_DARK, _BRIGHT = 0.03, 0.97
_LEAST_CELLS = 0.3
"""Share of the cells that must tell something."""
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
    """

    unlike: float = 0.3
    sudden: float = 0.15
    jump: float = 6.0

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
        limit = np.minimum(
            np.float32(self.unlike),
            np.maximum(np.float32(self.sudden), self.jump * usual),
        )
        is_cut = enough & (unlike > limit) & (usual >= 0)
        return is_cut, self._remember(
            state, detail, told, unlike, is_cut, enough
        )

    @staticmethod
    def _remember(state, detail, told, unlike, is_cut, enough):
        """Frames that show nothing are passed over."""
        first = state["usual"] < 0
        usual = np.maximum(0.8 * state["usual"], unlike).astype(np.float32)
        usual = np.where(is_cut | first, np.float32(0.05), usual)
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
    dy, dx = _SHIFTS
    inner = np.s_[:, dy : ROWS - dy, dx : COLUMNS - dx]
    batch = len(detail)
    now = (told * detail)[inner].reshape(batch, 1, -1, 1)
    seen = told[inner].reshape(batch, 1, -1, 1)
    square = now * now
    enough = (seen.mean((1, 2, 3)) > _LEAST_CELLS) & (
        np.sqrt(square.mean((1, 2, 3))) > _LEAST_DETAIL
    )
    flat = (batch, 2, ROWS * COLUMNS)
    known = state["told"].reshape(flat)[..., _WINDOWS]
    before = known * state["detail"].reshape(flat)[..., _WINDOWS]
    product = (before @ now)[..., 0]
    lengths = ((before * before) @ seen)[..., 0] * (known @ square)[..., 0]
    alike = product / np.sqrt(np.maximum(lengths, 1e-12))
    common = (known @ seen)[..., 0] > _LEAST_CELLS * seen.shape[2] / 2
    alike = np.where(common, alike, np.float32(0)).max((1, 2))
    return alike, enough


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


def _windows():
    """Indices `[shifts, cells]` of what the middle is laid over."""
    dy, dx = _SHIFTS
    index = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    views = np.lib.stride_tricks.sliding_window_view(
        index, (ROWS - 2 * dy, COLUMNS - 2 * dx)
    )
    return views.reshape((2 * dy + 1) * (2 * dx + 1), -1).copy()


_ROW_MEANS, _COLUMN_MEANS, _WINDOWS = _means(ROWS), _means(COLUMNS), _windows()
