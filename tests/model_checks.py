"""What every `VideoSegmenter` must do, whichever system it is.

Each check takes `make()`, which gives a small model under Keras' current
dtype policy, with weights under which every part matters. It may give the
same model twice: no check changes one, those that train take a copy.
"""

import json

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import ops
from model_tools import (
    assert_all_close,
    assert_close,
    assert_labels,
    compile_tensor_step,
    copy_of,
    policy_scope,
    program_variables,
    record_calls,
    run,
    scenes,
    sublayers,
)

import accel_tf

# A little more than a multiple of the stride, and tiny; the other checks
# have multiples.
SIZES = ((49, 65), (17, 18))


def check_config(make):
    """The config is JSON and all there is to the model but its weights."""
    model = make()
    model.trained_size = (360, 640)
    text = json.dumps(model.get_config())
    copy = type(model).from_config(json.loads(text))
    assert json.dumps(copy.get_config()) == text
    assert copy.label_map == model.label_map
    assert copy.trained_size == model.fused().trained_size == (360, 640)
    copy.set_weights(model.get_weights())
    clip = scenes()
    assert_all_close(run(copy, clip)[0], run(model, clip)[0], 1e-6)
    model.trained_size = None


def check_saving(make, folder):
    """A `.keras` file holds the model, a `.weights.h5` file its weights."""
    model, clip = make(), scenes()
    expected = run(model, clip)[0][-1]

    model.save(folder / "model.keras")
    loaded = keras.models.load_model(folder / "model.keras")
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    assert_close(run(loaded, clip)[0][-1], expected, 1e-6)

    model.save_weights(folder / "model.weights.h5")
    loaded.set_weights([np.zeros_like(w) for w in loaded.get_weights()])
    loaded.load_weights(folder / "model.weights.h5")
    pairs = zip(loaded.get_weights(), model.get_weights(), strict=True)
    for actual, weight in pairs:
        np.testing.assert_array_equal(actual, weight)


def check_clip_and_stream(make):
    """`model(clip)` and a `VideoStream` do what the steps do."""
    model, clip = make(), scenes(length=3)
    logits, _ = run(model, clip)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(3))
    for length in (1, 2, 3):
        expected = logits[length - 1]
        assert_labels(stream(clip[:, length - 1]), expected)
        if length == 2:
            continue  # A clip of one and one of three say enough.
        outputs = to_numpy(model(clip[:, :length]))
        assert outputs.dtype == np.float32
        assert_close(outputs, expected)
        assert_labels(outputs.argmax(-1), expected)


def check_sizes_and_tensor_key(make, sizes=SIZES):
    """Any size; a tensor `is_key`, in a program, means what a bool means."""
    model = make()
    compiled = compile_tensor_step(model)
    for height, width in sizes:
        frame = scenes(length=1, height=height, width=width)[:, 0]
        state = model.initial_state(1, height, width)
        for is_key in (True, False):
            logits, new_state = model.step(frame, state, is_key=is_key)
            assert tuple(logits.shape) == (1, height, width, model.num_classes)
            assert keras.backend.standardize_dtype(logits.dtype) == "float32"
            outputs = compiled(
                ops.convert_to_tensor(frame),
                state,
                ops.convert_to_tensor(is_key),
            )
            assert_close(outputs[0], logits)
            assert set(outputs[1]) == set(new_state)
            for name, value in new_state.items():
                assert_close(outputs[1][name], value)
            state = new_state


def check_state(make):
    """A flat dict, batch first, that keeps its form and is not changed."""
    model = make()
    clip = scenes(batch=2, length=3, height=50, width=70)
    state = model.initial_state(2, 50, 70)
    assert isinstance(state, dict)

    def form(state):
        return {
            name: (tuple(x.shape), keras.backend.standardize_dtype(x.dtype))
            for name, x in state.items()
        }

    first = form(state)
    assert all(shape[0] == 2 for shape, _ in first.values())
    for index, is_key in enumerate((True, False, True)):
        before = {name: to_numpy(x).copy() for name, x in state.items()}
        _, after = model.step(clip[:, index], state, is_key=is_key)
        assert form(after) == first
        assert state.keys() == before.keys()
        for name, value in before.items():
            np.testing.assert_array_equal(to_numpy(state[name]), value)
        state = after


def check_frame_dtypes(make):
    """Float tensors give the same logits as uint8 arrays."""
    model, clip = make(), scenes()
    expected = run(model, clip)[0]
    tensors = ops.convert_to_tensor(clip.astype("float32"))
    assert_all_close(run(model, tensors)[0], expected, 1e-6)


