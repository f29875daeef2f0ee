"""A JSON file about every frame."""

import json

import numpy as np

from accel_tf import optional
from accel_tf.video.video_reader import SourceLostError
from accel_tf.video.whole_output import WholeOutput

_ENDS = {KeyboardInterrupt: "interrupt", SourceLostError: "lost"}


class RecordWriter(WholeOutput):
    """Writes one JSON document with a line for every frame.

    An object of `header` (what is the same for all frames), `frames`, a list
    of objects each on a line of its own, and `summary`. It is written frame
    by frame and completed at the end, after an interrupt and when the source
    is lost.

    A frame has `index` in the source, `name` of its label image, `time` in
    seconds, `is_key`, `is_cut` (whether another scene begins with it),
    `milliseconds` of the model, `is_damaged`, `classes` (the share of the
    pixels of each class that occurs) and `trust`, its mean or `null`.

    Args:
        path: of the file.
        header: dict of plain JSON types.
        class_names: of the labels.
        report: the `SegmentReport` that the summary is made of.

    Raises:
        ValueError: if `path` is a folder.
        Others: as `WholeOutput`.
    """

    def __init__(self, path, header, class_names, report):
        super().__init__(path)
        if self._target.is_dir():
            raise ValueError(f"{path} is a folder; give the name of a file.")
        self._header, self._names = header, tuple(class_names)
        self._report, self._file, self._end = report, None, "end"

    def write(self, frame):
        """Adds a frame.

        Args:
            frame: `accel_tf.segmentation.sinks.Segmented`.
        """
        line = {
            "index": frame.index,
            "name": frame.name or f"{self.frames_written:06d}",
            "time": round(frame.time, 6),
            "is_key": bool(frame.is_key),
            "is_cut": bool(frame.is_cut),
            "milliseconds": round(1000 * frame.seconds, 2),
            "is_damaged": frame.is_damaged,
            "classes": self._shares(frame.labels),
            "trust": None
            if frame.trust is None
            else round(float(np.mean(frame.trust)), 4),
        }
        self.write_line(line)

    def write_line(self, line):
        """Adds a frame of which is known what `write` would say.

        Args:
            line: dict of plain JSON types.
        """
        self._check_open()
        start = ",\n" if self.frames_written else "\n"
        with self._naming():
            self._file.write(start + json.dumps(line, ensure_ascii=False))
            self._file.flush()
        self.frames_written += 1

    def __exit__(self, kind, error, traceback):
        for each, end in _ENDS.items():
            if kind is not None and issubclass(kind, each):
                self._end = end
        return super().__exit__(kind, error, traceback)

    def _shares(self, labels):
        # A seventh of the time of NumPy's bincount.
        counts = optional.cv2().calcHist([labels], [0], None, [256], [0, 256])
        return {
            name: round(int(count) / labels.size, 6)
            for name, count in zip(self._names, counts.ravel(), strict=False)
            if count
        }

    def _open(self):
        self._partial = self._folder / "record.json"
        self._file = open(self._partial, "w", encoding="utf-8")
        header = json.dumps(self._header, ensure_ascii=False)
        self._file.write(f'{{"header": {header},\n"frames": [')

    def _close(self):
        report = self._report
        summary = {
            "frames": report.frames,
            "key_frames": report.key_frames,
            "cuts": report.cuts,
            "seconds": round(report.seconds, 3),
            "frames_per_second": round(report.rate, 2),
            "damaged": list(report.damaged),
            "dropped": report.dropped,
            "reconnects": report.reconnects,
            "ended_by": self._end,
        }
        with self._file as file:
            file.write(f'\n],\n"summary": {json.dumps(summary)}}}\n')
