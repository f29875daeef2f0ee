"""A segmenter as a teacher."""

from accel_tf.distill.teachers.teacher import Teacher
from accel_tf.frame_size import check_least
from accel_tf.streaming import FixedInterval, VideoStream


class ModelTeacher(Teacher):
    """Labels frames with a model.

    Every frame is a key frame: those that a teacher sees are seconds apart.

    Args:
        model: what `VideoStream` takes: a `VideoSegmenter`, also one of a
            `.tflite` or `.onnx` file, or a `RuntimeSegmenter`.
        class_names: of the student, in the order of its labels.
    """

    def __init__(self, model, class_names):
        super().__init__(model.label_map.names, class_names)
        self._model = model
        self._stream = VideoStream(model, FixedInterval(1))

    def label_frame(self, frame, number):
        check_least(frame.shape[:2], self._model)
        self._stream.reset_state()
        return self._stream(frame[None])[0]
