"""What `accel-tf distill-edge` does."""

import json
import pathlib
import secrets
import statistics
import time

from accel_tf import optional
from accel_tf.distill.codec import UpdateCodec
from accel_tf.distill.edge_session import EdgeSession
from accel_tf.distill.edge_worker import EdgeWorker
from accel_tf.distill.link import Link
from accel_tf.distill.parameter_space import weights_digest
from accel_tf.distill.student_pair import StudentPair
from accel_tf.distill.uplink import KINDS
from accel_tf.files import write_text
from accel_tf.messages import note
from accel_tf.segment import SegmentReport, segment_stream
from accel_tf.segmentation.outputs import Outputs
from accel_tf.serving.tokens import token_of_client
from accel_tf.video import open_video
from accel_tf.video.whole_output import WholeOutput

DEFAULT_SIZE = 256, 512
"""Height and width of the frames that a student sees where no server has
said it."""

_SECONDS_TO_WAIT = 10.0  # For the first answer of a server.


def run_edge(
    model,
    video,
    server,
    *,
    output=None,
    labels=None,
    json_path=None,
    speed=1.0,
    token_file=None,
    ca=None,
    uplink="h264",
    edge_id=None,
    progress=True,
    on_note=note,
):
    """Segments a video with a student that a server keeps teaching.

    Every frame is segmented, whatever happens to the connection. The first
    answer of the server is waited for some seconds, for the size of the
    frames; without one, `DEFAULT_SIZE` is taken.

    Args:
        model: a `VideoSegmenter` with the weights that the server's has.
        video: what `open_video` takes.
        server: its address, `ws://HOST:PORT` or `wss://HOST:PORT`.
        output: the video to write, or `None`.
        labels: folder for label images, or `None`.
        json_path: file for the report, or `None`.
        speed: seconds of video in a second; `None` for as many as go.
        token_file: file of the token that the server asks for; by default
            the variable `ACCEL_TF_TOKEN` of the environment, if there is one.
        ca: file of certificates to trust, or `None`.
        uplink: `"h264"` or `"jpeg"`.
        edge_id: name by which the server knows this edge again; by default
            a new one.
        progress, on_note: as for `segment_stream`.

    Returns:
        dict of plain JSON types, see the guide.

    Raises:
        ValueError: one line, if the model cannot be taught, the address is
            none, or the server refuses this edge before it taught it
            anything; nothing is written then.
        OSError, ImportError: one line, as `segment_stream` and `Link`.
    """
    _check(video, output, labels, json_path, uplink)
    with open_video(video, on_note=lambda line: None) as opened:
        frame_size = opened.height, opened.width
    token = token_of_client(token_file)
    pair = StudentPair(model)
    codec = UpdateCodec(pair.space)
    session = EdgeSession(
        codec,
        pair.read(),
        model.label_map.names,
        edge_id or f"edge-{secrets.token_hex(4)}",
        f"run-{secrets.token_hex(8)}",
        uplink,
    )

    def make_link(on_event):
        most = codec.most_bytes + 4096
        return Link(server, on_event, most, token, ca)

    worker = EdgeWorker(session, pair, make_link, frame_size, on_note)
    worker.start()
    run = _Run(worker, pair, speed)
    stream_report = SegmentReport()
    try:
        worker.answered.wait(_SECONDS_TO_WAIT)
        run.check_refusal()
        size = session.size or DEFAULT_SIZE
        if session.size is None:
            on_note(
                f"{server} does not answer yet; the student sees frames of "
                f"{size[0]}x{size[1]} (height x width) to the end, also if "
                "the server asks for others later."
            )
        pair.prepare(size, frame_size)
        segment_stream(
            run,
            model.label_map,
            video,
            output,
            labels,
            report=stream_report,
            progress=progress,
            on_note=on_note,
            on_frame=run.before,
            size=size,
            stretch=True,
        )
    except KeyboardInterrupt:
        _end(worker, run, stream_report, json_path)
        raise
    finally:
        worker.close()
    return _end(worker, run, stream_report, json_path)


def _end(worker, run, stream_report, json_path):
    worker.close()
    run.finish()
    report = run.report(stream_report)
    if json_path is not None:
        write_text(json_path, json.dumps(report, indent=2) + "\n")
    return report


