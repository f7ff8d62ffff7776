"""Files of the registry to what the engine gets for their keys."""

import logging
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from mediation import placeholders
from mediation.compiler import Compiler
from mediation.errors import ConfigurationError, XmlError
from mediation.findings import Finding, Severity
from mediation.local_entry import LocalEntry, held_entry
from mediation.payloads.xml import parse_xml

from .directory import RegistryDirectory, ResourceError, Stamp

logger = logging.getLogger(__name__)

GRAVE: Final = (Severity.ERROR, Severity.NOT_RUNNABLE)
"""A sequence or an endpoint with such a finding does not run, and is XML like any other."""

XML_SUFFIXES: Final = frozenset({".xml", ".xsl", ".xslt", ".xsd", ".wsdl", ".wadl", ".svg", ".rng"})
"""Of files that are XML by their name; what begins with ``<`` and has no better name is tried as XML, too."""
TEXT_SUFFIXES: Final = frozenset(
    {".txt", ".js", ".json", ".properties", ".xq", ".xquery", ".groovy", ".rb", ".py"}
    | {".css", ".htm", ".html", ".ftl", ".sql", ".csv", ".yaml", ".yml", ".md"}
)


class ResourceEntry(NamedTuple):
    """
    A file, read.

    Attributes:
        entry: ``None`` if it cannot be served.
        reason: why not, or why not as XML; empty otherwise.
    """

    stamp: Stamp
    entry: LocalEntry | None
    reason: str


def read_entries(directory: RegistryDirectory, known: Mapping[str, ResourceEntry]) -> dict[str, ResourceEntry]:
    """
    Every resource by its path.

    Args:
        known: what was read before; of that, files that did not change are taken.
    """
    entries = {}
    for path, stamp in directory.stamps().items():
        before = known.get(path)
        entries[path] = before if before is not None and before.stamp == stamp else _read(directory, path, stamp)
    return entries


def _read(directory: RegistryDirectory, path: str, stamp: Stamp) -> ResourceEntry:
    try:
        entry, reason = entry_of(path, directory.read(path))
    except ResourceError as exc:
        entry, reason = None, str(exc)
    if reason:
        logger.warning("registry resource %s: %s", path, reason)
    return ResourceEntry(stamp, entry, reason)


def remarks_on(path: str, content: bytes) -> tuple[Finding, ...]:
    """What is to be said about a file that becomes a resource."""
    _, remark = entry_of(path, content)
    return (Finding(Severity.WARNING, remark, None, "registry.content"),) if remark else ()


def entry_of(path: str, content: bytes) -> tuple[LocalEntry | None, str]:
    """
    The entry that a file's content is, and what is to be said about it.

    XML by its name, or because it is: an element. Everything else is text, in UTF-8.
    """
    suffix = PurePosixPath(path).suffix.lower()
    remark = ""
    if suffix in XML_SUFFIXES or (suffix not in TEXT_SUFFIXES and content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"):
        compiler = Compiler()
        try:
            element = parse_xml(content)
        except XmlError as exc:
            remark = f"is served as text, for it is not the XML that it looks like: {exc}"
        else:
            try:
                entry = held_entry(path, placeholders.filled(element, compiler), compiler)
            except ConfigurationError as exc:
                compiler.error(exc, element)
            grave = [finding for finding in compiler.findings if finding.severity in GRAVE]
            return LocalEntry(path, element) if grave else entry, "; ".join(map(str, grave))
    try:
        return LocalEntry(path, content.decode("utf-8-sig")), remark
    except UnicodeDecodeError:
        return None, "is neither XML nor text in UTF-8"
