"""Where Ray places workers, and what they are given of a machine."""

import os

import pytest

from accel_tf.fleet.driver import Driver, Task

pytestmark = pytest.mark.slow

THREADS = "TF_NUM_INTRAOP_THREADS"


class Tells:
    def variables(self):
        names = ("CUDA_VISIBLE_DEVICES", "TF_FORCE_GPU_ALLOW_GROWTH", THREADS)
        return os.getpid(), *map(os.environ.get, names)


class Follower:
    def __init__(self):
        self.values = set()

    def done(self, task, value):
        self.values.add(value)
        return []


@pytest.fixture(scope="module")
def pool_of():
    """Function that makes a pool on 4 processors and 2 GPUs."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    from accel_tf.fleet.ray_pool import RayPool, connected

    cluster = Cluster()
    cluster.add_node(num_cpus=4, num_gpus=2, object_store_memory=80 * 2**20)
    with connected(cluster.address):
        yield lambda *given: RayPool(Tells, *given)
    cluster.shutdown()


@pytest.mark.parametrize(
    ("gpus", "cpus", "count", "expected"),
    [
        (0.5, 1.0, 4, {("0", "true", None), ("1", "true", None)}),
        (1.0, 2.0, 2, {("0", "true", None), ("1", "true", None)}),
        (0.0, 2.0, 2, {("-1", None, "2")}),
    ],
)
def test_gpus_and_processors_are_shared_out(
    pool_of, gpus, cpus, count, expected
):
    pool, follower = pool_of(cpus, gpus), Follower()

    def tasks():
        # Some come late.
        while len(pool.ready) < count:
            yield Task("late", "variables", ())
        for number in range(5 * count):
            yield Task(number, "variables", ())

    Driver(pool, tasks(), follower, 0, print).run()
    workers = set(pool.ready)
    for worker in workers:
        pool.drop(worker)
    assert len(workers) == count
    assert {each[1:] for each in follower.values} == expected
