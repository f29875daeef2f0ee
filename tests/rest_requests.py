"""Requests to the REST front end in front of the fake models."""

import json

from fake_servables import fake_manager

from accel_tf.serving.rest import RestHandler


def ask(method, path, body=b"", headers=None, **options):
    """Sends one request to a new handler with these options.

    Returns:
        A `Response`.
    """
    manager = fake_manager()
    handler = RestHandler(manager, **options)
    answer = handler.handle(method, path, headers or {}, body)
    in_use = [
        one.in_use for models in manager.models.values() for one in models
    ]
    assert not any(in_use), "a model was not given back"
    return answer


def ask_json(method, path, body=b"", headers=None, **options):
    """Sends one request; gives the status and the parsed answer."""
    answer = ask(method, path, body, headers, **options)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(answer.body)
