"""What the training of a clip classifier shows of its validation."""

from accel_tf.evaluation.classification import evaluate_classifier
from accel_tf.training.kept_models import TOP_1
from accel_tf.training.summaries import draw_confusion

# More have no room in a picture.
_MOST_DRAWN = 64


class ClassifierValidation:
    """Scores a clip classifier between two epochs.

    Numbers: `validation/top_1` and `validation/top_5`. Picture: the
    confusion matrix, of up to 64 classes.

    Args:
        summaries: `Summaries`.
        videos: function that gives the videos of `evaluate_classifier`.
        every: epochs between two validations; the last epoch has one too.
        steps: updates of the whole training.
    """

    def __init__(self, summaries, videos, every, steps):
        self.summaries = summaries
        self.videos = videos
        self.every = every
        self.steps = steps

    def __call__(self, model, epoch, step):
        """Scores `model` after an epoch, at the update `step`.

        Returns:
            `{"validation_top_1": ..., "validation_top_5": ...}`, or nothing
            if not due.
        """
        if (epoch + 1) % self.every and step != self.steps:
            return {}
        found = evaluate_classifier(model, self.videos())
        values = {"top_1": found.top_1, "top_5": found.top_5}
        self.summaries.scalars(
            {f"validation/{name}": value for name, value in values.items()},
            step,
        )
        if model.num_classes <= _MOST_DRAWN:
            picture = draw_confusion(found.confusion, model.class_names)
            self.summaries.image("confusion", picture, step)
        self.summaries.writer.flush()
        return {TOP_1: found.top_1, "validation_top_5": found.top_5}
