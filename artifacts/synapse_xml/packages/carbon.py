"""
What ``artifacts.xml`` and ``artifact.xml`` say about the files beside them.

A composite application lists its artifacts in ``artifacts.xml``::

    <artifacts><artifact name="app" version="1.0.0" type="carbon/application">
        <dependency artifact="dispatchSeq" version="1.0.0" include="true"/>
    </artifact></artifacts>

and each has a directory of its own, ``dispatchSeq_1.0.0/``, with an ``artifact.xml``::

    <artifact name="dispatchSeq" version="1.0.0" type="synapse/sequence"><file>dispatchSeq-1.0.0.xml</file></artifact>

Source projects have ``artifact.xml`` alone. Registry resources may look like artifacts, so only the type tells them
apart.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from mediation.errors import XmlError
from mediation.findings import Severity
from mediation.grammar import local_name
from mediation.payloads.xml import parse_xml

from .found import Ignored, PackageError, SourceFile

APPLICATION: Final = "carbon/application"
LIBRARY: Final = "synapse/lib"
"""Type of a connector, which lies in the application as a package of its own."""
_METADATA: Final = frozenset({"artifacts.xml", "artifact.xml"})
_REGISTRY_FOLDERS: Final = frozenset({"registry", "registry-resources"})


@dataclass(slots=True)
class Roles:
    """
    Attributes:
        not_configuration: reason by file, for those that are not to be read as artifacts.
        problems: what the lists name and the package lacks.
        libraries: packages of connectors, in their order.
    """

    not_configuration: dict[str, str] = field(default_factory=dict)
    problems: list[Ignored] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)


def roles(files: Sequence[SourceFile]) -> Roles:
    """
    Raises:
        PackageError: an ``artifacts.xml`` or ``artifact.xml`` cannot be read.
    """
    found = Roles()
    by_path = {file.path: file for file in files}
    for path in by_path:
        if _REGISTRY_FOLDERS.intersection(path.split("/")[:-1]):
            found.not_configuration[path] = "a registry resource"
    metadata = [file for file in files if posixpath.basename(file.path) in _METADATA]
    roots = {file.path: _parse(file) for file in metadata}
    described = _described(roots)
    for path, kind in described.items():
        if not kind.startswith("synapse/"):
            _exclude(found, by_path, path, kind)
    for path, root in roots.items():
        found.not_configuration[path] = "describes a package"
        for application in root.iter("*"):
            if application.get("type") == APPLICATION:
                _apply_list(found, by_path, described, path, application)
    found.libraries = [path for path in by_path if _is_library(path, described)]
    return found


def _is_library(path: str, described: dict[str, str]) -> bool:
    if not path.lower().endswith(".zip"):
        return False
    # Source projects of the Micro Integrator have their connectors in a directory of that name.
    return described.get(path) == LIBRARY or posixpath.basename(posixpath.dirname(path)) == "connectors"


def _parse(file: SourceFile) -> etree._Element:
    try:
        return parse_xml(file.content or b"")
    except XmlError as exc:
        raise PackageError(file.path, exc.message, exc.line) from exc


def _described(roots: dict[str, etree._Element]) -> dict[str, str]:
    """Type by file, from all ``<artifact type="..."><file>``."""
    described = {}
    for path, root in roots.items():
        for artifact in root.iter("*"):
            kind = artifact.get("type")
            if kind and local_name(artifact) == "artifact":
                for name in _files(artifact):
                    described[_beside(path, name)] = kind
    return described


def _files(artifact: etree._Element) -> Iterator[str]:
    for part in artifact.iter("*"):
        if local_name(part) == "file" and part.text:
            yield part.text.strip()


def _exclude(found: Roles, by_path: dict[str, SourceFile], path: str, kind: str) -> None:
    found.not_configuration[path] = f"of type {kind}"
    if posixpath.basename(path) == "registry-info.xml":
        # The resources themselves lie beside it, in resources/.
        for other in _below(by_path, posixpath.dirname(path)):
            found.not_configuration[other] = "a registry resource"


def _apply_list(
    found: Roles, by_path: dict[str, SourceFile], described: dict[str, str], path: str, application: etree._Element
) -> None:
    base = posixpath.dirname(path)
    listed = set()
    for dependency in application.iter("*"):
        if local_name(dependency) != "dependency":
            continue
        name, version = dependency.get("artifact", ""), dependency.get("version", "")
        folder = posixpath.join(base, f"{name}_{version}")
        listed.add(folder)
        if posixpath.join(folder, "artifact.xml") not in by_path:
            _report_missing(found, path, f"lists {name} {version}, but there is no {folder}/artifact.xml", dependency)
    for file in described:
        if posixpath.dirname(file) in listed and file not in by_path:
            _report_missing(
                found, posixpath.join(posixpath.dirname(file), "artifact.xml"), f"names {file}, which is missing"
            )
    for file in _below(by_path, base):
        if file not in described or posixpath.dirname(file) not in listed:
            found.not_configuration.setdefault(file, f"not listed in {posixpath.basename(path)}")


def _report_missing(found: Roles, file: str, what: str, element: etree._Element | None = None) -> None:
    line = None if element is None else element.sourceline
    found.problems.append(Ignored(file, what, line, Severity.WARNING))


def _below(by_path: dict[str, SourceFile], folder: str) -> Iterator[str]:
    prefix = f"{folder}/" if folder else ""
    return (path for path in by_path if path.startswith(prefix))


def _beside(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
