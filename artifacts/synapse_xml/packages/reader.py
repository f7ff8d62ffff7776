"""A path, whatever it is, to what it holds."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from mediation.findings import Severity

from .archive import archive_files
from .carbon import roles
from .connector import connectors_of, renamed
from .document import read_document
from .folder import folder_files, printable, read_file
from .found import (
    FoundArtifact,
    FoundResource,
    FoundTransport,
    Ignored,
    Package,
    PackageError,
    SourceFile,
    may_be_configuration,
)
from .resources import named_by, resources_of
from .transports import read_deployment_toml

PACKAGES: Final = frozenset({".zip", ".car"})

MAX_CONNECTORS: Final = 20
"""In one package; each is an archive that has to be inflated."""
MAX_CONNECTOR_BYTES: Final = 4 * 1024 * 1024
"""Of the templates of one."""


def read_path(path: Path, name: str | None = None) -> Package:
    """
    Read a file (``.xml``, ``deployment.toml``), a package (``.zip``, ``.car``) or a directory.

    Nothing is skipped without a word: what is not configuration is in :attr:`Package.ignored`.

    Args:
        name: what the user calls the path, by default the path itself.

    Raises:
        PackageError: it cannot be read, or there is no configuration in it.
    """
    package = Package(printable(name or str(path)))
    if path.is_dir():
        _read_files(package, partial(folder_files, path), f"{package.path.rstrip('/')}/")
    elif path.suffix.lower() in PACKAGES:
        _read_files(package, partial(archive_files, path, package.path), f"{package.path}!/")
    else:
        found = _read_one(package.path, read_file(path))
        if isinstance(found, str):
            raise PackageError(package.path, found)
        for part in found:
            package.add(part)
    return package


def _named(package: Package, files: list[SourceFile], prefix: str) -> dict[str, str]:
    """Files that artifacts of the package name by URL; these are ignored no more."""
    given = {found.file for found in package.artifacts}
    names = [file.path for file in files if prefix + file.path not in given and not file.path.endswith("/")]
    found = named_by([artifact.text for artifact in package.artifacts], names)
    package.ignored = [each for each in package.ignored if each.file.removeprefix(prefix) not in found]
    return found


def _read_one(file: str, content: bytes) -> Iterable[FoundArtifact | FoundTransport | Ignored] | str:
    if file.endswith(".toml"):
        return read_deployment_toml(file, content)
    return read_document(file, content)


Files = Callable[[Callable[[str], bool]], Iterable[SourceFile]]
"""All files, with the content of those that are wanted."""


def _read_files(package: Package, read: Files, prefix: str, *, nested: bool = False) -> None:
    files = list(read(may_be_configuration))
    resources = resources_of(files)
    try:
        found_roles = roles(files)
    except PackageError as exc:
        raise PackageError(prefix + exc.file, exc.reason, exc.line) from exc
    package.ignored += [Ignored(prefix + p.file, p.reason, p.line, p.severity) for p in found_roles.problems]
    libraries = [] if nested else found_roles.libraries
    connectors = connectors_of(files, prefix)
    package.ignored += connectors.problems
    is_configuration = False
    for file in files:
        where = prefix + file.path
        if file.path in resources or file.path in libraries:
            continue
        if file.path in connectors.descriptions:
            package.add(connectors.imports.get(file.path) or Ignored(where, "describes a connector"))
            is_configuration = True
            continue
        if file.path in found_roles.not_configuration:
            package.add(Ignored(where, found_roles.not_configuration[file.path]))
        elif file.content is None:
            package.add(Ignored(where, _why_unread(file.path)))
        else:
            found = _read_one(where, file.content)
            if isinstance(found, str):
                package.add(Ignored(where, found))
                continue
            is_configuration = True
            for part in found:
                name = connectors.operations.get(file.path)
                package.add(renamed(part, name) if name and isinstance(part, FoundArtifact) else part)
    resources |= _named(package, files, prefix)
    for file in read(resources.__contains__) if resources else ():
        if file.content is not None:
            package.add(FoundResource(prefix + file.path, resources[file.path], file.content))
    for path in libraries[:MAX_CONNECTORS]:
        _read_library(package, read, prefix + path, path)
    for path in libraries[MAX_CONNECTORS:]:
        reason = f"only {MAX_CONNECTORS} connectors of a package are read; give it as a path of its own"
        package.add(Ignored(prefix + path, reason, None, Severity.WARNING))
    if not is_configuration and not resources and not libraries:
        raise PackageError(package.path, f"there is no Synapse configuration in it ({len(files)} files)")


def _read_library(package: Package, read: Files, where: str, path: str) -> None:
    """A connector in the package. One that cannot be read does no harm to the rest."""
    library = Package(where)
    try:
        content = next(file.content for file in read(path.__eq__) if file.content is not None)
        _read_files(
            library, partial(archive_files, content, where, total=MAX_CONNECTOR_BYTES), f"{where}!/", nested=True
        )
    except PackageError as exc:
        package.add(Ignored(exc.file, exc.reason, exc.line, Severity.WARNING))
        return
    for found in (*library.artifacts, *library.ignored):
        package.add(found)


def _why_unread(path: str) -> str:
    if path.endswith("/"):
        return "a hidden directory"
    if posixpath.splitext(path)[1].lower() in PACKAGES:
        return "a package in a package; give it as a path of its own"
    return "neither .xml nor a deployment.toml"
