"""Building a data set from the command line's arguments."""

import contextlib
import inspect
import io
import pathlib
import shutil

import tensorflow_datasets as tfds

from accel_tf import typed_text
from accel_tf.data.build_lock import build_lock
from accel_tf.data.builders import (
    builder_arguments,
    builder_class,
    config_class,
    config_fields,
    make_builder,
)
from accel_tf.data.damage import naming_folder
from accel_tf.data.dataset_labels import NOTES_KEY
from accel_tf.data.source_record import (
    describe_changes,
    record_of,
    write_record,
)
from accel_tf.messages import is_quiet
from accel_tf.partial_folders import temporary_folder

_SKIPPED_SHOWN = 20


def build_data(name, data_dir, manual_dir=None, skip_faults=False, settings=()):
    """Builds a data set, unless it is there already.

    Of one that is there, the text says whether the files in `manual_dir` are
    still those that it was built from, by their names, sizes and times.

    Args:
        name: "builder" or "builder/configuration".
        data_dir: folder of all data sets; is created.
        manual_dir: folder of the files that a builder reads; those that read
            none ignore it.
        skip_faults: whether to leave out what is missing or broken.
        settings: texts "key=value", fields of the configuration.

    Returns:
        A text about what there is now.

    Raises:
        ValueError: An argument is wrong, or files are missing or broken.
        OSError: A folder or the disk space is missing, or another process
            is building the same data set.
    """
    cls = builder_class(name.partition("/")[0])
    options = parse_settings(cls, settings)
    if skip_faults:
        if "on_fault" not in builder_arguments(cls):
            raise ValueError(f"{cls.name} cannot skip faults")
        options["on_fault"] = "skip"
    builder = make_builder(name, data_dir, **options)
    folder = pathlib.Path(builder.data_dir)
    if folder.is_dir():
        return f"{_describe(builder)}\n{_there_already(builder, manual_dir)}"
    source = _check_manual_dir(cls, manual_dir)
    with _removing_remains(folder):
        record = source and record_of(source)
        _prepare(builder, manual_dir)
        if record:
            write_record(folder, record)
    return _describe(builder)


def parse_settings(cls, settings):
    """Fields of a builder's configuration from texts.

    Args:
        cls: class of the builder.
        settings: texts "key=value". A sequence has commas between its
            elements; `none` is None where that is allowed.

    Returns:
        A dict of values of the types of the fields.

    Raises:
        ValueError: A text has another form, there is no such field, or the
            value is not of its type.
    """
    fields = config_fields(cls)
    kinds = _kinds(config_class(cls)) if fields else {}
    options = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"{setting!r} is no setting; give KEY=VALUE")
        if key not in fields:
            known = ", ".join(fields) or "none"
            raise ValueError(
                f"{cls.name} has no setting {key!r}; there are: {known}"
            )
        kind = kinds[key]
        try:
            options[key] = typed_text.read(text, kind)
        except ValueError as error:
            raise ValueError(
                f"{key} must be {_kind_name(kind)}, not {text!r}"
            ) from error
    return options


def _kinds(dataclass):
    """Types of the fields; those of TFDS's own class cannot be looked up."""
    kinds = {}
    for cls in reversed(dataclass.__mro__):
        if cls not in tfds.core.BuilderConfig.__mro__:
            kinds |= inspect.get_annotations(cls, eval_str=True)
    return kinds | {"name": str}


def _kind_name(kind):
    return {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
    }.get(kind, str(kind))


def _there_already(builder, manual_dir):
    folder = pathlib.Path(builder.data_dir)
    notes = (builder.info.metadata or {}).get(NOTES_KEY, ())
    text = "".join(f"note: {note}\n" for note in notes)
    text += "It was there already."
    source = manual_dir and pathlib.Path(manual_dir).expanduser()
    if source and source.is_dir():
        changes = describe_changes(folder, source)
        text += f" {changes}" if changes else ""
    return f"{text} To build it anew, remove {folder} first."


def _check_manual_dir(cls, manual_dir):
    """The folder that the builder reads; None if it reads none."""
    instructions = cls.MANUAL_DOWNLOAD_INSTRUCTIONS
    if not instructions:
        return None
    if manual_dir is None:
        raise ValueError(f"{cls.name} needs --manual-dir: {instructions}")
    folder = pathlib.Path(manual_dir).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    if not any(folder.iterdir()):
        raise FileNotFoundError(f"{folder} is empty: {instructions}")
    return folder


def _prepare(builder, manual_dir):
    # TFDS creates its folder for downloads even if nothing is downloaded.
    with contextlib.ExitStack() as stack:
        downloads = stack.enter_context(temporary_folder())
        if is_quiet():  # TFDS prints what it does
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(naming_folder(pathlib.Path(builder.data_dir)))
        builder.download_and_prepare(
            download_dir=downloads,
            download_config=tfds.download.DownloadConfig(
                manual_dir=manual_dir, try_download_gcs=False
            ),
        )


@contextlib.contextmanager
def _removing_remains(folder):
    """Clears what failed or killed builds leave, save what resuming needs.

    Holds a lock meanwhile, as another process's build looks the same.
    """
    config_folder = folder.parent
    missing = [
        path
        for path in (config_folder, *config_folder.parents)
        if not path.exists()
    ]
    config_folder.mkdir(parents=True, exist_ok=True)
    try:
        with build_lock(folder):
            for path in config_folder.glob(f"incomplete.*_{folder.name}"):
                shutil.rmtree(path)
            yield
    finally:
        if not any(config_folder.iterdir()):
            _remove_folders(missing, config_folder.parent)


def _remove_folders(missing, builder_folder):
    # TFDS notes the default configuration even where nothing was built.
    if builder_folder in missing:
        shutil.rmtree(builder_folder / ".config", ignore_errors=True)
    for path in missing:
        with contextlib.suppress(OSError):
            path.rmdir()


def _describe(builder):
    lines = [f"{builder.info.full_name} in {builder.data_dir}"]
    for name, split in builder.info.splits.items():
        lines.append(
            f"  {name}: {split.num_examples} examples, {split.num_bytes}, "
            f"{split.num_shards} files"
        )
    skipped = (builder.info.metadata or {}).get("skipped", ())
    if skipped:
        lines.append(f"  skipped: {len(skipped)}, see metadata.json there")
        lines += [f"    {text}" for text in skipped[:_SKIPPED_SHOWN]]
    return "\n".join(lines)
