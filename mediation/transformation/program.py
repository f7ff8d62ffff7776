"""What a transformation runs: a stylesheet with all its modules, or a query."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from lxml import etree

from mediation.errors import MediationError, XmlError
from mediation.payloads.xml import parse_xml, to_text

from .resources import Resources, entry_text

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.local_entry import LocalEntry

Kind = Literal["xslt1", "xslt", "xquery", "xsd"]

XSL: Final = "{http://www.w3.org/1999/XSL/Transform}"
MAIN: Final = "esb:main"
MAX_MODULES: Final = 200
MAX_EMBEDDED: Final = 16 * 1024 * 1024
"""Characters; each level of inclusion makes a module a third longer."""

_STYLESHEETS: Final = (f"{XSL}stylesheet", f"{XSL}transform")

_XSLT2_ELEMENTS: Final = tuple(
    f"{XSL}{name}" for name in ("function", "for-each-group", "analyze-string", "sequence", "result-document", "mode")
)
_XSLT2_CALLS: Final = re.compile(
    r"(?<![\w:.-])(?:fn:)?(?:abs|adjust-\w+-to-timezone|avg|compare|current-date|current-dateTime|current-time|"
    r"data|deep-equal|distinct-values|empty|ends-with|exactly-one|exists|format-date|format-dateTime|format-time|index-of|"
    r"insert-before|lower-case|matches|max|min|replace|reverse|root|round-half-to-even|string-join|subsequence|tokenize|"
    r"upper-case|xs:\w+)\s*\("
)


@dataclass(frozen=True, slots=True)
class Program:
    """
    A program for a worker. Shared by all messages.

    Attributes:
        id: of its text; a worker keeps what it has compiled under this.
        main: the URI of the main module.
        sources: all modules by URI.
        gives_text: whether the result is plain text, not XML.
        used: the local entries that it was made of.
    """

    kind: Kind
    id: str
    main: str
    sources: dict[str, str]
    gives_text: bool
    used: tuple[tuple[str, LocalEntry], ...]

    @property
    def takes_messages(self) -> bool:
        """Whether its worker can take a whole message apart and put it together again."""
        return self.kind == "xslt1" and not self.gives_text

    def is_current(self, environment: Environment) -> bool:
        """Whether it would be made of the same entries there."""
        return all(environment.local_entry(key) is entry for key, entry in self.used)


def program(
    kind: Kind, sources: dict[str, str], resources: Resources, *, main: str = MAIN, gives_text: bool = False
) -> Program:
    digest = hashlib.sha256(f"{kind}\0{main}".encode())
    for uri, source in sources.items():
        digest.update(f"\0{uri}\0{source}".encode())
    return Program(kind, digest.hexdigest(), main, sources, gives_text, tuple(resources.used))


def query(key: str, environment: Environment) -> Program:
    """
    The query that an entry holds as text, or as the text of an element.

    Raises:
        MediationError: there is no such entry.
    """
    resources = Resources(environment, {})
    entry = resources.entry(key)
    if entry is None:
        raise MediationError(f"No object found for the key '{key}'")
    text = entry.value if isinstance(entry.value, str) else (entry.value.text or "")
    return program("xquery", {MAIN: text}, resources)


def stylesheet(key: str, environment: Environment, locations: Mapping[str, str]) -> Program:
    """
    The stylesheet that an entry holds, with what it includes and imports.

    One that uses XSLT 2.0 is run as that whatever version it claims, as the originals do.

    Args:
        locations: keys of modules by location.

    Raises:
        MediationError: there is no such entry, or one is no stylesheet.
    """
    resources = Resources(environment, locations)
    modules: dict[str, etree._Element] = {}
    _collect(key, resources, modules)
    gives_text = _set_output(list(modules.values())) == "text"
    if any(map(_is_xslt2, modules.values())):
        return program("xslt", {MAIN: _embedded(key, modules, ())}, resources, gives_text=gives_text)
    return program("xslt1", _linked(modules), resources, gives_text=gives_text)


def _collect(key: str, resources: Resources, modules: dict[str, etree._Element]) -> None:
    """Add a module and all that it needs, by key. Their ``href`` are keys from then on."""
    entry = resources.entry(key)
    if entry is None:
        raise MediationError(f"there is no local entry {key}")
    if len(modules) >= MAX_MODULES:
        raise MediationError(f"a stylesheet of more than {MAX_MODULES} modules")
    try:
        root = modules[key] = parse_xml(entry_text(entry).strip())
    except XmlError as exc:
        raise MediationError(f"the stylesheet {key} is not XML: {exc}") from exc
    for part in _links(root):
        target = resources.key_of(part.get("href", ""), key)
        part.set("href", target)
        if target not in modules:
            _collect(target, resources, modules)


def _links(root: etree._Element) -> list[etree._Element]:
    return list(root.iterchildren(f"{XSL}import", f"{XSL}include"))


def _is_xslt2(root: etree._Element) -> bool:
    version = root.get("version") if root.tag in _STYLESHEETS else root.get(f"{XSL}version")
    if version is None or not version.strip().startswith("1"):
        return version is not None
    return any(
        element.tag in _XSLT2_ELEMENTS or any(_XSLT2_CALLS.search(str(text)) for text in element.attrib.values())
        for element in root.iter("*")
    )


def _set_output(roots: Sequence[etree._Element]) -> str:
    """
    Have XML written in UTF-8 and without a DOCTYPE, unless it is text: HTML would not be well-formed.

    Returns:
        The method, ``xml`` or ``text``. What the first module says counts most.
    """
    outputs = [part for root in roots for part in root.iterchildren(f"{XSL}output") if part.get("name") is None]
    method = "text" if next((part.get("method") for part in outputs if part.get("method")), "") == "text" else "xml"
    main = roots[0]
    if main.tag in _STYLESHEETS and all(part.getparent() is not main for part in outputs):
        imports = main.findall(f"{XSL}import")  # which come before all else
        outputs.append(etree.Element(f"{XSL}output"))
        main.insert(main.index(imports[-1]) + 1 if imports else 0, outputs[-1])
    for output in outputs:
        for name in ("doctype-public", "doctype-system", "standalone"):
            output.attrib.pop(name, None)
        output.attrib.update({"method": method, "encoding": "UTF-8", "omit-xml-declaration": "yes"})
    return method


def _linked(modules: Mapping[str, etree._Element]) -> dict[str, str]:
    """All modules by URI, for a processor that asks for them; the first one is :data:`MAIN`."""
    uris = {key: f"esb:{number}" if number else MAIN for number, key in enumerate(modules)}
    for root in modules.values():
        for part in _links(root):
            part.set("href", uris[part.get("href", "")])
    return {uris[key]: to_text(root) for key, root in modules.items()}


def _embedded(key: str, modules: Mapping[str, etree._Element], path: tuple[str, ...]) -> str:
    """A module with the others inside it as ``data:`` URIs, for a processor that reads nothing else."""
    if key in path:
        raise MediationError(f"the stylesheet {key} includes itself")
    root = copy.deepcopy(modules[key])
    for part in _links(root):
        content = _embedded(part.get("href", ""), modules, (*path, key))
        if len(content) > MAX_EMBEDDED:
            raise MediationError(f"the modules of the stylesheet {key} are too large together")
        part.set("href", f"data:application/xml;base64,{base64.b64encode(content.encode()).decode()}")
    return to_text(root)
