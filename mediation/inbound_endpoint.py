"""``<inboundEndpoint>``: a port where WebSocket clients connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediation.errors import GrammarError, NotRunnable
from mediation.grammar import artifact, elements, find, local_name

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

PROTOCOLS: Final = frozenset({"ws"})

KEPT_PROTOCOLS: Final = frozenset(
    {"wss", "http", "https", "httpws", "httpswss", "file", "jms", "hl7", "rabbitmq", "mqtt", "kafka", "class"}
    | {"wso2_mb", "feed", "cxf_ws_rm", "tcp"}
)
"""Protocols of the language that are stored and reported, but not served in this version."""

WITHOUT_EFFECT: Final = frozenset({"ws.boss.thread.pool.size", "ws.worker.thread.pool.size", "sequential"})
"""Parameters that are accepted and change nothing: all connections share one event loop, each in its own order."""

LATER: Final = frozenset({"ws.subprotocol.handler.class", "ws.pipeline.handler.class"})
"""Parameters that would change what the endpoint does, so that it cannot run without them."""

PARAMETERS: Final = (
    frozenset(
        {
            "inbound.ws.port",
            "ws.client.side.broadcast.level",
            "ws.outflow.dispatch.sequence",
            "ws.outflow.dispatch.fault.sequence",
            "ws.default.content.type",
            "dispatch.custom.sequence",
            "ws.use.port.offset",
            "ws.shutdown.status.code",
            "ws.shutdown.status.message",
            "ws.propagate.close",
            "ws.inject.lifecycle",
            "ws.allowed.origins",
        }
    )
    | WITHOUT_EFFECT
    | LATER
)


@dataclass(frozen=True, slots=True)
class InboundEndpoint:
    """
    A compiled WebSocket inbound endpoint.

    Attributes:
        sequence: name of the sequence for messages of clients; ``main`` runs when it is not deployed.
        on_error: name of the sequence that runs when mediation of a client's message fails; ``fault`` by default.
        suspended: deployed, but its port is closed.
        port: as configured; see :meth:`port_with_offset`.
        broadcast_level: who gets what ``<respond/>`` writes: 0 the client itself, 1 all clients of the path, 2 all
        others.
        outflow_sequence: for messages of back-ends; ``main`` when ``None`` or not deployed.
        outflow_fault_sequence: runs when mediation of a back-end's message fails.
        default_content_type: media type of clients' frames when no sub-protocol says it.
        dispatch_custom: choose the sequence by the request path (``/a/b`` runs ``a-b`` if that is deployed).
        shutdown_code: code of the Close that clients get when the endpoint goes away.
        propagate_close: whether the end of a back-end's connection ends the client's.
        inject_lifecycle: whether handshakes and disconnects run through the sequence as messages of their own.
        allowed_origins: values of ``Origin`` that browsers may come from, ``*`` for any; empty allows the same host
        name only.
        parameters: all parameters as they stand, by name.
    """

    name: str
    protocol: str
    sequence: str | None
    on_error: str | None
    suspended: bool
    port: int
    use_port_offset: bool = False
    broadcast_level: int = 0
    outflow_sequence: str | None = None
    outflow_fault_sequence: str | None = None
    default_content_type: str | None = None
    dispatch_custom: bool = False
    shutdown_code: int = 1001
    shutdown_reason: str = "shutdown"
    propagate_close: bool = True
    inject_lifecycle: bool = True
    allowed_origins: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    def port_with_offset(self, offset: int) -> int:
        """The port to open, on a server whose port offset is ``offset``."""
        return self.port + offset if self.use_port_offset else self.port


@artifact("inboundEndpoint")
def read_inbound_endpoint(element: etree._Element, compiler: Compiler) -> InboundEndpoint:
    """
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
    parameters = _Parameters(element, compiler)
    endpoint = InboundEndpoint(
        name=name,
        protocol=protocol,
        sequence=_sequence(element, "sequence", compiler),
        on_error=_sequence(element, "onError", compiler),
        suspended=(element.get("suspend") or "false").strip().lower() == "true",
        port=parameters.port(),
        use_port_offset=parameters.flag("ws.use.port.offset", False),
        broadcast_level=parameters.broadcast_level(),
        outflow_sequence=parameters.sequence("ws.outflow.dispatch.sequence"),
        outflow_fault_sequence=parameters.sequence("ws.outflow.dispatch.fault.sequence"),
        default_content_type=parameters.text("ws.default.content.type"),
        dispatch_custom=parameters.flag("dispatch.custom.sequence", False),
        shutdown_code=parameters.shutdown_code(),
        shutdown_reason=parameters.text("ws.shutdown.status.message") or "shutdown",
        propagate_close=parameters.flag("ws.propagate.close", True),
        inject_lifecycle=parameters.lifecycle(),
        allowed_origins=tuple((parameters.text("ws.allowed.origins") or "").replace(",", " ").split()),
        parameters=parameters.values,
    )
    parameters.report_unknown()
    return endpoint


