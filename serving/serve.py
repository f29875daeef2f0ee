"""What `accel-tf serve` does."""

import pathlib
import threading

from accel_tf.messages import note
from accel_tf.processor import note_of_slow_bfloat16
from accel_tf.serving.access import Access, is_loopback
from accel_tf.serving.descriptions import read_description
from accel_tf.serving.http_limits import HttpLimits
from accel_tf.serving.http_server import HttpServer
from accel_tf.serving.metrics import Metrics
from accel_tf.serving.model_config import ModelConfig
from accel_tf.serving.model_manager import ModelManager
from accel_tf.serving.page_files import open_paths, pages
from accel_tf.serving.request_limits import RequestLimits
from accel_tf.serving.rest import RestHandler
from accel_tf.serving.tls import server_context
from accel_tf.serving.tokens import read_tokens

METRICS_PATH = "/monitoring/prometheus/metrics"
"""Where the metrics are, if they are to be seen."""


def serve(
    *,
    model_base_path=None,
    model_name=None,
    model_config_file=None,
    host="127.0.0.1",
    rest_api_port=8501,
    file_system_poll_wait_seconds=1.0,
    model_config_file_poll_wait_seconds=0.0,
    allow_version_labels_for_unavailable_models=False,
    threads=None,
    max_body_bytes=HttpLimits.body_bytes,
    max_in_flight=HttpLimits.in_flight,
    max_waiting=HttpLimits.waiting,
    max_buffered_bytes=HttpLimits.buffered_bytes,
    max_streams=None,
    max_inflation=RequestLimits.inflation,
    max_json_memory=RequestLimits.json_memory,
    max_rows=RequestLimits.rows,
    max_image_side=RequestLimits.image_side,
    max_image_aspect=RequestLimits.image_aspect,
    max_request_pixels=RequestLimits.pixels,
    max_answer_bytes=RequestLimits.answer_bytes,
    monitoring=False,
    enable_cors=False,
    token_file=None,
    tls_cert=None,
    tls_key=None,
    allowed_host=(),
    stop_seconds=10.0,
):
    """Serves models until KeyboardInterrupt, then ends in good order.

    Prints one line when it answers requests. The arguments are the options of
    `accel-tf serve`.

    Raises:
        ValueError: if what to serve is not told or cannot be loaded.
        OSError: if a file cannot be read or the address is taken.
    """
    models = _models(model_base_path, model_name, model_config_file)
    tls = server_context(tls_cert, tls_key)
    tokens = [] if token_file is None else read_tokens(token_file)
    access = Access(
        host,
        tokens,
        allowed_host or (),
        enable_cors,
        open_paths(pages(None)),
        is_https=tls is not None,
    )
    _warn(host, tokens, tls)
    metrics = Metrics()
    manager = ModelManager(
        _loader(threads, max_streams, metrics),
        models,
        config_file=model_config_file,
        poll_seconds=file_system_poll_wait_seconds,
        config_poll_seconds=model_config_file_poll_wait_seconds,
        allow_labels_for_unavailable_models=(
            allow_version_labels_for_unavailable_models
        ),
        metrics=metrics,
    )
    handler = RestHandler(
        manager,
        pages=pages(manager),
        metrics_path=METRICS_PATH if monitoring else None,
        enable_cors=enable_cors,
        takes_tokens=bool(tokens),
        observe=metrics.observe_request,
        server_timing=True,
        limits=RequestLimits(
            inflated_bytes=max_body_bytes,
            inflation=max_inflation,
            json_memory=max_json_memory,
            rows=max_rows,
            image_side=max_image_side,
            image_aspect=max_image_aspect,
            pixels=max_request_pixels,
            answer_bytes=max_answer_bytes,
        ),
    )
    limits = HttpLimits(
        body_bytes=max_body_bytes,
        in_flight=max_in_flight,
        waiting=max_waiting,
        buffered_bytes=max_buffered_bytes,
    )
    try:
        manager.start()
        for fault in manager.faults():
            raise ValueError(fault)
        # Not before there is something to answer with: an open port is a
        # sign that a server is ready.
        server = HttpServer(handler, host, rest_api_port, limits, access, tls)
        try:
            server.start()
            print(_ready(server.url, manager.names()), flush=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            dropped = server.stop(stop_seconds)
            if dropped:
                print(f"Stopped; {dropped} unfinished requests were dropped.")
    finally:
        manager.close(stop_seconds)


def _models(base_path, name, config_file):
    if config_file is not None:
        if base_path is not None or name is not None:
            raise ValueError(
                "give either --model-config-file or --model-base-path and "
                "--model-name."
            )
        return ()
    if base_path is None:
        raise ValueError("give --model-base-path or --model-config-file.")
    if name == "":
        raise ValueError("--model-name must not be empty.")
    if set(name or "") & set("/:"):
        raise ValueError(
            f"--model-name must have no / and no : in it, got {name!r}."
        )
    base_path = pathlib.Path(base_path).absolute()
    if (base_path / "saved_model.pb").is_file():
        raise ValueError(
            f"{base_path} is a version itself; --model-base-path is the "
            f"folder around it, {base_path.parent}."
        )
    return [ModelConfig("default" if name is None else name, base_path)]


def _warn(host, tokens, tls):
    if is_loopback(host):
        return
    if not tokens:
        note(
            f"--host {host} lets other machines in, and whoever reaches it "
            "may ask; --token-file FILE asks them for a token."
        )
    elif tls is None:
        note(
            "the token and the videos travel in the open; --tls-cert and "
            "--tls-key hide them."
        )


def _loader(threads, max_streams, metrics):
    # TensorFlow takes seconds to import: not for a mistake in the options.
    from accel_tf.serving.saved_model_servable import SavedModelServable

    def load(name, version, path):
        servable = SavedModelServable(
            name,
            version,
            path,
            threads=threads,
            max_streams=max_streams,
            observe=metrics.observe_runtime,
        )
        servable.description = read_description(path)
        if (servable.description or {}).get("precision") == "bfloat16":
            line = note_of_slow_bfloat16()
            if line:
                note(f"version {version} of {name} is in bfloat16, and {line}")
        return servable

    return load


def _ready(url, names):
    return f"Ready: {', '.join(f'{url}/v1/models/{name}' for name in names)}"
