"""Frames of one request, which a model takes one after the other."""

import dataclasses

import tensorflow as tf
from keras import ops

from accel_tf.serving.export.checks import checked, require
from accel_tf.serving.export.images import decode_frame
from accel_tf.serving.export.stored_states import StoredStates


@dataclasses.dataclass
class FrameWalk:
    """Takes the frames of a request; every signature of frames is made of it.

    The states are values that come in and go out. Whatever fails, on
    whichever frame, leaves nothing behind.

    Args:
        steps: `CompiledSteps`, or another with the same attributes: called
            with a frame it gives a tensor of `output_spec`, and the state.
        max_pixels: height times width of the largest frame.
    """

    steps: object
    max_pixels: int

    def __post_init__(self):
        self.stored = StoredStates(self.steps.state_specs)

    def __call__(
        self,
        image_bytes,
        slots,
        states,
        interval=None,
        force_key=None,
        one_size=None,
        memory_limit=None,
    ):
        """Walks over the rows.

        Args:
            image_bytes: string `[N]`.
            slots: int32 `[N]`, the place in `states` of every row's stream.
            states: variant `[S]`, see `StoredStates`.
            interval: frames from one key frame to the next, which the
                steps' rule chooses if there is one; `None` for no key frames
                but the first.
            force_key: bool `[N]`, rows that must be key frames; or `None`.
            one_size: message for a frame of another size than its stream;
                `None` for a new start with that size.
            memory_limit: bytes that all the states may take; `None` for any
                number.

        Returns:
            dict: what each frame gives under the steps' `output_name`,
            `is_key` bool and `frames_since_key` int64, all `[N]`; `states`
            as given; `memory` int64 `[S]`, the bytes of those that changed.
        """
        rows = tf.size(image_bytes)
        with tf.device("/CPU:0"):
            states = _array(tf.variant, tf.size(states)).unstack(states)
        memory = tf.zeros([states.size()], tf.int64)
        spec = self.steps.output_spec
        outputs = [
            _array(spec.dtype, rows, spec.shape),
            _array(tf.bool, rows),
            _array(tf.int64, rows),
        ]

        def body(row, states, memory, outputs):
            frame = decode_frame(
                image_bytes[row], row, self.max_pixels, self.steps.least_side
            )
            slot = slots[row]
            if self.steps.state_specs:
                forced = None if force_key is None else force_key[row]
                stored = states.read(slot)
                output, header, state = self._step(
                    frame, row, stored, interval, forced, one_size
                )
                taken = self.stored.memory(state)
                memory = tf.tensor_scatter_nd_update(memory, [[slot]], [taken])
                if memory_limit is not None:
                    room = _require_room(memory, taken, header, memory_limit)
                    header = checked(header, room)
                states = states.write(slot, self.stored.pack(header, state))
                since_key = header[0]
            else:
                output, _ = self.steps(frame[None], True, list)
                since_key = tf.constant(0, tf.int64)
            values = output, tf.equal(since_key, 0), since_key
            outputs = [
                array.write(row, value)
                for array, value in zip(outputs, values, strict=True)
            ]
            return row + 1, states, memory, outputs

        _, states, memory, outputs = tf.while_loop(
            lambda row, *_: row < rows,
            body,
            (0, states, memory, outputs),
            parallel_iterations=1,
        )
        names = self.steps.output_name, "is_key", "frames_since_key"
        with tf.device("/CPU:0"):
            result = {"states": states.stack(), "memory": memory}
        for name, array in zip(names, outputs, strict=True):
            result[name] = array.stack()
        return result

    def _step(self, frame, row, stored, interval, forced, one_size):
        """What a frame gives, and header and state after it."""
        header = self.stored.header(stored)
        size = tf.shape(frame, tf.int64)[:2]
        starts = tf.reduce_any(header[1:] != size)
        if one_size:
            fits = require(
                ~starts | tf.equal(header[1], 0),
                "image_bytes[",
                row,
                "] is ",
                *_size(size),
                " after ",
                *_size(header[1:]),
                ": ",
                one_size,
            )
            frame = checked(frame, fits)
        since_key = tf.constant(0, tf.int64)
        rule, more = self.steps.rule, {}
        if rule is not None:
            known = self.stored.first(stored, rule.start())
            # A frame of another size is the first of a stream.
            more["numbers"] = tf.where(starts, rule.start(), known)
        if self.steps.uses_key_frames:
            if forced is not None:
                # Where a client forces one there may be another scene.
                starts |= forced
            more["begins"] = starts
            if interval is not None and rule is not None:
                starts |= rule.is_due(more["numbers"], header[0] + 1, ops)
            elif interval is not None:
                starts |= header[0] + 1 >= interval
            since_key = tf.where(starts, since_key, header[0] + 1)
        output, state = self.steps(
            frame[None],
            starts,
            lambda: self.stored.unpack(stored)[1],
            **more,
        )
        return output, tf.concat([[since_key], size], 0), state


def _require_room(memory, taken, header, limit):
    return require(
        tf.reduce_sum(memory) <= limit,
        "a stream of ",
        *_size(header[1:]),
        " frames takes ",
        taken,
        " bytes; the streams of one request must stay within the memory "
        f"limit of {limit}",
    )


def _array(dtype, size, shape=()):
    return tf.TensorArray(
        dtype, size, clear_after_read=False, element_shape=shape
    )


def _size(pair):
    return pair[0], "x", pair[1]
