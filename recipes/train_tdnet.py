"""Trains TDNet on clips, with or without a teacher.

    accel-tf recipe train_tdnet CONFIG --set KEY=VALUE

Every path starts with the PSPNet `pspnet` from `pspnet_weights`; the grouped
distillation is from `teacher` with `teacher_weights`. Both are trained by
`train_pspnet`, or official files: the first with its auxiliary head, which
`.keras` files don't have.
"""

from accel_tf.checkpoints import load_checkpoint
from accel_tf.checkpoints.torch_files import is_torch_file
from accel_tf.models.pspnet import PSPNet
from accel_tf.models.pspnet.pspnet_training import PSPNetTraining
from accel_tf.models.restore import restore_model
from accel_tf.models.tdnet import TDNet
from accel_tf.models.tdnet.pspnet_start import start_from_pspnet
from accel_tf.models.tdnet.tdnet_training import TDNetTraining
from accel_tf.models.tdnet.teacher import GroupedPSPNet
from accel_tf.recipes.common.command_line import run, training_main
from accel_tf.recipes.common.initial_model import preset_model
from accel_tf.training.configs import TDNetConfig
from accel_tf.training.recipe import train_segmenter


def build_model(config, label_map):
    segmenter = preset_model(config, label_map, TDNet)
    paths = len(segmenter.paths)
    if config.length != paths:
        raise ValueError(
            f"length must be {paths}, one frame for each path of "
            f"{config.model}, not {config.length}"
        )
    teacher = None
    if config.teacher:
        pspnet = _pspnet(
            "teacher", config.teacher, config.teacher_weights, label_map
        )
        teacher = GroupedPSPNet.from_pspnet(pspnet, paths)
    model = TDNetTraining(segmenter, teacher)
    if config.pspnet:
        pspnet = _pspnet(
            "pspnet", config.pspnet, config.pspnet_weights, label_map
        )
        parts = start_from_pspnet(segmenter, pspnet, config.values_start)
        print(f"From {config.pspnet_weights}: {', '.join(parts)}.")
        _start_auxiliary_heads(model, pspnet, config.pspnet_weights)
    return model


def _pspnet(setting, preset, weights, label_map):
    if not weights:
        raise ValueError(f"{setting} needs {setting}_weights, a file")
    pspnet, message = restore_model(preset, [weights], len(label_map))
    if not isinstance(pspnet, PSPNet):
        raise ValueError(
            f"{setting} must be a PSPNet; {preset} is a {type(pspnet).__name__}"
        )
    if pspnet.num_classes != len(label_map):
        raise ValueError(
            f"{weights} has {pspnet.num_classes} classes, the data "
            f"{len(label_map)}"
        )
    print(message)
    return pspnet


def _start_auxiliary_heads(model, pspnet, path):
    if not model.auxiliary_heads or not is_torch_file(path):
        return
    unused = load_checkpoint(pspnet, path).ignored
    if not any(name.startswith("auxlayer.") for name in unused):
        return
    trained = PSPNetTraining(pspnet)
    load_checkpoint(trained, path)
    for head in model.auxiliary_heads:
        head.set_weights(trained.auxiliary_heads[0].get_weights())
    print("The auxiliary heads start with that of the same file.")


def train(config):
    return train_segmenter(config, build_model)


main = training_main(__file__, __doc__, train, TDNetConfig)


if __name__ == "__main__":
    run(main)
