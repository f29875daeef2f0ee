"""How well a clip classifier names the videos of a data set."""

import dataclasses

import keras
import numpy as np


@dataclasses.dataclass(frozen=True)
class ClassifierScores:
    """What `evaluate_classifier` found.

    Attributes:
        scores: float `[N, classes]`, of every video the sum of its views'
            probabilities.
        classes: int `[N]`, the true ones.
    """

    scores: np.ndarray
    classes: np.ndarray

    @property
    def top_1(self):
        """Share of the videos whose class has the highest score."""
        return self.top(1)

    @property
    def top_5(self):
        """Share of the videos whose class is among the five highest."""
        return self.top(5)

    def top(self, count):
        """Share of the videos whose class is among the `count` highest.

        A class counts as beaten by those with an equal score before it, so
        that a network which says nothing scores no better than chance.
        """
        columns = np.arange(self.scores.shape[1])
        own = np.take_along_axis(self.scores, self.classes[:, None], 1)
        ties = (self.scores == own) & (columns < self.classes[:, None])
        rank = ((self.scores > own) | ties).sum(1)
        return float((rank < count).mean())

    @property
    def confusion(self):
        """int `[classes, classes]`: videos by true and predicted class."""
        count = self.scores.shape[1]
        predicted = self.scores.argmax(1)
        pairs = self.classes * count + predicted
        return np.bincount(pairs, minlength=count**2).reshape(count, count)

    def as_dict(self, names):
        """As JSON types.

        Args:
            names: of the classes.
        """
        confusion = self.confusion
        totals = confusion.sum(1)
        return {
            "videos": len(self.classes),
            "top_1": round(self.top_1, 4),
            "top_5": round(self.top_5, 4),
            "classes": [
                {
                    "name": name,
                    "videos": int(total),
                    "right": int(confusion[index, index]),
                }
                for index, (name, total) in enumerate(
                    zip(names, totals, strict=True)
                )
            ],
            "confusion": confusion.tolist(),
        }


def evaluate_classifier(model, videos, batch_size=16):
    """Classifies videos, each by one view or several.

    Args:
        model: a `ClipClassifier`.
        videos: iterable of `(views, class, ...)`: uint8 `[V, T, H, W, 3]`,
            RGB, best all of one shape; an int; what follows is not looked
            at. `accel_tf.data.training_clips.clip_views` gives such.
        batch_size: most views that are computed at once.

    Returns:
        `ClassifierScores`.

    Raises:
        ValueError: if there is no video, or one of a class that the model
            has not.
    """
    network = _Probabilities(model)
    # XLA would take longer to compile than it saves.
    network.compile(jit_compile=keras.backend.backend() == "jax")
    scores, classes = [], []
    for views, label, *_ in videos:
        if not 0 <= label < model.num_classes:
            raise ValueError(
                f"a video has the class {label}, the model "
                f"{model.num_classes} classes"
            )
        views = np.asarray(views)
        parts = [
            network.predict_on_batch(views[start : start + batch_size])
            for start in range(0, len(views), batch_size)
        ]
        scores.append(np.concatenate(parts).sum(0))
        classes.append(int(label))
    if not scores:
        raise ValueError("there is no video to evaluate")
    return ClassifierScores(np.stack(scores), np.array(classes))


class _Probabilities(keras.Model):
    """The probabilities of a classifier as a model, to be compiled."""

    def __init__(self, classifier):
        super().__init__(name="probabilities")
        self.classifier = classifier

    def call(self, clips):
        return self.classifier.probabilities(clips)
