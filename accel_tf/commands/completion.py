"""`accel-tf completion`."""

from accel_tf import optional

EXAMPLE = "bash > ~/.local/share/bash-completion/completions/accel-tf"
_FILES = ("FILE", "INPUT")
_FOLDERS = ("DIR",)


def add_options(parser):
    parser.add_argument(
        "shell",
        choices=("bash", "zsh"),
        help="zsh reads a file _accel-tf in a folder of its fpath",
    )


def run(arguments):
    from accel_tf.commands import make_parser

    shtab = optional.require("shtab", "completion")
    parser = make_parser()
    (verbs,) = (a for a in parser._actions if a.dest == "verb")
    for verb in verbs.choices.values():
        for action in verb._actions:
            if action.metavar in _FILES:
                action.complete = shtab.FILE
            elif action.metavar in _FOLDERS:
                action.complete = shtab.DIRECTORY
    print(shtab.complete(parser, arguments.shell))
