"""Deformable convolution, version 1."""

from keras import ops

from accel_tf.ops.sampling import bilinear_sample


def deformable_conv2d(
    inputs,
    offsets,
    kernel,
    strides=1,
    dilation_rate=1,
    deformable_groups=1,
    padding=None,
):
    """Convolution whose taps are displaced by learned offsets.

    Deformable Convolutional Networks (ICCV 2017, section 2.1) with the
    border rule of MXNet's `DeformableConvolution`, which the published
    models need: a tap is zero unless it lies in `[0, H) x [0, W)`, and does
    not fade out at the edge.

    Args:
        inputs: float tensor `[B, H, W, C]`.
        offsets: float tensor `[B, H', W', G * kh * kw * 2]` in pixels. Per
            deformable group and per tap (row by row), (dy, dx).
        kernel: float tensor `[kh, kw, C, filters]`.
        strides: stride in pixels, one int for both axes.
        dilation_rate: distance of the taps in pixels, one int.
        deformable_groups: `G`; the channels are split into as many
            consecutive groups, each with its own offsets.
        padding: pixels added on each side; `None` keeps the size at
            stride 1: `dilation_rate * (k - 1) // 2` for each axis.

    Returns:
        Tensor `[B, H', W', filters]` in the dtype of `inputs`.

    Raises:
        ValueError: if channels, groups, offsets and kernel do not fit.
    """
    kernel_height, kernel_width, channels, filters = kernel.shape
    taps = kernel_height * kernel_width
    _check(inputs, offsets, channels, taps, deformable_groups)
    if padding is None:
        row_padding = dilation_rate * (kernel_height - 1) // 2
        column_padding = dilation_rate * (kernel_width - 1) // 2
    else:
        row_padding = column_padding = padding

    batch, out_height, out_width, _ = ops.shape(offsets)
    groups, pixels = deformable_groups, out_height * out_width

    def grid(out_size, kernel_size, pad):
        centre = ops.arange(out_size) * strides - pad
        tap = ops.arange(kernel_size) * dilation_rate
        return ops.cast(ops.expand_dims(centre, 1) + tap, "float32")

    def of_all_taps(positions):
        shape = (out_height, out_width, kernel_height, kernel_width)
        positions = ops.broadcast_to(positions, shape)
        return ops.reshape(positions, (1, pixels, taps, 1))

    rows = grid(out_height, kernel_height, row_padding)
    columns = grid(out_width, kernel_width, column_padding)
    # The groups go to where they are among the samples.
    offsets = ops.reshape(
        ops.cast(offsets, "float32"), (batch, pixels, groups, taps, 2)
    )
    offsets = ops.transpose(offsets, (0, 1, 3, 2, 4))
    y = offsets[..., 0] + of_all_taps(rows[:, None, :, None])
    x = offsets[..., 1] + of_all_taps(columns[None, :, None, :])
    shape = (batch, pixels * taps, groups)
    samples = bilinear_sample(
        inputs, ops.reshape(y, shape), ops.reshape(x, shape), "inside"
    )
    samples = ops.reshape(samples, (batch * pixels, taps * channels))
    outputs = ops.matmul(
        samples, ops.reshape(kernel, (taps * channels, filters))
    )
    return ops.reshape(outputs, (batch, out_height, out_width, filters))


def _check(inputs, offsets, channels, taps, groups):
    if len(inputs.shape) != 4 or inputs.shape[-1] != channels:
        raise ValueError(
            f"inputs must be [B, H, W, {channels}] for this kernel, got "
            f"shape {tuple(inputs.shape)}."
        )
    if channels % groups:
        raise ValueError(
            f"deformable_groups={groups} does not divide {channels} channels."
        )
    wanted = groups * taps * 2
    if len(offsets.shape) != 4 or offsets.shape[-1] != wanted:
        raise ValueError(
            f"offsets must have {wanted} channels ({groups} groups x {taps} "
            f"taps x 2), got shape {tuple(offsets.shape)}."
        )