def check_batch(make):
    """Two streams side by side are two streams."""
    model, clip = make(), scenes(batch=2)
    both = run(model, clip)[0]
    # The second has all that could come over from the first.
    assert_all_close([x[1:] for x in both], run(model, clip[1:])[0])
    assert np.abs(both[-1][0] - both[-1][1]).max() > 0.1


def check_native_stride(make, more=0):
    """Logits can stay at the network's stride; the state is the same.

    Args:
        make: as everywhere here.
        more: rows and columns of the scores beyond the frame's.
    """
    model, clip = make(), scenes(height=64, width=96)
    stride = model.output_stride
    state = model.initial_state(1, 64, 96)
    for index, is_key in enumerate((True, False)):
        frame = clip[:, index]
        _, full = model.step(frame, state, is_key=is_key)
        logits, state = model.step(
            frame, state, is_key=is_key, native_stride=True
        )
        size = 64 // stride + more, 96 // stride + more
        native = (1, *size, model.num_classes)
        assert tuple(logits.shape) == native
        assert keras.backend.standardize_dtype(logits.dtype) == "float32"
        for name, value in full.items():
            assert_close(state[name], value, 1e-6)


def check_mixed_precision(make, policy, noise):
    """Every layer follows the policy; logits stay float32 and near.

    Args:
        make: as everywhere here.
        policy: `"mixed_float16"` or `"mixed_bfloat16"`.
        noise: allowed root mean square error, as a part of that of the
            float32 logits.
    """
    with policy_scope(policy):
        made = make()
    model = type(made).from_config(made.get_config())
    for each in (made, model):
        policies = {each.dtype_policy.name}
        policies |= {layer.dtype_policy.name for layer in sublayers(each)}
        assert policies == {policy}
    precise, clip = make(), scenes()
    assert precise.compute_dtype == "float32"
    model.set_weights(precise.get_weights())
    pairs = zip(run(model, clip)[0], run(precise, clip)[0], strict=True)
    for actual, expected in pairs:
        assert actual.dtype == np.float32
        assert np.isfinite(actual).all()
        error = np.sqrt(np.mean((actual - expected) ** 2))
        assert error < noise * np.sqrt(np.mean(expected**2))


def check_training(make, run_eagerly=False, optimizer=None, **size):
    """`fit` on clips lowers the loss and moves every trainable variable."""
    model = copy_of(make())
    clips = scenes(batch=2, **size)
    labels = np.zeros(clips[:, 0, ..., 0].shape, "int32")
    labels[:, :, labels.shape[2] // 2 :] = 1
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    model.compile(
        optimizer or keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=run_eagerly,
    )
    history = model.fit(clips, labels, epochs=3, verbose=0)
    losses = history.history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0], losses
    unmoved = [
        variable.path
        for variable, value in zip(
            model.trainable_variables, before, strict=True
        )
        if np.array_equal(to_numpy(variable), value)
    ]
    assert unmoved == []


def check_key_frames(make, on_key, on_others):
    """A branch that a frame does not need is really not computed.

    Args:
        make: as everywhere here.
        on_key: names of the model's layers that work on key frames.
        on_others: names of those that work on the other frames.
    """
    model, frame = make(), scenes(length=1)[:, 0]
    assert model.uses_key_frames
    state = model.initial_state(1, *frame.shape[1:3])
    for is_key, names in ((True, on_key), (False, on_others)):
        networks = [x for x in model.layers if isinstance(x, keras.Model)]
        with record_calls(networks) as calls:
            model.step(frame, state, is_key=is_key)
        assert sorted(calls) == sorted(
            network.name for network in networks if network.name in names
        )
        used = program_variables(model, frame, state, is_key)
        assert used is None or used == set(names)


def check_bad_shapes(make):
    """Frames and clips of another form end in one line with their shape."""
    model = make()
    state = model.initial_state(1, 48, 64)
    for shape in ((48, 64, 3), (1, 48, 64, 4), (1, 48, 64), (1, 1, 48, 64, 3)):
        with pytest.raises(ValueError, match=r"frame must be \[B, H, W, 3\]"):
            model.step(np.zeros(shape, "uint8"), state)
    for shape in ((1, 48, 64, 3), (1, 2, 48, 64, 1)):
        with pytest.raises(ValueError, match=r"clip must be \[B, T, H, W, 3"):
            model(np.zeros(shape, "uint8"))
