"""The registry's files."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings

from mediation.registry import resource_path

MAX_BYTES: Final = 8 * 1024 * 1024
"""Of one resource; larger files are not served."""
MAX_FILES: Final = 10_000
MAX_SEGMENT_BYTES: Final = 255


class ResourceError(Exception):
    """A resource that cannot be read or written; the text says why."""


class Stamp(NamedTuple):
    """What changes when a file is changed."""

    inode: int
    size: int
    modified: int
    """Nanoseconds."""


class RegistryDirectory:
    """
    Files below one directory, by their path with ``/``.

    Hidden files and directories do not belong to it, and links only if they lead to a place inside of it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def stamps(self) -> dict[str, Stamp]:
        """Every resource, sorted by path. One system call per file."""
        found: dict[str, Stamp] = {}
        for path, entry in self._walk(self.root, ""):
            status = entry.stat()
            found[path] = Stamp(status.st_ino, status.st_size, status.st_mtime_ns)
            if len(found) == MAX_FILES:
                break
        return dict(sorted(found.items()))

    def read(self, path: str) -> bytes:
        """
        Raises:
            ResourceError: there is no such resource, or it is too large.
        """
        try:
            with self._inside(path).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as exc:
            raise ResourceError(f"{path} cannot be read: {exc.strerror}") from exc
        if len(content) > MAX_BYTES:
            raise ResourceError(f"{path} has more than {MAX_BYTES} bytes")
        return content

    def write(self, path: str, content: bytes) -> None:
        """
        Write a resource as a whole: whoever reads meanwhile gets the old or the new one.

        Raises:
            ResourceError: the path is none, or it cannot be written.
        """
        check_resource(path, content)
        target = self._inside(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as file:
                try:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                    os.replace(file.name, target)
                except BaseException:
                    os.unlink(file.name)
                    raise
        except OSError as exc:
            raise ResourceError(f"{path} cannot be written: {exc.strerror}") from exc

    def remove(self, path: str) -> None:
        """
        Raises:
            ResourceError: it cannot be removed.
        """
        try:
            self._inside(path).unlink(missing_ok=True)
        except OSError as exc:
            raise ResourceError(f"{path} cannot be removed: {exc.strerror}") from exc

    def _inside(self, path: str) -> Path:
        """
        Raises:
            ResourceError: no resource can have this path.
        """
        check_path(path)
        # A link on the way may lead elsewhere.
        target = (self.root / path).resolve()
        if not target.is_relative_to(self.root.resolve()):
            raise ResourceError(f"{path} leads out of the registry")
        return target

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            return  # removed meanwhile, or never made
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path), f"{prefix}{entry.name}/")
                elif entry.is_file() and (not entry.is_symlink() or self._leads_inside(entry)):
                    yield f"{prefix}{entry.name}", entry
            except OSError:
                continue

    def _leads_inside(self, entry: "os.DirEntry[str]") -> bool:
        return Path(entry.path).resolve().is_relative_to(self.root.resolve())


RESOURCE: Final = "resource"
"""In place of an artifact's kind, where artifacts and resources are spoken of together."""


def resource_keys(more: Iterable[str] = ()) -> set[tuple[str, str]]:
    """All resources that there are, and these paths, as lint knows them."""
    return {(RESOURCE, path) for path in (*registry_directory().stamps(), *more)}


def check_path(path: str) -> None:
    """
    Raises:
        ResourceError: no resource can have this path.
    """
    if resource_path(f"/{path}") != path or ":" in path:
        raise ResourceError(f'"{path}" is no path of a resource, such as config/transform.xslt')
    for segment in path.split("/"):
        if segment.startswith(".") or "\\" in segment or not segment.isprintable():
            raise ResourceError(f'"{path}" has a part that no file of the registry can have')
        if len(segment.encode("utf-8", "replace")) > MAX_SEGMENT_BYTES:
            raise ResourceError(f'"{path}" has a part of more than {MAX_SEGMENT_BYTES} bytes')


def check_resource(path: str, content: bytes) -> None:
    """
    Raises:
        ResourceError: it could not be written.
    """
    check_path(path)
    if len(content) > MAX_BYTES:
        raise ResourceError(f"{path} has more than {MAX_BYTES} bytes")


def registry_directory() -> RegistryDirectory:
    """The one of the settings."""
    return RegistryDirectory(Path(settings.ESB_REGISTRY_DIR))
