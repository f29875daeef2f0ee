"""The states of all streams, kept inside a SavedModel.

Tables of TensorFlow that are found by their name, so that nothing of them
has to be saved: a loaded model starts with none. Only public `tf.raw_ops`,
in an uncommon combination: `tests/serving/test_export_streams.py` notices if a
version of TensorFlow does without it.
"""

import contextlib

import tensorflow as tf

from accel_tf.serving.export.checks import after

_CLOCK, _FRAMES, _KEY_FRAMES, _EVICTIONS = range(4)


class StreamTable:
    """States by stream id, of which the least recently used make room.

    A request reads the states of its streams, and commits the new ones when
    all of it has succeeded. Changes happen one after the other under a lock,
    and the counts are those of the tables themselves.

    Args:
        name: what the tables are called; two models must not share it.
        memory_limit: bytes that all states together may take.
    """

    def __init__(self, name, memory_limit):
        self.name = name
        self.memory_limit = memory_limit

    def read(self, ids):
        """The states of streams: int64 `[S]` to variant `[S]`."""
        with tf.device("/CPU:0"):
            return self._find(self._states(), ids, tf.raw_ops.OptionalNone())

    def commit(self, ids, states, memory, last_row, frames, key_frames):
        """Stores the states of a request and evicts what has no room.

        Args:
            ids: int64 `[S]`, all different.
            states: variant `[S]`.
            memory: int64 `[S]`, bytes of each; together within the limit.
            last_row: int64 `[S]`, the last row of each in the request.
            frames: rows to count; scalar int64.
            key_frames: of these, key frames; scalar int64.
        """
        inputs = ids, states, memory, last_row, frames, key_frames
        with tf.device("/CPU:0"), self._locked(*inputs) as done:
            table, usage = self._states(), self._usage()
            clock = self._count(_CLOCK)
            evicted = self._evicted(usage, ids, tf.reduce_sum(memory))
            done.append(clock)
            done += [self._remove(each, evicted) for each in (table, usage)]
            with after(*done):
                last_used = clock + 1 + last_row
                rows = tf.stack([last_used, memory], axis=1)
                done.append(self._insert(table, ids, states))
                done.append(self._insert(usage, ids, rows))
                ticks = 1 + tf.reduce_max(tf.concat([[-1], last_row], 0))
                done.append(
                    self._add(
                        (_CLOCK, _FRAMES, _KEY_FRAMES, _EVICTIONS),
                        (ticks, frames, key_frames, tf.size(evicted, tf.int64)),
                    )
                )

    def count_frames(self, frames):
        """For models without a state: counts key frames and no more."""
        with tf.device("/CPU:0"), self._locked(frames) as done:
            done.append(self._add((_FRAMES, _KEY_FRAMES), (frames, frames)))

    def close(self, ids):
        """Forgets streams.

        Returns:
            bool `[N]`: whether there was such a stream.
        """
        with tf.device("/CPU:0"), self._locked(ids) as done:
            table, usage = self._states(), self._usage()
            known = self._memory(usage, ids) > 0
            done.append(known)
            with after(known):
                done += [self._remove(each, ids) for each in (table, usage)]
        return known

    def stats(self, ids):
        """Numbers about all streams, and of each of `ids`.

        Returns:
            dict of int64 `[N]`; all but `stream_bytes` are the same in every
            row.
        """
        with tf.device("/CPU:0"), self._locked(ids) as done:
            usage = self._usage()
            _, rows = self._export(usage)
            stream_bytes = self._memory(usage, ids)
            totals = {
                "streams": tf.shape(rows, tf.int64)[0],
                "bytes": tf.reduce_sum(rows[:, 1]),
                "memory_limit": tf.constant(self.memory_limit, tf.int64),
                "frames": self._count(_FRAMES),
                "key_frames": self._count(_KEY_FRAMES),
                "evictions": self._count(_EVICTIONS),
            }
            done += [stream_bytes, *totals.values()]
        ones = tf.ones_like(ids)
        result = {name: value * ones for name, value in totals.items()}
        return result | {"stream_bytes": stream_bytes}

    def _evicted(self, usage, ids, needed):
        """Ids that must go so that `needed` bytes more have room."""
        stored, rows = self._export(usage)
        kept = tf.reduce_all(stored[:, None] != ids, axis=1)
        stored, rows = stored[kept], rows[kept]
        recent = tf.argsort(rows[:, 0], direction="DESCENDING")
        stored, rows = tf.gather(stored, recent), tf.gather(rows, recent)
        total = needed + tf.cumsum(rows[:, 1])
        return stored[total > self.memory_limit]

    # === The tables ===

    def _states(self):
        return tf.raw_ops.MutableHashTableV2(
            key_dtype=tf.int64,
            value_dtype=tf.variant,
            shared_name=f"{self.name}_states",
        )

    def _usage(self):
        """Of every stream when it was last used and how many bytes it has."""
        return tf.raw_ops.MutableHashTableOfTensorsV2(
            key_dtype=tf.int64,
            value_dtype=tf.int64,
            value_shape=[2],
            shared_name=f"{self.name}_usage",
        )

    def _counters(self):
        return tf.raw_ops.MutableHashTableV2(
            key_dtype=tf.int64,
            value_dtype=tf.int64,
            shared_name=f"{self.name}_counters",
        )

    @contextlib.contextmanager
    def _locked(self, *inputs):
        """Gives a list; what is put there happens under the lock.

        The lock is taken when `inputs` are known, not before: the model may
        run for seconds. It is set free even if something fails.
        """
        with after(*inputs):
            lock = tf.raw_ops.MutexLock(
                mutex=tf.raw_ops.MutexV2(shared_name=f"{self.name}_lock")
            )
        done = []
        with after(lock):
            yield done
        with after(*done):
            tf.raw_ops.ConsumeMutexLock(mutex_lock=lock)

    @staticmethod
    def _find(table, keys, default):
        return tf.raw_ops.LookupTableFindV2(
            table_handle=table, keys=keys, default_value=default
        )

    @staticmethod
    def _insert(table, keys, values):
        return tf.raw_ops.LookupTableInsertV2(
            table_handle=table, keys=keys, values=values
        )

    @staticmethod
    def _remove(table, keys):
        return tf.raw_ops.LookupTableRemoveV2(table_handle=table, keys=keys)

    @staticmethod
    def _export(usage):
        keys, rows = tf.raw_ops.LookupTableExportV2(
            table_handle=usage, Tkeys=tf.int64, Tvalues=tf.int64
        )
        return tf.reshape(keys, [-1]), tf.reshape(rows, [-1, 2])

    def _memory(self, usage, ids):
        return self._find(usage, ids, tf.zeros([2], tf.int64))[:, 1]

    def _count(self, key):
        key = tf.constant(key, tf.int64)
        return self._find(self._counters(), key, tf.constant(0, tf.int64))

    def _add(self, keys, amounts):
        counters = self._counters()
        keys = tf.constant(keys, tf.int64)
        values = self._find(counters, keys, tf.constant(0, tf.int64))
        return self._insert(counters, keys, values + tf.stack(amounts))
