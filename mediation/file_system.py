"""What is done to files. All of it blocks."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Stamp = tuple[int, int]
"""Size and time of the last change, in nanoseconds."""

_OTHER_FILE_SYSTEM: Final = frozenset({errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK})


class FileTooLarge(Exception):
    """It holds more than it may."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, as it was when it was looked at."""

    path: Path
    stamp: Stamp

    @property
    def modified(self) -> float:
        """Seconds since 1970."""
        return self.stamp[1] / 1e9


def look(source: Path) -> list[Found]:
    """
    The files of a directory, or the one file. Links and hidden files do not count.

    Raises:
        OSError: there is neither.
    """
    if source.is_file() and not source.is_symlink():
        return [Found(source, _stamp(source.stat()))]
    found = []
    with os.scandir(source) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                found.append(Found(Path(entry.path), _stamp(entry.stat(follow_symlinks=False))))
    return found


def read(found: Found, limit: int | None) -> bytes:
    """
    Raises:
        FileTooLarge: and nothing was read.
        OSError: it cannot be read, or is something else by now.
    """
    descriptor = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(found.path))
        content = file.read() if limit is None else file.read(limit + 1)
    if limit is not None and len(content) > limit:
        raise FileTooLarge(f"it holds more than {limit} bytes")
    return content


def is_unchanged(found: Found) -> bool:
    try:
        return _stamp(os.stat(found.path, follow_symlinks=False)) == found.stamp
    except FileNotFoundError:
        return False


def move(source: Path, directory: Path, name: str) -> Path:
    """
    Move a file; one that is there already is not overwritten, but gets a neighbour with a number.

    At every moment there is the whole file at one of the places, or at both.

    Raises:
        OSError: it is where it was.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        target = _link(source, directory, name)
    except OSError as exc:
        if exc.errno not in _OTHER_FILE_SYSTEM:
            raise
        target = _copy(source, directory, name)
    source.unlink()
    return target


def write(content: bytes, directory: Path, name: str, *, append: bool = False) -> Path:
    """
    Write a file that is whole when it appears, in place of one of the same name.

    Args:
        append: write behind what is there instead.

    Raises:
        OSError: it was not written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / name
    if append:
        with target.open("ab") as file:
            file.write(content)
        return target
    temporary = directory / f".{uuid.uuid4().hex}.part"
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _link(source: Path, directory: Path, name: str) -> Path:
    for target in _candidates(directory, name):
        try:
            os.link(source, target, follow_symlinks=False)
        except FileExistsError:
            continue
        return target
    raise AssertionError("there is always another number")


def _copy(source: Path, directory: Path, name: str) -> Path:
    temporary = directory / f".{uuid.uuid4().hex}.part"
    try:
        shutil.copy2(source, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        for target in _candidates(directory, name):
            if not target.exists():
                temporary.rename(target)
                return target
    finally:
        temporary.unlink(missing_ok=True)
    raise AssertionError("there is always another number")


def _candidates(directory: Path, name: str) -> Iterator[Path]:
    path = Path(name)
    yield directory / name
    yield from (directory / f"{path.stem}-{number}{path.suffix}" for number in itertools.count(1))


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns
