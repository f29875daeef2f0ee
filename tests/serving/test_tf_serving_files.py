"""The files for TensorFlow Serving are such as it reads."""

import configparser
import fnmatch
import pathlib
import re

from google.protobuf import descriptor_pb2, text_format

from accel_tf.serving.message_classes import INT64, STRING, message_class
from accel_tf.serving.model_config import VersionPolicy, parse_model_configs
from accel_tf.serving.serve import METRICS_PATH

REPOSITORY = pathlib.Path(__file__).parent.parent.parent
FOLDER = REPOSITORY / "serving" / "tf_serving"
BOOL = descriptor_pb2.FieldDescriptorProto.TYPE_BOOL

# From session_bundle_config.proto and monitoring_config.proto.
BATCHING = {
    "Int64Value": {"value": (1, INT64)},
    "StringValue": {"value": (1, STRING)},
    "BatchingParameters": {
        "max_batch_size": (1, "Int64Value"),
        "batch_timeout_micros": (2, "Int64Value"),
        "max_enqueued_batches": (3, "Int64Value"),
        "num_batch_threads": (4, "Int64Value"),
        "thread_pool_name": (5, "StringValue"),
        "allowed_batch_sizes": (6, [INT64]),
    },
}
MONITORING = {
    "PrometheusConfig": {"enable": (1, BOOL), "path": (2, STRING)},
    "MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
}
# Of main.cc, those that are named here.
OPTIONS = {
    "allow_version_labels_for_unavailable_models",
    "model_config_file",
    "model_config_file_poll_wait_seconds",
    "monitoring_config_file",
    "rest_api_timeout_in_ms",
}


def parse(name, messages):
    text = (FOLDER / name).read_text()
    return text_format.Parse(text, message_class(messages)())


def test_models():
    text = (FOLDER / "models.config").read_text()
    (model,) = parse_model_configs(text)
    assert (model.name, str(model.base_path)) == ("camvid", "/models/camvid")
    assert model.policy == VersionPolicy(latest=1)
    assert model.labels == {}


def test_models_with_the_labels_that_are_commented_out():
    text = (FOLDER / "models.config").read_text()
    text = re.sub(r"^    model_version_policy.*\n", "", text, flags=re.M)
    text = re.sub(
        r"^    # ((model_version|version_).*)", r"\1", text, flags=re.M
    )
    (model,) = parse_model_configs(text)
    assert model.policy == VersionPolicy(specific=frozenset({1, 2}))
    assert model.labels == {"stable": 1, "trial": 2}


def test_batching():
    parameters = parse("batching.config", BATCHING)
    sizes = list(parameters.allowed_batch_sizes)
    assert sizes == sorted(sizes)
    # Else the server does not start.
    assert sizes[-1] == parameters.max_batch_size.value
    assert parameters.num_batch_threads.value >= 1


def test_monitoring():
    config = parse("monitoring.config", MONITORING).prometheus_config
    assert config.enable and config.path == METRICS_PATH


def test_compose():
    text = (FOLDER / "compose.yaml").read_text()
    assert re.search(r"image: tensorflow/serving:2\.\d+\.\d+$", text, re.M)
    assert re.findall(r"^ +- ([\d.:]+)$", text, re.M) == ["127.0.0.1:8501:8501"]
    mounted = dict(re.findall(r"- \./(\S+):(\S+):ro$", text, re.M))
    assert sorted(mounted) == ["models.config", "monitoring.config"]
    assert all((FOLDER / name).is_file() for name in mounted)
    options = dict(re.findall(r"^ +- --(\w+)=(\S+)$", text, re.M))
    assert options.keys() == OPTIONS
    for option in ("model_config_file", "monitoring_config_file"):
        assert options[option] in mounted.values()
    base_path = parse_model_configs((FOLDER / "models.config").read_text())[
        0
    ].base_path
    assert f"}}:{base_path.parent}:ro" in text


def test_they_are_installed():
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    patterns = config["options.package_data"]["accel_tf.serving"].split(", ")
    for path in FOLDER.iterdir():
        name = f"tf_serving/{path.name}"
        assert any(fnmatch.fnmatch(name, each) for each in patterns), name
