"""The files of the guide make clusters that run what it says."""

import copy
import pathlib
import re
import shlex

import pytest

from accel_tf import commands

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "fleets.md"


@pytest.fixture(scope="module")
def files():
    """Those of `ray up` and KubeRay, as they are read."""
    yaml = pytest.importorskip("yaml")
    texts = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return [yaml.safe_load(text) for text in texts]


@pytest.mark.slow  # Ray is imported.
def test_ray_up_takes_the_file_and_starts_the_workers(files):
    util = pytest.importorskip("ray.autoscaler._private.util")
    config = util.prepare_config(copy.deepcopy(files[0]))
    util.validate_config(config)
    assert config["max_workers"] == len(files[0]["provider"]["worker_ips"])
    # Else the head would start none.
    (start,) = config["head_start_ray_commands"][1:]
    assert "--autoscaling-config=" in start


def test_the_job_of_kubernetes_asks_for_what_its_cluster_may_have(files):
    spec = files[1]["spec"]
    program, *given = shlex.split(spec["entrypoint"])
    options = commands.make_parser().parse_args(given)
    assert program == "accel-tf" and options.cluster == "auto"
    cluster = spec["rayClusterSpec"]
    (group,) = cluster["workerGroupSpecs"]
    assert cluster["enableInTreeAutoscaling"]
    (container,) = group["template"]["spec"]["containers"]
    gpus = int(container["resources"]["limits"]["nvidia.com/gpu"])
    cpus = int(container["resources"]["limits"]["cpu"])
    each = gpus / options.worker_gpus
    assert each <= cpus
    assert options.workers == group["maxReplicas"] * each
