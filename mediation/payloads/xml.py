"""
The only XML parser of the code base, and how elements are written.

What comes from outside is never trusted: a DOCTYPE is refused, so there are no entities to expand and nothing to fetch.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from mediation.errors import XmlError

SYNAPSE_NS: Final = "http://ws.apache.org/ns/synapse"
SOAP11_NS: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12_NS: Final = "http://www.w3.org/2003/05/soap-envelope"
PAYLOAD_NS: Final = "http://ws.apache.org/commons/ns/payload"
"""Of the elements that wrap a text or binary body."""

_PROLOG_WITH_DOCTYPE: Final = re.compile(rb"(?:\s|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<!DOCTYPE\b", re.DOTALL)

_STRING: Final = etree.XPath("string()", regexp=False, smart_strings=False)
_HAS_XSI_TYPE: Final = etree.XPath(
    "boolean(descendant-or-self::*/@xsi:type)",
    namespaces={"xsi": "http://www.w3.org/2001/XMLSchema-instance"},
    regexp=False,
)


def _parser(encoding: str | None, remove_blank_text: bool) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        remove_blank_text=remove_blank_text,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
    )


_BYTES: Final = {blank: _parser(None, blank) for blank in (False, True)}
# Text has lost its encoding: whatever the XML declaration says about it no longer holds.
_TEXT: Final = {blank: _parser("utf-8", blank) for blank in (False, True)}


def parse_xml(source: bytes | str, *, remove_blank_text: bool = False) -> etree._Element:
    """
    Parse a whole document.

    Args:
        source: bytes are decoded as their byte order mark or XML declaration says.
        remove_blank_text: drop text that only indents.

    Returns:
        The root element. Comments and processing instructions beside the root stay its siblings.

    Raises:
        XmlError: not well-formed, nested deeper than 256 elements, or with a DOCTYPE.
    """
    try:
        content = source.encode("utf-8") if isinstance(source, str) else source
    except UnicodeEncodeError as exc:
        raise XmlError("half a surrogate pair is not a character") from exc
    parsers = _TEXT if isinstance(source, str) else _BYTES
    try:
        root = etree.fromstring(content, parsers[remove_blank_text])
    except etree.XMLSyntaxError as exc:
        # What the parser stumbled over may be an entity that the DOCTYPE declares.
        if _PROLOG_WITH_DOCTYPE.match(content):
            raise _doctype() from exc
        line, column = exc.position
        raise XmlError(_reason(exc), line, column) from exc
    if _may_hide_doctype(content) and root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    return root


def _may_hide_doctype(content: bytes) -> bool:
    """Without a declaration that may name another encoding, a DOCTYPE is spelled out, and quickly found."""
    return content[:1] != b"<" or content[1:2] in b"?\0" or b"<!DOCTYPE" in content


def parse_modules(source: str, uri: str, modules: Mapping[str, str]) -> etree._Element:
    """
    Parse a stylesheet or schema that consists of several documents.

    Args:
        uri: of the document itself.
        modules: text by URI, of all that it may include or import. Nothing else is read.

    Raises:
        XmlError: as for :func:`parse_xml`.
    """
    parser = _parser("utf-8", False)
    parser.resolvers.add(_Modules(modules))
    try:
        root = etree.fromstring(source.encode(), parser, base_url=uri)
    except etree.XMLSyntaxError as exc:
        line, column = exc.position
        raise XmlError(_reason(exc), line, column) from exc
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    return root


class _Modules(etree.Resolver):
    def __init__(self, modules: Mapping[str, str]) -> None:
        super().__init__()
        self._modules = modules

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        if system_url is None or system_url not in self._modules:
            raise LookupError(f"{system_url} is out of reach")
        return self.resolve_string(self._modules[system_url].encode(), context, base_url=system_url)


def _doctype() -> XmlError:
    return XmlError("a DOCTYPE is not allowed: remove it, and write out the entities that it declares", 1)


def _reason(exc: etree.XMLSyntaxError) -> str:
    # libxml2 appends ", line 1, column 4" to its sentence; the error keeps them as numbers.
    reason = (exc.msg or "not well-formed").rpartition(", line ")[0] or exc.msg or "not well-formed"
    # An option of the parser is nothing that the author of a document has.
    return reason.removesuffix(", use XML_PARSE_HUGE option")


def serialise(element: etree._Element, *, declaration: bool = False, encoding: str = "utf-8") -> bytes:
    """
    The element as bytes, without the text that follows it.

    Namespaces that only ancestors declare and nothing in the element uses are left out, as when an operation leaves its
    SOAP envelope.

    Args:
        declaration: put ``<?xml version='1.0' encoding='...'?>`` in front.
        encoding: any text encoding that Python knows; what it lacks becomes a character reference.
    """
    if encoding.lower() == "utf-8" and not declaration:
        return etree.tostring(_standalone(element), encoding="utf-8", with_tail=False)
    head = f"<?xml version='1.0' encoding='{encoding}'?>" if declaration else ""
    return (head + to_text(element)).encode(encoding, "xmlcharrefreplace")


def to_text(element: etree._Element) -> str:
    """The element as text, without a declaration and without the text that follows it."""
    return etree.tostring(_standalone(element), encoding="unicode", with_tail=False)


def whole_text(element: etree._Element) -> str:
    """All text in the element, as XPath's ``string()`` sees it: without comments and processing instructions."""
    return str(_STRING(element))


def _standalone(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    if parent is None or not parent.nsmap:
        return element
    if _HAS_XSI_TYPE(element):
        return element  # its value names a prefix that perhaps only an ancestor declares
    return copy.deepcopy(element)
