"""A client of a served model: frames, streams, clips and whole videos."""

import dataclasses

import numpy as np

from accel_tf.data.frame_steps import AS_TRAINED
from accel_tf.serving.client_classifier import RemoteClassifier
from accel_tf.serving.client_clip_stream import RemoteClipStream
from accel_tf.serving.client_clips import (
    classes_of,
    clip_inputs,
    is_video,
)
from accel_tf.serving.client_errors import AnswerLost
from accel_tf.serving.client_images import (
    FORMATS,
    decode_labels,
    encode_frame,
    from_json,
    to_json,
)
from accel_tf.serving.client_model import RemoteModel
from accel_tf.serving.client_stream import RemoteStream
from accel_tf.serving.client_transport import Backoff, Transport


@dataclasses.dataclass(frozen=True)
class Segmentation:
    """What the server gave for one frame.

    Attributes:
        labels: uint8 `[H, W]`.
        is_key: whether the frame was a key frame.
        frames_since_key: 0 on a key frame.
    """

    labels: np.ndarray
    is_key: bool
    frames_since_key: int


class Client:
    """Asks a server about videos with a model of `export_saved_model`.

        client = Client("http://127.0.0.1:8501", "camvid")
        with client.stream() as stream:
            for frame in frames:
                labels = stream(frame)

        client = Client("http://127.0.0.1:8501", "gestures")
        print(client.classify("clip.mp4"))

    The server is `accel-tf serve` or TensorFlow Serving. Any number of
    threads may use a client.

    A request is sent again after a pause, ever longer ones, if the server
    certainly has not acted on it: it cannot be reached, broke off before it
    had all of the request, or answered that it is too busy (429, 503). While
    it answers so and says when to come again, that is no retry: a request
    waits for its turn, for at most five minutes. If only the answer was lost,
    a frame may or may not have entered its stream; then the stream is closed
    and the frame sent again as a key frame, so that what follows does not
    depend on it. A time-out is an error: what is too slow gets no second copy
    of its work.

    Args:
        url: of the server, such as `http://127.0.0.1:8501` or
            `https://models.example:8501`, whose certificate is checked.
        model: name of the model.
        version: number of the version; by default the highest.
        label: label of the version, rather than its number.
        timeout: seconds without a byte from the server after which a request
            fails.
        retries: how often a request may be sent again; by default for about
            half a minute, in which a server can be started again.
        image_format: `"jpeg"`, or `"png"` for exactly the frame's pixels at
            several times the bytes. Clips of a video's path are sent as
            small squares, always exactly.
        token: that the server asks for, if it does.
        ca_file: PEM file of the certificates to trust, of a server at https://
            with one of its own.

    Attributes:
        url, model: as given.
        traffic: requests and bytes so far, a `Traffic`.

    Raises:
        ValueError: if an argument is not as described.
        OSError: if `ca_file` cannot be read.
    """

    def __init__(
        self,
        url,
        model,
        version=None,
        label=None,
        timeout=60.0,
        retries=12,
        image_format="jpeg",
        token=None,
        ca_file=None,
    ):
        if not model or not isinstance(model, str):
            raise ValueError(f"model must be a name, not {model!r}.")
        if version is not None and label is not None:
            raise ValueError("give a version or a label, not both.")
        if image_format not in FORMATS:
            raise ValueError(
                f"image_format must be one of {', '.join(FORMATS)}, not "
                f"{image_format!r}."
            )
        self._transport = Transport(url, timeout, retries, token, ca_file)
        self.url = self._transport.url
        self.model = model
        self.traffic = self._transport.traffic
        self._image_format = image_format
        self._model = RemoteModel(self._transport, model, version, label)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def frame(self, image, stream_id, force_key=False):
        """Segments the next frame of a stream.

        Requests of one stream must follow each other; `stream` sees to that.

        Args:
            image: uint8 RGB `[H, W, 3]`, or the bytes of a JPEG or PNG file.
            stream_id: of the stream, 0 or more.
            force_key: whether it must be a key frame.

        Returns:
            `Segmentation`.

        Raises:
            ServerError: if the server refuses the request.
            TimeoutError: if it is silent for too long.
            ConnectionError: if it cannot be reached.
            ValueError: if `image` is not as described.
        """
        outputs = self._next(image, stream_id, force_key)
        with self._model.understood():
            return Segmentation(
                decode_labels(from_json(outputs["label_png_bytes"][0])),
                bool(outputs["is_key"][0]),
                int(outputs["frames_since_key"][0]),
            )

    def stream(self, stream_id=None):
        """Begins a stream, which is called as a `VideoStream` is.

        Args:
            stream_id: of a stream to go on with; by default a new one.

        Returns:
            `RemoteStream`.
        """
        return RemoteStream(self, stream_id)

    def clip_stream(self, step=AS_TRAINED, stream_id=None):
        """Begins a live video of a served causal classifier of clips.

            with client.clip_stream() as stream:
                for frame in frames:
                    probabilities = stream(frame)

        Args:
            step: as of `accel_tf.ClipStream`; by default the model's, if the
                server tells it as `accel-tf serve` does, else 1.
            stream_id: as of `stream`.

        Returns:
            `RemoteClipStream`.

        Raises:
            ValueError: if the model classifies no live video, or the step is
                none.
            Others: as `frame`.
        """
        model = self._classifier(is_live=True)
        return RemoteClipStream(self, model, self._next, step, stream_id)

    def clip(self, frames):
        """Segments a whole clip in one request; the server keeps no state.

        Args:
            frames: iterable of frames of one size, as for `frame`.

        Returns:
            `(labels, is_key)`: uint8 `[T, H, W]` and bool `[T]`.

        Raises:
            As `frame`.
        """
        images = [encode_frame(each, self._image_format) for each in frames]
        if not images:
            raise ValueError("a clip needs a frame or more.")
        inputs = {"image_bytes": list(map(to_json, images))}
        outputs = self._predict("serving_default", inputs)
        with self._model.understood():
            labels = map(from_json, outputs["label_png_bytes"])
            labels = np.stack([decode_labels(each) for each in labels])
            return labels, np.array(outputs["is_key"], bool)

    def classify(self, clip, top=5, frames=None, step=AS_TRAINED):
        """The likeliest classes of a clip, of a served clip classifier.

        Args:
            clip: iterable of frames of one size, as for `frame`; or the path
                of a video, of which clips are classified as
                `accel_tf.classify.classify_video` does, a request each; or
                the content of an animated GIF file, in bytes, which is sent
                whole as one clip.
            top: how many classes.
            frames: of a video's clips; by default as many as the model was
                trained on, if the server tells that as `accel-tf serve`
                does, else 16.
            step: of a video's clips, as of `classify_video`; by default that
                of the model, if the server tells that, else 5, and with
                `frames` alone one clip is spread over the whole video.

        Returns:
            list of `Classification`: `name`, `index` and `probability` of
            each, the likeliest first; of a video by the mean over its clips.

        Raises:
            ValueError: if `clip`, `top`, `frames` or `step` is not as
                described, or a video is shorter than a clip.
            Others: as `frame`; of a video, as `classify_video`.
        """
        for name, value in (("top", top), ("frames", frames)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value}.")
        if is_video(clip):
            model = self._classifier()
            return model.classes_of_video(clip, top, frames, step)
        signature, inputs = clip_inputs(clip, self._image_format)
        outputs = self._predict(signature, {**inputs, "top": [int(top)]})
        with self._model.understood():
            return classes_of(outputs)

    def close_stream(self, stream_id, retry=True):
        """Lets the server forget a stream.

        Args:
            stream_id: of the stream.
            retry: whether to try again if the server cannot be reached.

        Returns:
            Whether there was one.

        Raises:
            As `frame`.
        """
        backoff = self._transport.backoff() if retry else Backoff(0)
        return self._close_stream(stream_id, backoff)

    def stats(self):
        """Numbers about all streams of the model: dict of name -> int.

        Raises:
            As `frame`.
        """
        # One row, for the numbers are the same in every row.
        outputs = self._predict("stats", {"stream_id": [0]})
        with self._model.understood():
            del outputs["stream_bytes"]
            return {name: row[0] for name, row in outputs.items()}

    def metadata(self):
        """What the server says about the model, without another try.

        Returns:
            `(version, signatures)`: its number, and TensorFlow Serving's
            dict of the signatures by name.

        Raises:
            As `frame`.
        """
        return self._model.metadata()

    def label_map(self):
        """Names and colours of the classes.

        TensorFlow Serving does not tell them, `accel-tf serve` does.

        Returns:
            `(label_map, is_known)`: a `LabelMap`, and whether it is the
            model's own or only has as many classes.

        Raises:
            ValueError: if the model is no export of `export_saved_model`.
            Others: as `frame`.
        """
        return self._model.label_map()

    def close(self):
        """Closes the connections that are not in use."""
        self._transport.close()

    def _classifier(self, is_live=False):
        description = self._model.description(is_live)
        with self._model.understood():
            return RemoteClassifier(self.model, description, self._predict)

    def _next(self, image, stream_id, force_key):
        """The outputs for the next frame of a stream."""
        data = encode_frame(image, self._image_format)
        backoff = self._transport.backoff()
        while True:
            inputs = {
                "image_bytes": [to_json(data)],
                "stream_id": [int(stream_id)],
                "force_key": [bool(force_key)],
            }
            try:
                return self._predict("stream", inputs, backoff, again=False)
            except AnswerLost as error:
                backoff.pause(error)
                # A model without key frames begins anew only so.
                self._close_stream(stream_id, backoff)
                force_key = True

    def _close_stream(self, stream_id, backoff):
        inputs = {"stream_id": [int(stream_id)]}
        outputs = self._predict("close", inputs, backoff)
        with self._model.understood():
            return bool(outputs[0])

    def _predict(self, signature, inputs, backoff=None, again=True):
        answer = self._transport.request(
            "POST",
            f"{self._model.path}:predict",
            {"signature_name": signature, "inputs": inputs},
            backoff,
            again,
        )
        with self._model.understood():
            return answer["outputs"]
