"""What KerasHub's segmentation presets are, to build them without a fetch.

KerasHub fetches even the arguments of a preset's constructor. These are
facts of its conversion script (tools/checkpoint_conversion/
convert_segformer_checkpoints.py), of the papers (SegFormer, NeurIPS 2021,
tables 6 and 7; DeepLabV3+, ECCV 2018) and, for DeepLabV3+, of the number of
parameters that its list of presets states.
"""

import dataclasses

from accel_tf.data.label_maps import CITYSCAPES, LabelMap
from accel_tf.data.published_label_maps import ADE20K, PASCAL_VOC

# Mean and standard deviation of ImageNet's pixels.
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)

# Blocks of each level, and channels of the last but one projection.
_MIX_TRANSFORMERS = {
    "b0": ((2, 2, 2, 2), (32, 64, 160, 256), 256),
    "b1": ((2, 2, 2, 2), (64, 128, 320, 512), 256),
    "b2": ((3, 4, 6, 3), (64, 128, 320, 512), 768),
    "b3": ((3, 4, 18, 3), (64, 128, 320, 512), 768),
    "b4": ((3, 8, 27, 3), (64, 128, 320, 512), 768),
    "b5": ((3, 6, 40, 3), (64, 128, 320, 512), 768),
}


@dataclasses.dataclass(frozen=True)
class HubPreset:
    """One of KerasHub's presets.

    Attributes:
        title: of the network.
        label_map: of the data set that it is trained on.
        task: name of the class in `keras_hub.models`.
        arguments: of `build_segformer` or `build_deeplab`.
        mean, scale: as for `Normalization`.
    """

    title: str
    label_map: LabelMap
    task: str
    arguments: dict
    mean: float | tuple = 0.0
    scale: float | tuple = 1.0

    def build(self, num_classes):
        """KerasHub's model with random weights.

        Args:
            num_classes: channels of the scores.
        """
        build = {
            "SegFormerImageSegmenter": build_segformer,
            "DeepLabV3ImageSegmenter": build_deeplab,
        }[self.task]
        return build(num_classes=num_classes, **self.arguments)


def build_segformer(
    num_classes, depths, hidden_dims, projection_filters, image_size
):
    """KerasHub's SegFormer.

    Args:
        num_classes: channels of the scores.
        depths: blocks of each level.
        hidden_dims: channels of each level.
        projection_filters: channels to which all levels are brought.
        image_size: side of the squares that KerasHub's own graph takes.
    """
    models = _hub_models()
    encoder = models.MiTBackbone(
        layerwise_depths=list(depths),
        num_layers=len(depths),
        layerwise_num_heads=[1, 2, 5, 8],
        layerwise_sr_ratios=[8, 4, 2, 1],
        layerwise_patch_sizes=[7, 3, 3, 3],
        layerwise_strides=[4, 2, 2, 2],
        hidden_dims=list(hidden_dims),
        max_drop_path_rate=0.1,
        image_shape=(image_size, image_size, 3),
    )
    return models.SegFormerImageSegmenter(
        backbone=models.SegFormerBackbone(
            image_encoder=encoder, projection_filters=projection_filters
        ),
        num_classes=num_classes,
    )


def build_deeplab(num_classes, blocks, filters=(64, 128, 256, 512)):
    """KerasHub's DeepLabV3+ on a ResNet of bottlenecks.

    Args:
        num_classes: channels of the scores.
        blocks: of each level.
        filters: of each level's 3x3 convolutions.
    """
    models = _hub_models()
    encoder = models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=list(filters),
        stackwise_num_blocks=list(blocks),
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="bottleneck_block",
        use_pre_activation=False,
        image_shape=(None, None, 3),
    )
    return models.DeepLabV3ImageSegmenter(
        backbone=models.DeepLabV3Backbone(
            image_encoder=encoder,
            low_level_feature_key="P2",
            spatial_pyramid_pooling_key="P5",
            upsampling_size=8,
            dilation_rates=[6, 12, 18],
            projection_filters=48,
        ),
        num_classes=num_classes,
    )


def _hub_models():
    from accel_tf.optional import require

    return require("keras_hub", "hub").models


def _segformers():
    for data, label_map in (("ade20k", ADE20K), ("cityscapes", CITYSCAPES)):
        for size, (depths, dims, filters) in _MIX_TRANSFORMERS.items():
            side = 1024
            if data == "ade20k":
                side = 640 if size == "b5" else 512
            yield (
                f"segformer_{size}_{data}_{side}",
                HubPreset(
                    title=f"SegFormer-{size.upper()}",
                    label_map=label_map,
                    task="SegFormerImageSegmenter",
                    arguments={
                        "depths": depths,
                        "hidden_dims": dims,
                        "projection_filters": filters,
                        "image_size": side,
                    },
                    mean=tuple(255 * value for value in _MEAN),
                    scale=tuple(1 / (255 * value) for value in _STD),
                ),
            )


HUB_PRESETS = {
    **dict(_segformers()),
    # Its published converter changes no values.
    "deeplab_v3_plus_resnet50_pascalvoc": HubPreset(
        title="DeepLabV3+ on ResNet-50",
        label_map=PASCAL_VOC,
        task="DeepLabV3ImageSegmenter",
        arguments={"blocks": (3, 4, 6, 3)},
    ),
}
"""KerasHub's name -> `HubPreset`."""
