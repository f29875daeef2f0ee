"""Where a client has the names of the classes from."""

import contextlib

import pytest
from scripted_server import scripted

from accel_tf.serving.client import Client
from accel_tf.serving.client_errors import ServerError

MODEL = "streets"


@pytest.fixture
def client_of():
    """Makes clients of a server, which the end of the test closes."""
    with contextlib.ExitStack() as stack:

        def client_of(server, **options):
            client = Client(server.url, MODEL, timeout=10.0, **options)
            return stack.enter_context(client)

        yield client_of


def metadata(version, classes=3):
    dims = [{"size": str(size)} for size in (-1, -1, -1, classes)]
    scores = {"outputs": {"scores": {"tensor_shape": {"dim": dims}}}}
    signatures = {"stream": {}, "scores": scores}
    return {
        "model_spec": {"name": MODEL, "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def test_classes_are_those_of_the_server_or_numbered(client_of):
    own = {"class_names": ["a", "b"], "palette": [[1, 2, 3], [4, 5, 6]]}
    with scripted() as server:
        path = f"/v1/models/{MODEL}"
        server.pages[f"{path}/labels/the%20best/metadata"] = metadata(7)
        client = client_of(server, label="the best")
        label_map, is_known = client.label_map()
        assert label_map.names == ("class_0", "class_1", "class_2")
        assert not is_known
        models = {"models": {MODEL: {"7": own}}}
        server.pages["/accel/models.json"] = models
        label_map, is_known = client.label_map()
        assert label_map.names == ("a", "b") and is_known
        server.pages[f"{path}/versions/8/metadata"] = metadata(8, 19)
        label_map, is_known = client_of(server, version=8).label_map()
        assert label_map.names[0] == "road" and not is_known
        with pytest.raises(ServerError, match="answered 404: not found"):
            client_of(server).label_map()
        server.pages["/accel/models.json"] = {"models": {"b": {}, "a": {}}}
        with pytest.raises(ServerError, match="not found; it serves a, b"):
            client_of(server).label_map()
        wrong = metadata(9)
        del wrong["metadata"]["signature_def"]["signature_def"]["stream"]
        server.pages[f"{path}/metadata"] = wrong
        with pytest.raises(ValueError, match="has no signature named stream"):
            client_of(server).label_map()
