"""How the modes of `accel_tf.ClipStream` decide beside whole clips."""

import sys

import numpy as np

from accel_tf import optional
from accel_tf.data.clip_sampling import crop_views
from accel_tf.data.motion import MOTION_CLASSES, motion_clips
from accel_tf.streaming import ClipStream
from accel_tf.video import open_video


def read_videos(model, folder, step):
    """The frames that count of every video whose name is a class.

    Args:
        model: a `ClipClassifier`.
        folder: path of the videos.
        step: frames of the video from one that counts to the next.

    Returns:
        list of `(frames, labels)`: uint8 `[T, S, S, 3]`, the middle of the
        picture, and int `[T]`, the class that a window which ends there is
        of, or -1 where that is unknown.

    Raises:
        ValueError: if there is none.
    """
    streams = []
    for path in sorted(folder.iterdir()):
        if path.stem not in model.class_names:
            continue
        with open_video(path) as video:
            frames = list(video)
        chosen = np.arange(0, len(frames), step).astype(int)
        clip = np.stack([_reduced(frames[i], model) for i in chosen])
        clip = crop_views(clip, model.crop_size, 1)[0]
        label = model.class_names.index(path.stem)
        streams.append((clip, np.full(len(clip), label)))
    if not streams:
        raise ValueError(f"{folder} has no video that is called as a class.")
    return streams


def _reduced(frame, model):
    """Without the coarse pixels that a bilinear step from afar leaves."""
    short = 3 * model.crop_size // 2
    height, width = frame.shape[:2]
    if min(height, width) <= short:
        return frame
    scale = short / min(height, width)
    size = round(width * scale), round(height * scale)
    cv2 = optional.cv2()
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def drawn_motion(model, clips):
    """One stream of drawn clips; the class is known where one has ended.

    Args:
        model: a `ClipClassifier` of `MOTION_CLASSES`.
        clips: how many.

    Returns:
        As `read_videos`.
    """
    if model.num_classes != len(MOTION_CLASSES):
        raise ValueError(
            f"the model has {model.num_classes} classes, drawn motion has "
            f"{len(MOTION_CLASSES)}."
        )
    drawn, classes = motion_clips(clips, model.frames, model.crop_size, seed=7)
    labels = np.full((clips, model.frames), -1)
    labels[:, -1] = classes
    return [(drawn.reshape(-1, *drawn.shape[2:]), labels.reshape(-1))]


def compare_modes(model, causal, streams, every):
    """Decisions of every mode, wherever a whole clip has come.

    Args:
        model: a `ClipClassifier` that is not causal.
        causal: a causal one that was trained as such, or `None`.
        streams: as of `read_videos`.
        every: list of what `ClipStream` is to take as `every`.

    Returns:
        dict with the number of `"windows"` and `"rows"`: for each mode the
        share of `"same_class"` as the whole clip, the mean difference of the
        highest probability, and the share of `"right"` classes.
    """
    # All frames of these streams count: they were chosen beforehand.
    modes = {"window": ClipStream(model, step=1)} | {
        f"window, every {count}": ClipStream(model, step=1, every=count)
        for count in every
    }
    modes["causal, weights of the clip"] = ClipStream(as_causal(model), step=1)
    if causal is not None:
        modes["causal, trained as such"] = ClipStream(causal, step=1)
    labels = np.concatenate([x[model.frames - 1 :] for _, x in streams])
    whole = of_streams(modes["window"], streams)
    rows = []
    for mode, stream in modes.items():
        print(mode, file=sys.stderr)
        given = whole if mode == "window" else of_streams(stream, streams)
        top = whole.argmax(-1)
        difference = np.abs(given - whole)[np.arange(len(top)), top]
        rows.append(
            {
                "mode": mode,
                "same_class": share(given.argmax(-1) == top),
                "difference": round(float(difference.mean()), 4),
                "right": share((given.argmax(-1) == labels)[labels >= 0]),
            }
        )
    return {
        "windows": len(labels),
        "labelled": int((labels >= 0).sum()),
        "rows": rows,
    }


def as_causal(model):
    """The same weights, in a network that sees no frame to come."""
    twin = type(model).from_config({**model.get_config(), "causal": True})
    twin.set_weights(model.get_weights())
    return twin


def of_streams(stream, streams):
    """Probabilities `[N, classes]` at every frame that ends a whole clip."""
    found = []
    for frames, _ in streams:
        stream.reset_state()
        for frame in frames:
            probabilities = stream(frame[None])
            if stream.is_full:
                found.append(probabilities[0])
    return np.stack(found)


def share(which):
    return round(float(np.mean(which)), 4)
