"""Several devices and several machines.

Facts about Keras 3.15 on `tf.distribute` behind the rules here: it builds
symbolically from the mean over the first batch, so a global batch must
divide by the devices; `steps_per_execution` must stay 1 and `jit_compile`
false.
"""

import os

import keras


def training_strategy(devices=0):
    """The `tf.distribute` strategy for this machine, or for several.

    Call it before anything else uses TensorFlow.

    Args:
        devices: how many GPUs (or logical CPUs, where there is no GPU) to
            train on; 0 is all of them.

    Returns:
        `MultiWorkerStrategy` where the environment variable TF_CONFIG
        describes a cluster, `MirroredStrategy` for several devices, else the
        default strategy, which does nothing.

    Raises:
        ValueError: if there are fewer devices.
    """
    import tensorflow as tf

    if os.environ.get("TF_CONFIG"):
        return _multi_worker_strategy()
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    names = [device.name for device in tf.config.list_logical_devices(kind)]
    if not 0 <= devices <= len(names):
        raise ValueError(
            f"devices must be 0 (all) to {len(names)}, the number of {kind}s "
            f"here, not {devices}"
        )
    names = names[: devices or len(names)]
    if len(names) > 1:
        return tf.distribute.MirroredStrategy(
            [name.removeprefix("/device:") for name in names]
        )
    return tf.distribute.get_strategy()


def _multi_worker_strategy():
    import tensorflow as tf

    class MultiWorkerStrategy(tf.distribute.MultiWorkerMirroredStrategy):
        """Workers that train one model, as Keras 3 can use them.

        Keras reduces what TensorFlow's strategy refuses to reduce: a whole
        batch of examples, of which it only wants the shapes, and scalars
        along their first axis.
        """

        def reduce(self, reduce_op, value, axis):
            if tf.nest.is_nested(value):
                return tf.nest.map_structure(self._local, value)
            if axis == 0 and self._local(value).shape.rank == 0:
                axis = None
            return super().reduce(reduce_op, value, axis)

        def _local(self, value):
            return self.experimental_local_results(value)[0]

    return MultiWorkerStrategy()


def worker(strategy):
    """Which worker this process is.

    Args:
        strategy: from `training_strategy`.

    Returns:
        `(count, index)`: workers that train together, and which this is.
    """
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return 1, 0
    cluster = resolver.cluster_spec().as_dict()
    chiefs = len(cluster.get("chief", []))
    index = resolver.task_id or 0
    if resolver.task_type == "worker":
        index += chiefs
    return chiefs + len(cluster.get("worker", [])), index


def check_batch(batch_size, replicas):
    """Refuses a global batch that the devices cannot share evenly.

    Raises:
        ValueError: with the nearest batch sizes that fit.
    """
    if batch_size < 1 or batch_size % replicas:
        less = batch_size // replicas * replicas
        fitting = " or ".join(str(n) for n in (less, less + replicas) if n)
        raise ValueError(
            f"a batch of {batch_size} does not divide by {replicas} devices; "
            f"use {fitting}"
        )


def data_parallel(devices=0):
    """Trains on several devices under JAX; call it before building a model.

    Args:
        devices: how many; 0 is all.

    Returns:
        The number of devices.

    Raises:
        ValueError: on another backend, or if there are fewer devices.
    """
    if keras.backend.backend() != "jax":
        raise ValueError(
            "DataParallel is for the JAX backend (KERAS_BACKEND=jax), this is "
            f"{keras.backend.backend()}; TensorFlow mirrors the model over "
            "its devices by itself"
        )
    names = keras.distribution.list_devices()
    if not 0 <= devices <= len(names):
        raise ValueError(
            f"devices must be 0 (all) to {len(names)}, not {devices}"
        )
    names = names[: devices or len(names)]
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=names)
    )
    return len(names)
