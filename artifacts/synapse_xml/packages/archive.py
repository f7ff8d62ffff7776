"""
Members of a ``.zip`` or ``.car``, read in memory; nothing is ever extracted to disk.

A package comes from anywhere, so its directory is checked before a member is touched, and what is inflated is counted
while it is inflated: sizes that the archive states are claims.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from .found import PackageError, SourceFile, may_be_configuration

MAX_MEMBERS: Final = 2000
MAX_MEMBER_BYTES: Final = 1024 * 1024
MAX_PACKAGE_BYTES: Final = 16 * 1024 * 1024
"""Of a member that is a package itself: the code of a connector is in it, too."""
MAX_TOTAL_BYTES: Final = 32 * 1024 * 1024
MAX_RATIO: Final = 100
"""Inflated to packed size, for members above :data:`RATIO_FLOOR`: small files of blanks are harmless."""
RATIO_FLOOR: Final = 64 * 1024
MAX_DIRECTORY_BYTES: Final = 1024 * 1024
"""Of the archive's central directory, which is read as a whole; 2000 entries with long names fit."""

_END: Final = struct.Struct("<4s4H2LH")
_END_MAGIC: Final = b"PK\x05\x06"
_COMMENT_LIMIT: Final = 0xFFFF
_CHUNK: Final = 64 * 1024
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\]|^/|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)")


def archive_files(
    source: Path | bytes,
    name: str,
    wanted: Callable[[str], bool] = may_be_configuration,
    *,
    total: int | None = None,
) -> list[SourceFile]:
    """
    Args:
        source: where the archive is, or its content.
        name: what the user calls the archive; errors say it.
        wanted: whether a member is to be read, by its name.
        total: bytes that those may have together; :data:`MAX_TOTAL_BYTES` by default.

    Raises:
        PackageError: not a zip archive, over a cap, or with a member that no honest package has.
    """
    _check_directory(source, name)
    try:
        with zipfile.ZipFile(source if isinstance(source, Path) else BytesIO(source)) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise PackageError(name, f"{len(members)} members; at most {MAX_MEMBERS} are read")
            for member in members:
                _check(name, member)
            _check_duplicates(name, members)
            files = [member for member in members if not member.is_dir()]
            return list(_read(name, archive, files, wanted, MAX_TOTAL_BYTES if total is None else total))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, OSError) as exc:
        raise PackageError(name, f"cannot be read as a zip archive: {exc}") from exc


def _check_directory(source: Path | bytes, name: str) -> None:
    """Look at the size of the archive's directory before ``zipfile`` builds an object for each entry."""
    try:
        with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _END.size - _COMMENT_LIMIT))
            tail = file.read()
    except OSError as exc:
        raise PackageError(name, exc.strerror or str(exc)) from exc
    start = tail.rfind(_END_MAGIC)
    if start < 0 or len(tail) - start < _END.size:
        raise PackageError(name, "is not a zip archive")
    _, _, _, _, entries, directory_bytes, _, _ = _END.unpack_from(tail, start)
    if entries > MAX_MEMBERS:
        raise PackageError(name, f"{entries} members; at most {MAX_MEMBERS} are read")
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise PackageError(name, f"its directory has {directory_bytes} bytes; at most {MAX_DIRECTORY_BYTES} are read")


def _check(package: str, member: zipfile.ZipInfo) -> None:
    # orig_filename: zipfile cuts filename at a NUL.
    where = _where(package, member.orig_filename)
    if _UNSAFE.search(member.orig_filename):
        raise PackageError(
            where, "the name leads out of the package, or is no plain path: pack it again without this member"
        )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise PackageError(where, "is a symbolic link or a special file")
    if member.flag_bits & _ENCRYPTED:
        raise PackageError(where, "is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise PackageError(where, "is packed by a method other than deflate")
    _check_ratio(where, member.file_size, member)


def _check_ratio(where: str, size: int, member: zipfile.ZipInfo) -> None:
    if size > RATIO_FLOOR and size > MAX_RATIO * member.compress_size:
        raise PackageError(where, f"inflates to more than {MAX_RATIO} times its packed size")


def _check_duplicates(package: str, members: list[zipfile.ZipInfo]) -> None:
    seen: dict[str, str] = {}
    for member in members:
        name = member.orig_filename
        # "./a" and "a" are one file everywhere, "A" and "a" on some systems.
        key = "/".join(part for part in name.casefold().split("/") if part not in ("", "."))
        if key in seen:
            raise PackageError(_where(package, name), f"there are two members of this name ({seen[key]})")
        seen[key] = name


def _read(
    package: str, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], wanted: Callable[[str], bool], total: int
) -> Iterator[SourceFile]:
    left = total
    for member in members:
        if not wanted(member.filename):
            yield SourceFile(member.filename, None)
            continue
        content = _inflate(_where(package, member.filename), archive, member)
        left -= len(content)
        if left < 0:
            raise PackageError(_where(package, member.filename), f"the package inflates to more than {total} bytes")
        yield SourceFile(member.filename, content)


def _inflate(where: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    limit = MAX_PACKAGE_BYTES if member.filename.endswith(".zip") else MAX_MEMBER_BYTES
    content = bytearray()
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
            if len(content) > limit:
                raise PackageError(where, f"has more than {limit} bytes")
            _check_ratio(where, len(content), member)
    return bytes(content)


def _where(package: str, name: str) -> str:
    return f"{package}!/{name.encode('unicode_escape').decode()}"
