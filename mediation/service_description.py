"""What a proxy service answers to ``?wsdl``: the document that ``<publishWSDL>`` names, or one that is made for it."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from mediation.errors import ConfigurationError, GrammarError, MediationError
from mediation.grammar import elements, local_name
from mediation.payloads.xml import parse_xml
from mediation.transports import scheme_of
from mediation.transports.http import HTTP

if TYPE_CHECKING:
    from mediation.compiler import Compiler
    from mediation.environment import Environment

WSDL_NS: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL2_NS: Final = "http://www.w3.org/ns/wsdl"
MAX_DOCUMENT: Final = 4 * 1024 * 1024
FETCH_SECONDS: Final = 30.0

_LOCATIONS: Final = ("schemaLocation", "location")
"""Attributes of an import or include that say where the other document is."""


class NoDescription(MediationError):
    """The document that a proxy service publishes cannot be had."""


RETRY_SECONDS: Final = 30.0
"""For how long a document that could not be fetched is not asked for again."""


class Fetched:
    """A document behind an address. All who ask share one request; the document is kept, and for a while a failure."""

    __slots__ = ("_document", "_failure", "_lock", "_retry_at")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._document: etree._Element | None = None
        self._failure = ""
        self._retry_at = 0.0

    async def document(self, url: str) -> etree._Element:
        """
        Raises:
            NoDescription: it cannot be had.
        """
        async with self._lock:
            if self._document is None:
                if time.monotonic() < self._retry_at:
                    raise NoDescription(self._failure)
                self._document = await self._fetch(url)
            return self._document

    async def _fetch(self, url: str) -> etree._Element:
        try:
            return parse_xml(await HTTP.fetch(url, MAX_DOCUMENT, FETCH_SECONDS))
        except (ConfigurationError, MediationError) as exc:
            self._failure = f"the WSDL {url} cannot be read: {exc}"
            self._retry_at = time.monotonic() + RETRY_SECONDS
            raise NoDescription(self._failure) from exc


@dataclass(frozen=True, slots=True)
class PublishedWsdl:
    """
    ``<publishWSDL>``.

    Attributes:
        source: an address or a key; ``None`` if the document is inside.
        inline: the document; it is shared, and never changed.
        resources: keys of the documents that it imports, by the locations that it imports them from.
        fetched: the document behind an ``http`` address.
    """

    source: str | None
    inline: etree._Element | None
    resources: Mapping[str, str]
    fetched: Fetched = field(default_factory=Fetched, repr=False)


def read_publish_wsdl(element: etree._Element, compiler: Compiler) -> PublishedWsdl | None:
    """
    What the service publishes; ``None`` if that is the document of an endpoint, which is not read.

    Raises:
        GrammarError: it does not say where the document is.
    """
    if element.get("endpoint"):
        compiler.warning("publishWSDL by endpoint has no effect; use key or uri", element, "proxy.without-effect")
        return None
    source = (element.get("uri") or element.get("key") or "").strip()
    if not element.get("uri") and source:
        compiler.refer("localEntry", source, element)
    resources, inline = {}, None
    for part in elements(element):
        if local_name(part) == "resource":
            location, key = part.get("location"), part.get("key")
            if not location or not key:
                raise GrammarError.missing("resource", 'the attributes "location" and "key"', part.sourceline)
            compiler.refer("localEntry", key, part)
            resources[location] = key
        elif local_name(part) in (f"{{{WSDL_NS}}}definitions", f"{{{WSDL2_NS}}}description"):
            inline = part
    if not source and inline is None:
        raise GrammarError.missing("publishWSDL", 'the attribute "uri" or "key", or a document', element.sourceline)
    return PublishedWsdl(source or None, inline, resources)


async def describe(
    published: PublishedWsdl, query: str, address: str, environment: Environment, *, keep_addresses: bool = False
) -> bytes:
    """
    The document, with the service's own address in its ports, or one of those that it imports.

    Args:
        query: of the request: ``wsdl``, or ``xsd=LOCATION`` or ``wsdl=LOCATION`` for an imported document.
        address: that of the service, as its client sees it.
        keep_addresses: leave those that the document has.

    Raises:
        NoDescription: there is no such document, or it cannot be read.
    """
    _, equals, location = query.partition("=")
    if equals:
        key = published.resources.get(unquote(location))
        if key is None:
            raise NoDescription(f"there is no document {unquote(location)}")
        document = _entry(key, environment)
    else:
        document = await _document(published, environment)
    document = copy.deepcopy(document)
    for part in document.iter("{*}import", "{*}include"):
        for name in _LOCATIONS:
            imported = part.get(name)
            if imported is not None and imported in published.resources:
                part.set(name, f"{address}?xsd={quote(imported, safe='/')}")
    if not keep_addresses:
        _set_addresses(document, address)
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True)


async def _document(published: PublishedWsdl, environment: Environment) -> etree._Element:
    source = published.source
    if source is None:
        assert published.inline is not None
        return published.inline
    if scheme_of(source) not in ("http", "https"):
        return _entry(source, environment)
    return await published.fetched.document(source)


def _entry(key: str, environment: Environment) -> etree._Element:
    # As with local entries, a file is one of the registry: no other is read.
    path = f"/{unquote(urlsplit(key).path).lstrip('/')}" if scheme_of(key) == "file" else key
    entry = environment.local_entry(path)
    if entry is None:
        raise NoDescription(f"the WSDL {key} is not there")
    if not isinstance(entry.value, str):
        return entry.value
    try:
        return parse_xml(entry.value)
    except ConfigurationError as exc:
        raise NoDescription(f"the WSDL {key} cannot be read: {exc}") from exc


def _set_addresses(document: etree._Element, address: str) -> None:
    """Say in each port of a WSDL 1.1, or endpoint of a WSDL 2.0, where the service is."""
    for part in document.iterfind(f"{{{WSDL_NS}}}service/{{{WSDL_NS}}}port/{{*}}address"):
        part.set("location", address)
    for part in document.iterfind(f"{{{WSDL2_NS}}}service/{{{WSDL2_NS}}}endpoint"):
        part.set("address", address)


_BINDING: Final = """  <wsdl:binding name="{name}Soap{version}Binding" type="ns:{name}PortType">
    <soap{version}:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
    <wsdl:operation name="mediate">
      <soap{version}:operation soapAction="urn:mediate" style="document"/>
      <wsdl:input><soap{version}:body use="literal"/></wsdl:input>
      <wsdl:output><soap{version}:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
