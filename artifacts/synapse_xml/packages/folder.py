"""Files of a directory, in an order that does not depend on the file system."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from .found import PackageError, SourceFile, may_be_configuration

MAX_FILE_BYTES: Final = 32 * 1024 * 1024


def folder_files(root: Path, wanted: Callable[[str], bool] = may_be_configuration) -> Iterator[SourceFile]:
    """
    Hidden directories (``.git``) are named, not entered; links to directories are not followed.

    Args:
        wanted: whether the content of a file is to be read, by its path.

    Raises:
        PackageError: something in it cannot be read.
    """

    def refuse(exc: OSError) -> None:
        raise PackageError(printable(exc.filename), exc.strerror or str(exc)) from exc

    for folder, folders, files in os.walk(root, onerror=refuse):
        base = Path(folder)
        hidden = sorted(name for name in folders if name.startswith("."))
        folders[:] = sorted(set(folders).difference(hidden))
        for name in hidden:
            yield SourceFile(printable((base / name).relative_to(root).as_posix() + "/"), None)
        for name in sorted(files):
            relative = printable((base / name).relative_to(root).as_posix())
            yield SourceFile(relative, read_file(base / name) if wanted(relative) else None)


def read_file(path: Path) -> bytes:
    """
    Raises:
        PackageError: it cannot be read, or is larger than any configuration.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as exc:
        raise PackageError(printable(str(path)), exc.strerror or str(exc)) from exc
    if len(content) > MAX_FILE_BYTES:
        raise PackageError(printable(str(path)), f"has more than {MAX_FILE_BYTES} bytes")
    return content


def printable(name: str) -> str:
    """A file name that was not UTF-8 on disk, as text that can be printed and stored."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
