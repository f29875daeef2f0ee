"""What a server tells of a model."""

import urllib.parse

from accel_tf.data.label_maps import default_label_map
from accel_tf.serving.client_errors import ServerError, understood
from accel_tf.serving.client_transport import Backoff
from accel_tf.serving.descriptions import (
    MODELS_PATH,
    described_label_map,
    described_model,
    described_names,
)


class RemoteModel:
    """A model of a server, as the server describes it.

    Args:
        transport: the `Transport` to the server.
        name: of the model.
        version: number of the version; by default the highest.
        label: label of the version, rather than its number.

    Attributes:
        path: of the model below the server's URL, percent-encoded.
    """

    def __init__(self, transport, name, version=None, label=None):
        self._transport = transport
        self._name = name
        self.path = f"/v1/models/{_quoted(name)}"
        if version is not None:
            self.path += f"/versions/{int(version)}"
        if label is not None:
            self.path += f"/labels/{_quoted(label)}"

    def metadata(self):
        """The number and the signatures, as `Client.metadata` gives them."""
        answer = self._transport.request(
            "GET", f"{self.path}/metadata", backoff=Backoff(0)
        )
        with self.understood():
            signatures = answer["metadata"]["signature_def"]["signature_def"]
            return int(answer["model_spec"]["version"]), dict(signatures)

    def label_map(self):
        """Names and colours, as `Client.label_map` gives them."""
        version, signatures = self._metadata_or_names()
        self._check_segments(signatures)
        label_map = described_label_map(
            self.descriptions(), self._name, version
        )
        if label_map is not None:
            return label_map, True
        with self.understood():
            scores = signatures["scores"]["outputs"]["scores"]["tensor_shape"]
            return default_label_map(int(scores["dim"][-1]["size"])), False

    def description(self, is_live=False):
        """What the server tells of a classifier: a dict, `None` for nothing.

        Args:
            is_live: whether it must take live video frame by frame.

        Raises:
            ValueError: if the model is none.
            Others: as `Client.frame`.
        """
        version, signatures = self.metadata()
        self._check_classifies(signatures, is_live)
        return described_model(self.descriptions(), self._name, version)

    def descriptions(self):
        """The answer at `MODELS_PATH`; `None` if nothing of use is there."""
        try:
            return self._transport.request("GET", MODELS_PATH)
        except ServerError:
            return None

    def understood(self):
        """`client_errors.understood` for answers about this model."""
        return understood(self._transport.url, self._name)

    def _metadata_or_names(self):
        """The metadata; the error of an unknown name tells the known ones."""
        try:
            return self.metadata()
        except ServerError as error:
            names = described_names(self.descriptions())
            if error.status != 404 or not names or self._name in names:
                raise
            raise ServerError(
                404, f"{error}; it serves {', '.join(names)}"
            ) from error

    def _check_segments(self, signatures):
        model = f"model {self._name} at {self._transport.url}"
        if "classify" in signatures:
            raise ValueError(
                f"{model} classifies clips and segments no frames; ask it by "
                "Client.classify."
            )
        if "stream" not in signatures:
            raise ValueError(
                f"{model} has no signature named stream; serve an export of "
                "`accel-tf export`."
            )

    def _check_classifies(self, signatures, is_live):
        model = f"model {self._name} at {self._transport.url}"
        if "classify" not in signatures:
            raise ValueError(
                f"{model} classifies no clips; of one that segments ask "
                "Client.stream or Client.clip."
            )
        if is_live and "stream" not in signatures:
            raise ValueError(
                f"{model} sees frames to come and takes no live video; export "
                "one with --causal, or ask it by Client.classify."
            )


def _quoted(name):
    return urllib.parse.quote(name, safe="")