def _protocol(element: etree._Element) -> str:
    protocol = (element.get("protocol") or "").strip()
    if protocol in PROTOCOLS:
        return protocol
    if protocol in KEPT_PROTOCOLS or element.get("class"):
        what = f'the inbound protocol "{protocol}"' if protocol else "an inbound endpoint with a Java class"
        raise NotRunnable(what, line=element.sourceline)
    raise GrammarError.choice("inboundEndpoint", "protocol", protocol, sorted(PROTOCOLS), element.sourceline)


def _sequence(element: etree._Element, attribute: str, compiler: Compiler) -> str | None:
    name = element.get(attribute) or None
    if name is not None:
        compiler.refer("sequence", name, element)
    return name


class _Parameters:
    """The ``<parameter>`` children, with the rules for each."""

    def __init__(self, element: etree._Element, compiler: Compiler) -> None:
        self._element = element
        self._compiler = compiler
        self._places: dict[str, etree._Element] = {}
        self.values: dict[str, str] = {}
        container = find(element, "parameters")
        for part in elements(container) if container is not None else ():
            name = part.get("name") or ""
            if part.get("key") is not None:
                raise NotRunnable(f'parameter "{name}" with a registry key', line=part.sourceline)
            self._places[name] = part
            self.values[name] = (part.text or "").strip()

    def place(self, name: str) -> etree._Element:
        return self._places.get(name, self._element)

    def text(self, name: str) -> str | None:
        return self.values.get(name) or None

    def flag(self, name: str, default: bool) -> bool:
        text = self.text(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            self._compiler.warning(
                f'parameter {name} "{text}" is not true or false; it counts as false', self.place(name)
            )
        return text.lower() == "true"

    def sequence(self, name: str) -> str | None:
        sequence = self.text(name)
        if sequence is not None:
            self._compiler.refer("sequence", sequence, self.place(name))
        return sequence

    def port(self) -> int:
        text = self.values.get("inbound.ws.port", "")
        if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
            return int(text)
        raise GrammarError(
            f"Validation failed for the port parameter {text}".rstrip()
            + ": inbound.ws.port takes a number from 1 to 65535",
            self.place("inbound.ws.port").sourceline,
        )

    def broadcast_level(self) -> int:
        name = "ws.client.side.broadcast.level"
        text = self.text(name)
        if text is None:
            return 0
        try:
            level = int(text)
        except ValueError:
            raise GrammarError(
                "Validation failed. Broadcast level parameter should not contain any special characters",
                self.place(name).sourceline,
            ) from None
        if level not in (0, 1, 2):
            raise GrammarError("Validation failed. Unknown client broadcast level.", self.place(name).sourceline)
        return level

    def shutdown_code(self) -> int:
        name = "ws.shutdown.status.code"
        text = self.text(name)
        if text is None:
            return 1001
        if text.isascii() and text.isdigit() and 1000 <= int(text) <= 4999:
            return int(text)
        self._compiler.warning(
            f'Please specify a valid Integer for {name}, from 1000 to 4999; "{text}" counts as 1001', self.place(name)
        )
        return 1001

    def lifecycle(self) -> bool:
        text = (self.text("ws.inject.lifecycle") or "all").lower()
        if text not in ("all", "none"):
            self._compiler.warning(
                f'parameter ws.inject.lifecycle "{text}" is not all or none; it counts as all',
                self.place("ws.inject.lifecycle"),
            )
        return text != "none"

    def report_unknown(self) -> None:
        for name, text in self.values.items():
            place = self.place(name)
            if name not in PARAMETERS:
                self._compiler.warning(f'parameter "{name}" is not known; it is ignored', place)
            elif name in WITHOUT_EFFECT:
                self._compiler.info(f'parameter "{name}" is accepted, but has no effect', place)
            elif name in LATER and text:
                self._compiler.error(NotRunnable(f'parameter "{name}"', line=place.sourceline), place)
