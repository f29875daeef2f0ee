"""Pictures of labels, optical flow and measurements."""

from accel_tf.visualize.class_bars import draw_classes
from accel_tf.visualize.flow_color import flow_to_color
from accel_tf.visualize.overlay import add_legend, caption, overlay
from accel_tf.visualize.pictures import write_picture
from accel_tf.visualize.plots import (
    plot_accuracy_against_time,
    plot_iou_against_distance,
)

__all__ = [
    "add_legend",
    "caption",
    "draw_classes",
    "flow_to_color",
    "overlay",
    "plot_accuracy_against_time",
    "plot_iou_against_distance",
    "write_picture",
]
