"""``<inboundEndpoint>``: a port where WebSocket clients connect, or what another protocol makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypedDict

from mediation.access import AccessRules, check_access
from mediation.conversation_parameters import ConversationParameters
from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.grammar import artifact, elements, local_name
from mediation.inbound_tls import InboundTls, check_tls
from mediation.limit_parameters import ClientConnectionParameters
from mediation.parameters import FLAG, ParameterReader, choice, flag, names, parameter, parameter_group
from mediation.transports.websocket import is_close_code

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

PROTOCOLS: Final = frozenset({"ws", "wss"})

Reader = Callable[["etree._Element", "Compiler"], object]

READERS: Final[dict[str, Reader]] = {}
"""
Readers of endpoints of other protocols, and of those with a class (``class``); filled when :mod:`mediation.compiler`
is imported. What they return has ``name``, ``protocol``, ``suspended`` and ``port_with_offset()``.
"""

KEPT_PROTOCOLS: Final = frozenset({"jms", "hl7", "rabbitmq", "mqtt", "kafka", "wso2_mb", "feed", "cxf_ws_rm", "tcp"})
"""Protocols of the language that are stored and reported, but not served in this version."""

WITHOUT_EFFECT: Final = {
    "ws.boss.thread.pool.size": "all connections share one event loop",
    "ws.worker.thread.pool.size": "all connections share one event loop",
    "sequential": "messages of one client are always mediated one after the other",
}

# -- what the parameters take; texts of errors are the originals', word for word


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    said = f"Validation failed for the port parameter {text}".rstrip()
    raise GrammarError(f"{said}: inbound.ws.port takes a number from 1 to 65535")


_LEVELS: Final = "ws.client.side.broadcast.level takes 0, 1 or 2"


def _broadcast_level(text: str) -> int:
    try:
        level = int(text)
    except ValueError:
        said = "Validation failed. Broadcast level parameter should not contain any special characters"
        raise GrammarError(f"{said}: {_LEVELS}") from None
    if level not in (0, 1, 2):
        raise GrammarError(f"Validation failed. Unknown client broadcast level. {_LEVELS}")
    return level


def _shutdown_code(text: str) -> int:
    if text.isascii() and text.isdigit() and is_close_code(int(text)):
        return int(text)
    raise GrammarError(
        f'Please specify a valid Integer for ws.shutdown.status.code, such as 1001 or 3000 to 4999, not "{text}"'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEndpoint:
    """
    A compiled WebSocket inbound endpoint.

    Attributes:
        sequence: name of the sequence for messages of clients; ``main`` runs when it is not deployed.
        on_error: name of the sequence that runs when mediation of a client's message fails; ``fault`` by default.
        suspended: deployed, but its port is closed.
        parameters: all parameters as they stand, by name.
    """

    name: str
    protocol: str
    sequence: str | None
    on_error: str | None
    suspended: bool
    parameters: Mapping[str, str] = field(default_factory=dict)

    port: int = parameter("inbound.ws.port", _port, 0, required=True, help="TCP port", values="1 to 65535, required")
    use_port_offset: bool = parameter(
        "ws.use.port.offset", flag, False, lenient=True, values=FLAG, help="add `ESB_PORT_OFFSET` to the port"
    )
    outflow_sequence: str | None = parameter(
        "ws.outflow.dispatch.sequence",
        refers="sequence",
        values="sequence; `main`",
        help="for messages of back-ends",
    )
    outflow_fault_sequence: str | None = parameter(
        "ws.outflow.dispatch.fault.sequence",
        refers="sequence",
        values="sequence; `fault`",
        help="runs when mediation of a back-end's message fails",
    )
    broadcast_level: int = parameter(
        "ws.client.side.broadcast.level",
        _broadcast_level,
        0,
        values="0, 1, 2",
        help="who gets what `<respond/>` writes: 0 the client itself, 1 all clients of the endpoint on the same path, "
        "2 all of them but the client",
    )
    default_content_type: str | None = parameter(
        "ws.default.content.type",
        values="media type",
        help="what clients' frames hold when no sub-protocol says it",
    )
    dispatch_custom: bool = parameter(
        "dispatch.custom.sequence",
        flag,
        False,
        lenient=True,
        values=FLAG,
        help="the path chooses the sequence: `/a/b` runs `a-b` if that is deployed",
    )
    shutdown_code: int = parameter(
        "ws.shutdown.status.code",
        _shutdown_code,
        1001,
        lenient=True,
        values="a code that a Close may carry",
        help="code of the Close that clients get when the endpoint goes away",
    )
    shutdown_reason: str = parameter("ws.shutdown.status.message", default="shutdown", help="its reason")
    propagate_close: bool = parameter(
        "ws.propagate.close",
        flag,
        True,
        lenient=True,
        fallback=False,
        values=FLAG,
        help="the end of a back-end's connection ends the client's",
    )
    inject_lifecycle: str = parameter(
        "ws.inject.lifecycle",
        choice("all", "none"),
        "all",
        lenient=True,
        values="all, none",
        help="whether handshakes and disconnects run through the sequence",
    )
    allowed_origins: tuple[str, ...] = parameter(
        "ws.allowed.origins",
        names,
        (),
        values="origins, or `*`",
        help="which web pages may connect, beside those of the same host name",
    )
    access: AccessRules = parameter_group(AccessRules)
    conversation: ConversationParameters = parameter_group(ConversationParameters)
    tls: InboundTls = parameter_group(InboundTls)
    limits: ClientConnectionParameters = parameter_group(ClientConnectionParameters)

    def port_with_offset(self, offset: int) -> int:
        """The port to open, on a server whose port offset is ``offset``."""
        return self.port + offset if self.use_port_offset else self.port


@artifact("inboundEndpoint")
def read_inbound_endpoint(element: etree._Element, compiler: Compiler) -> object:
    """
    An :class:`InboundEndpoint`, or what the reader of another protocol makes of it.

    Raises:
        ConfigurationError: a parameter is missing or wrong; the texts are the originals'.
    """
    name = element.get("name")
    if not name:
        raise GrammarError("Inbound Endpoint name cannot be null", element.sourceline)
    for attribute in element.attrib:
        if attribute not in {"name", "protocol", "class", "sequence", "onError", "suspend", "statistics", "trace"}:
            compiler.warning(f'<inboundEndpoint> does not know the attribute "{attribute}"; it is ignored', element)
    for part in elements(element):
        if local_name(part) == "handlers":
            raise NotRunnable("<handlers> of an inbound endpoint", line=part.sourceline)
    protocol = _protocol(element)
    if protocol in READERS:
        return READERS[protocol](element, compiler)
    reader = ParameterReader(element, compiler)
    reader.report_others(InboundEndpoint, WITHOUT_EFFECT, {})
    values = reader.read(InboundEndpoint)
    check_access(values["access"], protocol, reader, compiler)
    check_tls(values["tls"], protocol, reader, compiler)
    return InboundEndpoint(
        name=name,
        protocol=protocol,
        **common_attributes(element, compiler),
        parameters=reader.texts,
        **values,
    )


def common_attributes(element: etree._Element, compiler: Compiler) -> CommonAttributes:
    """What endpoints of all protocols have."""
    return {
        "sequence": _sequence(element, "sequence", compiler),
        "on_error": _sequence(element, "onError", compiler),
        "suspended": (element.get("suspend") or "false").strip().lower() == "true",
    }


class CommonAttributes(TypedDict):
    sequence: str | None
    on_error: str | None
    suspended: bool


def _protocol(element: etree._Element) -> str:
    protocol = (element.get("protocol") or "").strip()
    if protocol in PROTOCOLS or protocol in READERS:
        return protocol
    if protocol in KEPT_PROTOCOLS:
        raise NotRunnable(f'the inbound protocol "{protocol}"', line=element.sourceline, needs=Needs.TRANSPORT)
    if element.get("class"):
        return "class"
    choices = sorted(PROTOCOLS | READERS.keys() - {"class"})
    raise GrammarError.choice("inboundEndpoint", "protocol", protocol, choices, element.sourceline)


def _sequence(element: etree._Element, attribute: str, compiler: Compiler) -> str | None:
    name = element.get(attribute) or None
    if name is not None:
        compiler.refer("sequence", name, element)
    return name
