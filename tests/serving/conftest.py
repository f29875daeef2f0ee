"""The server that the conformance tests ask."""

import pytest


@pytest.fixture(
    scope="session",
    params=[
        "embedded",
        pytest.param("tf_serving", marks=pytest.mark.tf_serving),
    ],
)
def server(request, tmp_path_factory):
    """A `ModelServer`: the embedded one, or a real one if asked for."""
    # TensorFlow takes seconds to import: not for the other tests.
    import model_servers

    start = {
        "embedded": model_servers.embedded_server,
        "tf_serving": model_servers.tf_serving,
    }[request.param]
    try:
        with start(tmp_path_factory.mktemp("models")) as server:
            yield server
    except model_servers.NoServerError as error:
        # Once, rather than for every test.
        pytest.exit(str(error), returncode=1)
