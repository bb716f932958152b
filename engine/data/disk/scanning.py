"""What lies in folders of the disk, listed with few system calls: a data set can have a million files."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from engine.data.disk.trees import Contents, DiskFile, File, printable
from engine.data.files import Progress, ignore_progress
from engine.errors import DataError
from engine.preparation.files import cannot_read

MAX_FILES = 5_000_000
AROUND_FILES = 200_000
AROUND_DEPTH = 3


def scanned(root: str, progress: Progress = ignore_progress) -> Contents:
    """All ordinary files below a folder. Links to files count as files; links to folders are not followed: they could
    lead in circles. `progress` may raise to end it."""
    files: list[File] = []
    left_out: list[str] = []
    folders = [(root, "")]
    for folder, prefix in folders:
        try:
            folders += _listed(folder, prefix, files, left_out)
        except OSError as error:
            raise cannot_read(Path(folder), error) from None
        if len(files) > MAX_FILES:
            raise DataError(f"{root} holds more than {MAX_FILES:,} files.", "Choose the folder of one data set.")
        progress(0.0)
    return Contents(files, left_out, (prefix[:-1] for _, prefix in folders[1:]))


def around(root: str, depth: int = AROUND_DEPTH) -> Contents:
    """What lies in a folder and a little below it, as far as it can be read: not more than is quickly listed."""
    files: list[File] = []
    level = [(root, "")]
    for _ in range(depth):
        below: list[tuple[str, str]] = []
        for folder, prefix in level:
            with suppress(OSError):
                below += _listed(folder, prefix, files, [])
            if len(files) > AROUND_FILES:
                return Contents(files)
        level = below
    return Contents(files)


def _listed(folder: str, prefix: str, files: list[File], left_out: list[str]) -> list[tuple[str, str]]:
    """The files of one folder added to `files`, and the folders in it as (path, prefix of names)."""
    below = []
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith((".", "__")):
                continue
            shown = prefix + (name if name.isascii() else printable(name))
            if entry.is_dir(follow_symlinks=False):
                below.append((entry.path, f"{shown}/"))
                continue
            try:
                facts = entry.stat()
            except OSError:  # a link that leads in circles or to nothing
                facts = None
            if facts and stat.S_ISREG(facts.st_mode):
                files.append(DiskFile(entry.path, shown, facts.st_size, facts.st_mtime_ns))
            else:
                left_out.append(shown)
    return below
