"""
Connectors: a ``connector.xml``, and below it directories of templates.

::

    connector.xml      <connector><component name="gmail" package="org.wso2.carbon.connector">
                           <dependency component="mails"/></component></connector>
    mails/component.xml    <component name="mails" type="synapse/template"><subComponents>
                               <component name="list"><file>list.xml</file></component></subComponents></component>
    mails/list.xml         <template name="list">...</template>

The template becomes the artifact ``org.wso2.carbon.connector.gmail.list``, and the connector an ``<import>``. Java code
beside them is not read: operations that need it say so themselves.
"""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from xml.sax.saxutils import quoteattr

from lxml import etree

from artifacts.synapse_xml.document import revise
from artifacts.synapse_xml.edit import set_attribute
from mediation.errors import XmlError
from mediation.findings import Severity
from mediation.grammar import elements, local_name
from mediation.payloads.xml import SYNAPSE_NS, parse_xml

from .found import FoundArtifact, Ignored, PackageError, SourceFile

CONNECTOR: Final = "connector.xml"
COMPONENT: Final = "component.xml"


@dataclass(slots=True)
class Connectors:
    """
    Attributes:
        operations: full names of the templates, by file.
        imports: artifacts that the connectors become, by the file that describes each.
        descriptions: files that only say what the others are.
        problems: what is named, and missing.
    """

    operations: dict[str, str] = field(default_factory=dict)
    imports: dict[str, FoundArtifact] = field(default_factory=dict)
    descriptions: set[str] = field(default_factory=set)
    problems: list[Ignored] = field(default_factory=list)


def connectors_of(files: Sequence[SourceFile], prefix: str) -> Connectors:
    """
    Args:
        prefix: what the names of files begin with for the user.

    Raises:
        PackageError: a description cannot be read.
    """
    found = Connectors()
    by_path = {file.path: file for file in files if file.content is not None}
    for path, file in by_path.items():
        if posixpath.basename(path) != CONNECTOR:
            continue
        root = _parse(file, prefix)
        component = next((part for part in elements(root) if local_name(part) == "component"), None)
        if local_name(root) != "connector" or component is None:
            continue
        found.descriptions.add(path)
        name, package = component.get("name", ""), component.get("package", "")
        found.imports[path] = _import(prefix + path, root.sourceline or 1, name, package)
        for dependency in component.iter("*"):
            if local_name(dependency) == "dependency":
                folder = posixpath.join(posixpath.dirname(path), dependency.get("component", ""))
                _read_component(found, by_path, folder, f"{package}.{name}", prefix)
    return found


def _parse(file: SourceFile, prefix: str) -> etree._Element:
    try:
        return parse_xml(file.content or b"")
    except XmlError as exc:
        raise PackageError(prefix + file.path, exc.message, exc.line) from exc


def _import(file: str, line: int, name: str, package: str) -> FoundArtifact:
    attributes = f"name={quoteattr(name)} package={quoteattr(package)}"
    text = f'<import xmlns="{SYNAPSE_NS}" {attributes} status="enabled"/>'
    return FoundArtifact(file, line, "import", name, text)


def _read_component(found: Connectors, files: dict[str, SourceFile], folder: str, connector: str, prefix: str) -> None:
    path = posixpath.join(folder, COMPONENT)
    description = files.get(path)
    if description is None:
        found.problems.append(
            Ignored(prefix + path, "the connector names it, but it is missing", None, Severity.WARNING)
        )
        return
    found.descriptions.add(path)
    for name, file, line in _operations(_parse(description, prefix)):
        template = posixpath.normpath(posixpath.join(folder, file))
        if template in files:
            found.operations[template] = f"{connector}.{name}"
        else:
            found.problems.append(Ignored(prefix + path, f"names {file}, which is missing", line, Severity.WARNING))


def _operations(root: etree._Element) -> Iterator[tuple[str, str, int | None]]:
    """Name, file and line of each ``<component>`` with a ``<file>``."""
    for component in root.iter("*"):
        if local_name(component) == "component":
            for part in elements(component):
                if local_name(part) == "file" and part.text:
                    yield component.get("name", ""), part.text.strip(), component.sourceline


def renamed(template: FoundArtifact, name: str) -> FoundArtifact:
    """The template under the name that operations are looked up by."""
    text = revise(template.text, partial(set_attribute, name="name", value=name))
    return dataclasses.replace(template, name=name, text=text)
