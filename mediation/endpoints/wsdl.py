"""``<wsdl>``: an endpoint whose address is that of a port in a WSDL document."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from lxml import etree

from mediation.endpoints.address import with_postfix
from mediation.endpoints.leaf import EndpointProperty, Leaf
from mediation.endpoints.settings import read_settings
from mediation.endpoints.suspension import Suspension
from mediation.errors import ConfigurationError, ConnectionFailed, EndpointError, GrammarError
from mediation.grammar import elements, local_name
from mediation.message import MessageContext
from mediation.payloads.xml import parse_xml
from mediation.transports import Answer, scheme_of
from mediation.transports.addresses import without_user
from mediation.transports.http import HTTP

if TYPE_CHECKING:
    from mediation.compiler import Compiler

WSDL_NS: Final = "http://schemas.xmlsoap.org/wsdl/"

MAX_DOCUMENT: Final = 4 * 1024 * 1024
FETCH_SECONDS: Final = 30.0


@dataclass(slots=True)
class _Port:
    """The address, once it is known, and the task that is finding it out."""

    address: str | None = None
    finding: asyncio.Task[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WsdlEndpoint(Leaf):
    """
    An endpoint whose address is that of a port in a WSDL document.

    ::

        <endpoint><wsdl uri="http://localhost:9000/stock?wsdl" service="Stock" port="StockSoap11"/></endpoint>

    The document is inside the element, or where ``uri`` says: behind ``http:`` or ``https:``, in a file, or under a key
    of a local entry or the registry. It is read when the first message comes, and kept as long as the artifact is not
    changed.
    """

    source: str
    service: str
    port: str
    found: _Port = field(default_factory=_Port, repr=False)

    @property
    def address_text(self) -> str:
        return self.found.address or self.source

    def uri(self, ctx: MessageContext) -> str:
        address = self.found.address
        if address is None:
            raise EndpointError(f"the address of the port {self.port} is not known yet")
        return with_postfix(address, ctx, self.settings.options.format)

    def send(self, ctx: MessageContext, *, though_suspended: bool = False) -> Answer | Awaitable[Answer | None] | None:
        if self.found.address is None and self.suspension.is_ready():
            return self._find_and_send(ctx)
        return Leaf.send(self, ctx, though_suspended=though_suspended)

    async def _find_and_send(self, ctx: MessageContext) -> Answer | None:
        finding = self.found.finding
        if finding is None:
            finding = self.found.finding = asyncio.get_running_loop().create_task(self._find(ctx))
            finding.add_done_callback(self._forget)
        try:
            # Messages that come meanwhile wait for the same answer; one that gives up does not end it for the others.
            self.found.address = await asyncio.shield(finding)
        except EndpointError as exc:
            self._failed(ctx, self.source, exc)
            raise
        outcome = Leaf.send(self, ctx)
        return outcome if outcome is None or isinstance(outcome, Answer) else await outcome

    def _forget(self, finding: asyncio.Task[str]) -> None:
        self.found.finding = None

    async def _find(self, ctx: MessageContext) -> str:
        try:
            return address_of(await self._read(ctx), self.service, self.port)
        except ConfigurationError as exc:
            raise EndpointError(f"the WSDL {self.source} cannot be used: {exc.message}") from exc

    async def _read(self, ctx: MessageContext) -> etree._Element:
        scheme = scheme_of(self.source)
        if scheme in ("http", "https"):
            return parse_xml(await HTTP.fetch(self.source, MAX_DOCUMENT, FETCH_SECONDS))
        entry = ctx.environment.local_entry(_path(self.source) if scheme == "file" else self.source)
        if entry is None and scheme == "file":
            return parse_xml(await asyncio.to_thread(_read_file, self.source))
        if entry is None:
            raise ConnectionFailed(self.source, f"the WSDL {self.source} is not there")
        return parse_xml(entry.value) if isinstance(entry.value, str) else entry.value


def _path(uri: str) -> str:
    return unquote(urlsplit(uri).path)


def _read_file(uri: str) -> bytes:
    path = Path(_path(uri))
    try:
        with path.open("rb") as document:
            content = document.read(MAX_DOCUMENT + 1)
    except OSError as exc:
        raise ConnectionFailed(uri, f"the WSDL {uri} cannot be read: {exc.strerror}") from exc
    if len(content) > MAX_DOCUMENT:
        raise ConnectionFailed(uri, f"the WSDL {uri} is larger than {MAX_DOCUMENT} bytes")
    return content


def address_of(definitions: etree._Element, service: str, port: str) -> str:
    """
    The address of a port.

    Raises:
        GrammarError: the document has no such port, or the port no address.
    """
    for each in definitions.iterfind(f"{{{WSDL_NS}}}service"):
        if each.get("name") == service:
            for candidate in each.iterfind(f"{{{WSDL_NS}}}port"):
                # soap:address, soap12:address or http:address
                address = candidate.find("{*}address")
                if candidate.get("name") == port and address is not None and address.get("location"):
                    return address.get("location", "")
    raise GrammarError(f"it has no port {port} of a service {service} with an address")


def read_wsdl(
    element: etree._Element, compiler: Compiler, name: str, properties: tuple[EndpointProperty, ...]
) -> WsdlEndpoint:
    """
    Raises:
        ConfigurationError: it does not say where the document is, or which port of it is meant.
    """
    service, port = element.get("service"), element.get("port")
    if not service or not port:
        raise GrammarError.missing("wsdl", 'the attributes "service" and "port"', element.sourceline)
    source = (element.get("uri") or "").strip()
    inline = next((part for part in elements(element) if local_name(part) == f"{{{WSDL_NS}}}definitions"), None)
    if not source and inline is None:
        raise GrammarError.missing("wsdl", 'the attribute "uri" or a child <definitions>', element.sourceline)
    return WsdlEndpoint(
        name=name,
        kind="WSDL",
        settings=read_settings(element, compiler),
        suspension=Suspension(f"{name} with address {without_user(source)}"),
        properties=properties,
        source=source,
        service=service,
        port=port,
        found=_Port(None if inline is None else address_of(inline, service, port)),
    )