class _Run:
    """The thread that segments; called like a `VideoStream`."""

    is_key = True
    policy = None
    labels_any_size = True

    def __init__(self, worker, pair, speed):
        self._worker, self._pair, self._speed = worker, pair, speed
        self._start = self._first = None
        self._is_swap = False
        self._times, self._at_swap, self._late = [], [], 0.0
        self.updates = []

    @property
    def model(self):
        return self._pair.model

    def reset_state(self):
        self._pair.reset_state()

    def before(self, wanted):
        """Comes before each frame: keeps to the clock, offers the frame."""
        seconds = wanted.frame.time
        if self._start is None:
            self._start, self._first = time.perf_counter(), seconds
        if self._speed is not None:
            due = self._start + (seconds - self._first) / self._speed
            wait = due - time.perf_counter()
            self._late = max(self._late, -wait)
            if wait > 0:
                time.sleep(wait)
        self.check_refusal()
        if not wanted.frame.is_damaged:
            self._worker.offer(wanted.index, seconds, wanted.resized)

    def __call__(self, frame, size=None):
        begin = time.perf_counter()
        updates = self._pair.swap()
        labels = self._pair(frame, size)
        end = time.perf_counter()
        (self._at_swap if updates else self._times).append(end - begin)
        self._count(updates, begin)
        return labels

    def finish(self):
        """Uses what came during the last frame."""
        self._count(self._pair.swap(), time.perf_counter())

    def _count(self, updates, now):
        """Notes the age of updates at the first frame that they are for."""
        for update in updates:
            taught_at, arrival = update.pop("taught_at"), update.pop("arrival")
            self.updates.append(
                {
                    **update,
                    "used_at": round(self._worker.now, 3),
                    "age": round(self._worker.now - taught_at, 3),
                    "delay": round(now - arrival, 4),
                }
            )

    def check_refusal(self):
        """Raises a ValueError if the server will not have this edge.

        Once it was taught something, it goes on without the server.
        """
        worker = self._worker
        if worker.error is not None:
            raise worker.error
        refusal = worker.session.refusal
        if refusal is not None and worker.session.sequence == 0:
            raise ValueError(f"the server refuses this edge: {refusal}")

    def report(self, stream_report):
        """What is known of the run, as plain JSON types."""
        worker, session = self._worker, self._worker.session
        link, seconds = worker.link, self._seconds()
        return {
            "frames": stream_report.frames,
            "damaged": len(stream_report.damaged),
            "video_seconds": round(seconds, 3),
            "updates": len(self.updates),
            "bytes_up": link.bytes_up,
            "bytes_down": link.bytes_down,
            "kbps_up": _kbps(link.bytes_up, seconds),
            "kbps_down": _kbps(link.bytes_down, seconds),
            "sequence": session.sequence,
            "weights_digest": weights_digest(self._pair.read()),
            "seconds": {
                state: round(value, 3)
                for state, value in worker.seconds.items()
            },
            "refused_updates": dict(session.faults),
            "frames_not_sent": session.left_out,
            "refusal": session.refusal,
            "frame_milliseconds": _summary(self._times),
            "swap_milliseconds": _summary(self._at_swap),
            "late_seconds": round(self._late, 3),
            "per_update": self.updates,
        }

    def _seconds(self):
        """Of the video, from its first frame to the end of its last."""
        count = len(self._times) + len(self._at_swap)
        if count < 2:
            return 0.0
        return (self._worker.now - self._first) * count / (count - 1)


def _kbps(count, seconds):
    return round(8e-3 * count / seconds, 3) if seconds else None


def _summary(times):
    if not times:
        return None
    return {
        "count": len(times),
        "median": round(1e3 * statistics.median(times), 3),
        "max": round(1e3 * max(times), 3),
    }


def _check(video, output, labels, json_path, uplink):
    """Finds out what is wrong before any work."""
    if uplink not in KINDS:
        raise ValueError(f"uplink must be {' or '.join(KINDS)}, not {uplink}.")
    if video == "-":
        raise ValueError(
            "the video is opened twice, and the standard input cannot be; "
            "give a file, a folder, a URL or the index of a camera."
        )
    optional.av() if uplink == "h264" else optional.cv2()
    outputs = Outputs(output, labels)
    if outputs.given():
        outputs.check(video)
    if json_path is not None:
        if pathlib.Path(json_path).is_dir():
            raise ValueError(
                f"{json_path} is a folder; give the name of a file."
            )
        WholeOutput(json_path)
