"""A Python function as a teacher."""

from accel_tf.distill.teachers.teacher import Teacher


class FunctionTeacher(Teacher):
    """Calls a function of a frame.

        teacher = FunctionTeacher(lambda frame, number: ..., names)

    Args:
        function: from a frame, uint8 RGB `[H, W, 3]`, and its number in the
            edge's video to labels of integers `[h, w]`, 255 where it
            abstains; or to `None` if it abstains altogether.
        class_names: of the student, in the order of its labels.
        names: of the classes whose labels it gives; by default the
            student's.
    """

    def __init__(self, function, class_names, names=None):
        super().__init__(names, class_names)
        self._function = function

    def label_frame(self, frame, number):
        return self._function(frame, number)
