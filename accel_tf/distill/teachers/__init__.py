"""What tells the student the labels of frames that it learns from."""

from accel_tf.distill.teachers.folder import FolderTeacher
from accel_tf.distill.teachers.function import FunctionTeacher
from accel_tf.distill.teachers.make import make_teacher
from accel_tf.distill.teachers.model import ModelTeacher
from accel_tf.distill.teachers.teacher import Teacher, TeacherError

__all__ = [
    "FolderTeacher",
    "FunctionTeacher",
    "ModelTeacher",
    "Teacher",
    "TeacherError",
    "make_teacher",
]