"""
_PORT: Final = """    <wsdl:port name="{port}" binding="ns:{name}Soap{version}Binding">
      <soap{version}:address location={address}/>
    </wsdl:port>
"""
_DOCUMENT: Final = """<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap11="http://schemas.xmlsoap.org/wsdl/soap/" \
xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:ns="http://ws.apache.org/axis2" targetNamespace="http://ws.apache.org/axis2">
  <wsdl:documentation>{title}</wsdl:documentation>
  <wsdl:types>
    <xs:schema targetNamespace="http://ws.apache.org/axis2" elementFormDefault="qualified">
      <xs:element name="mediate" type="xs:anyType"/>
    </xs:schema>
  </wsdl:types>
  <wsdl:message name="mediateRequest"><wsdl:part name="payload" element="ns:mediate"/></wsdl:message>
  <wsdl:message name="mediateResponse"><wsdl:part name="payload" element="ns:mediate"/></wsdl:message>
  <wsdl:portType name="{name}PortType">
    <wsdl:operation name="mediate">
      <wsdl:input message="ns:mediateRequest"/>
      <wsdl:output message="ns:mediateResponse"/>
    </wsdl:operation>
  </wsdl:portType>
{bindings}  <wsdl:service name="{name}">
{ports}  </wsdl:service>
</wsdl:definitions>
"""


def generated(name: str, address: str, scheme: str) -> bytes:
    """
    A WSDL for a proxy service that publishes none: the one operation ``mediate``, which takes and gives anything.

    Args:
        address: that of the service, as its client sees it.
        scheme: of that address; it is part of the names of the ports, as clients of the originals know them.
    """
    written = escape(name)
    bindings, ports = [], []
    for version in ("11", "12"):
        port = f"{name}{scheme.capitalize()}Soap{version}Endpoint"
        location = quoteattr(f"{address}.{quote(port)}")
        bindings.append(_BINDING.format(name=written, version=version))
        ports.append(_PORT.format(name=written, version=version, port=escape(port), address=location))
    document = _DOCUMENT.format(title=written, name=written, bindings="".join(bindings), ports="".join(ports))
    return document.encode()
