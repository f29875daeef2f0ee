"""A served classifier of clips, as `classify_video` takes it."""

import numpy as np

from accel_tf.data.frame_steps import AS_TRAINED, UNKNOWN, check_frame_step
from accel_tf.serving.client_clips import Classification, clip_inputs

USUAL_FRAMES, USUAL_SIZE = 16, 224
"""Of clips, where a server does not tell those of its model."""

_ALL = 2**31 - 1


class RemoteClassifier:
    """The classes of clips by a server, for the windows of a video.

    Args:
        name: of the model.
        description: what the server tells of it, a dict, whatever is in it;
            `None` if it tells nothing, as TensorFlow Serving.
        ask: function from a signature's name and its inputs to the outputs.

    Attributes:
        name: as given.
        class_names, frames, crop_size, frame_step: as of `ClipClassifier`;
            of what the server does not tell, the names are asked for, and
            the rest is `USUAL_FRAMES`, `USUAL_SIZE` and `"unknown"`.

    Raises:
        ValueError, TypeError, KeyError: if the description is damaged, or
            what the server answers.
        OSError: as `Client.classify`, if the server cannot be asked.
    """

    def __init__(self, name, description, ask):
        told = description or {}
        self.name = name
        self.frames = int(told.get("frames", USUAL_FRAMES))
        self.crop_size = int(told.get("crop_size", USUAL_SIZE))
        self.frame_step = told.get("frame_step", UNKNOWN)
        check_frame_step(self.frame_step)
        self._ask = ask
        names = told.get("class_names") or self._asked_names()
        self.class_names = tuple(map(str, names))

    def classes_of_video(self, path, top, frames, step):
        """What `Client.classify` gives of a video."""
        from accel_tf.classify import classify_video

        if frames is not None and step == AS_TRAINED:
            step = None
        found = classify_video(
            self, path, top=top, frames=frames, step=step, progress=False
        )
        return [
            Classification(each["class"], each["index"], each["probability"])
            for each in found.top()
        ]

    def compile_probabilities(self):
        """`probabilities`, as `classify_video` calls it."""
        return self.probabilities

    def probabilities(self, clips):
        """Probabilities of clips.

        Args:
            clips: uint8 `[B, T, H, W, 3]`.

        Returns:
            float32 `[B, classes]`.

        Raises:
            OSError: as `Client.classify`.
        """
        return np.stack([self._probabilities(clip) for clip in clips])

    def _probabilities(self, clip):
        indices, _, probabilities = self._outputs(clip)
        result = np.zeros(len(self.class_names), np.float32)
        result[np.asarray(indices, int)] = probabilities
        return result

    def _asked_names(self):
        """The names by the classes of a clip that is not looked at."""
        indices, names, _ = self._outputs(np.zeros((1, 8, 8, 3), np.uint8))
        return [name for _, name in sorted(zip(indices, names, strict=True))]

    def _outputs(self, clip):
        # JPEG would spoil squares that are as small as the model takes them.
        signature, inputs = clip_inputs(clip, "png")
        outputs = self._ask(signature, {**inputs, "top": [_ALL]})
        names = "class_indices", "class_names", "probabilities"
        return [outputs[name][0] for name in names]
