"""Protocol buffer messages described in Python.

So that messages of TensorFlow Serving can be read and written without a
package that has them.
"""

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

BYTES = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
INT64 = descriptor_pb2.FieldDescriptorProto.TYPE_INT64
STRING = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
UINT32 = descriptor_pb2.FieldDescriptorProto.TYPE_UINT32


def message_class(messages):
    """Makes the class of the last of the given messages.

    Args:
        messages: dict of name -> fields; fields is a dict of name ->
            (number, type). A type is one of this module's constants or the
            name of a message; in a list, the field is a repeated one.

    Returns:
        A class as `protoc` generates it.
    """
    package = "accel_tf.serving"
    file = descriptor_pb2.FileDescriptorProto(
        name="messages.proto", package=package, syntax="proto3"
    )
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field_name, (number, type_) in fields.items():
            field = message.field.add(name=field_name, number=number)
            field.label = field.LABEL_OPTIONAL
            if isinstance(type_, list):
                field.label = field.LABEL_REPEATED
                (type_,) = type_
            if isinstance(type_, str):
                field.type = field.TYPE_MESSAGE
                field.type_name = f".{package}.{type_}"
            else:
                field.type = type_
    # A pool of its own: another package may have messages of these names.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName(f"{package}.{name}")
    )
