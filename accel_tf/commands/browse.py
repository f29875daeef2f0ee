"""`accel-tf browse`."""

from accel_tf.commands import option_types

EXAMPLE = "my_data --out out/browse --open"


def add_options(parser):
    add = parser.add_argument
    add(
        "data",
        metavar="DATA",
        help="folder of frames and label images as `accel-tf train` takes it, "
        "or the name of a data set that was built, BUILDER/CONFIG",
    )
    add("--data-dir", metavar="DIR", help="folder of the built data sets")
    add(
        "--split",
        help="only this one, such as train; of a built data set also a part, "
        "such as train[:10%%] (default: all)",
    )
    add(
        "--classes",
        metavar="FILE",
        help="list of the classes of a folder (default: classes.txt or the "
        "like in it)",
    )
    add(
        "--ignore",
        type=option_types.names,
        action="extend",
        default=[],
        metavar="VALUES",
        help="label values or names of classes of a folder that do not count, "
        "such as 11,void",
    )
    add(
        "--sequences",
        type=option_types.count,
        default=8,
        metavar="N",
        help="clips of a split to show, spread over it (default: 8)",
    )
    add(
        "--frames",
        type=option_types.count,
        default=5,
        metavar="N",
        help="frames of a clip to show, labelled ones first (default: 5)",
    )
    add(
        "--limit",
        type=option_types.count,
        metavar="N",
        help="look at the first N clips of a split only (default: at all)",
    )
    add(
        "--out",
        default="out/browse",
        metavar="DIR",
        help="folder for index.html, contact_sheet.png and summary.json "
        "(default: out/browse)",
    )
    add("--open", action="store_true", help="open the page in the browser")


def run(arguments):
    import pathlib
    import webbrowser

    from accel_tf.browse.overview import PAGE, browse, describe
    from accel_tf.messages import hide_deprecations, tell

    hide_deprecations()
    summary = browse(
        arguments.data,
        arguments.out,
        data_dir=arguments.data_dir,
        split=arguments.split,
        classes=arguments.classes,
        ignore=tuple(arguments.ignore),
        sequences=arguments.sequences,
        frames=arguments.frames,
        limit=arguments.limit,
    )
    path = pathlib.Path(arguments.out) / PAGE
    print(f"{describe(summary)} -> {path}")
    if arguments.open and not webbrowser.open(path.resolve().as_uri()):
        tell(f"note: there is no browser to open {path}")
