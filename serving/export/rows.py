"""The rows of a request and of its answer."""

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require


def chosen(walked, *names):
    """Some entries of a dict."""
    return {name: walked[name] for name in names}


def checked_rows(image_bytes, **others):
    """`image_bytes`, if there are any and as many of the `others`."""
    image_bytes = vector(image_bytes)
    rows = tf.size(image_bytes)
    checks = [require(rows > 0, "image_bytes is empty: give a frame or more")]
    for name, values in others.items():
        count = tf.size(vector(values))
        checks.append(
            require(
                tf.equal(count, rows),
                "image_bytes has ",
                rows,
                f" rows and {name} ",
                count,
                ": give one for each frame",
            )
        )
    return checked(image_bytes, *checks)


def vector(values):
    """`values`; fails if there are not lists of one level in the request.

    A session looks at no shape, and operations that rely on one may end the
    whole process.
    """
    return tf.ensure_shape(values, [None])
