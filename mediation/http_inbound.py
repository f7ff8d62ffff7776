"""``<inboundEndpoint protocol="http">`` and ``https``: a port of its own for one sequence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediation.errors import GrammarError
from mediation.expressions.regex import Pattern, compile_regex
from mediation.flow import enter
from mediation.grammar import elements, find, local_name
from mediation.inbound_endpoint import READERS, common_attributes
from mediation.inbound_tls import InboundTls
from mediation.mediators.sequence import NamedSequence
from mediation.parameters import ParameterReader, names, parameter
from mediation.transports.ciphers import policy
from mediation.transports.keystores.stores import store_type

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.environment import Environment
    from mediation.flow import Outcome, Step
    from mediation.message import MessageContext

WITHOUT_EFFECT: Final = {
    **{
        f"inbound.{name}": "all requests share one event loop"
        for name in (
            "worker.pool.size.core",
            "worker.pool.size.max",
            "worker.thread.keep.alive.sec",
            "worker.pool.queue.length",
            "thread.group.id",
            "thread.id",
        )
    },
    **{
        name: "certificates of clients are not looked up in revocation lists"
        for name in ("CertificateRevocationVerifier", "certificateRevocationVerifier")
    },
    "hostname": "the setting ESB_HOST says where all ports are",
    "protocolVersion": "HTTP/1.1 is spoken",
    "protocolVersions": "HTTP/1.1 is spoken",
    "SessionTimeout": "sessions of TLS end when OpenSSL ends them",
    "HandshakeTimeout": "the setting ESB_HANDSHAKE_SECONDS says it for all ports",
    "HostnameVerifier": "clients have no host names",
}

ALIASES: Final = {"httpws": "http", "httpswss": "https"}
"""Protocols of the originals' other HTTP listener, which names its port ``port``. It speaks no WebSocket either."""

_PORT: Final = "inbound.http.port"

_XML_PARAMETERS: Final = frozenset({"keystore", "truststore"})
_TLS_PARAMETERS: Final = frozenset({"SSLVerifyClient", "HttpsProtocols", "PreferredCiphers", "SSLProtocol"})


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    said = f"Validation failed for the port parameter {text}".rstrip()
    raise GrammarError(f"{said}: inbound.http.port takes a number from 1 to 65535")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpInboundEndpoint:
    """
    A compiled HTTP inbound endpoint; what a request to it is for (:class:`mediation.exchange.Service`).

    An answer to a ``<send>`` that names no sequence runs through ``main``, or goes to the client where there is none.
    """

    name: str
    protocol: str
    sequence: str | None
    on_error: str | None
    suspended: bool
    tls: InboundTls = field(default_factory=InboundTls)

    port: int = parameter(_PORT, _port, 0, required=True, help="TCP port", values="1 to 65535, required")
    dispatch_pattern: Pattern | None = parameter(
        "dispatch.filter.pattern",
        compile_regex,
        values="regular expression",
        help="requests whose whole path matches go to APIs and proxy services; the rest runs through the sequence",
    )

    def port_with_offset(self, offset: int) -> int:
        """The port to open; the offset of the server does not count here."""
        return self.port

    @property
    def label(self) -> str:
        return f"inboundendpoint:{self.name}"

    @property
    def caption(self) -> str:
        return f"Inbound endpoint : {self.name}"

    @property
    def in_sequence(self) -> Step:
        return NamedSequence(self.sequence, "main")

    @property
    def fault_sequence(self) -> Step:
        return NamedSequence(self.on_error, "fault")

    @property
    def out_sequence(self) -> Step:
        return _Outflow()

    @property
    def endpoint(self) -> None:
        return None


class _Outflow:
    """The sequence ``main``; the built-in one would let no answer reach its client."""

    def mediate(self, ctx: MessageContext) -> Outcome:
        from mediation.defaults import default_sequence  # which is compiled by who imports this module

        main = ctx.environment.sequence("main")
        if main is None or main is default_sequence("main"):
            assert ctx.client is not None, "a response belongs to the client of its request"
            ctx.client.reply(ctx)
            return False
        return enter(main, "main", ctx)


def read_http_inbound(element: etree._Element, compiler: Compiler) -> HttpInboundEndpoint:
    """
    Raises:
        ConfigurationError: a parameter is missing or wrong.
    """
    written = (element.get("protocol") or "").strip()
    protocol = ALIASES.get(written, written)
    reader = ParameterReader(element, compiler)
    if written in ALIASES and "port" in reader.texts:
        reader.texts[_PORT] = reader.texts.pop("port")
    tls = InboundTls()
    if protocol == "https":
        tls = _tls(element, reader)
    without_effect = {**WITHOUT_EFFECT}
    for name in _XML_PARAMETERS | _TLS_PARAMETERS:
        if name in reader.texts:
            if protocol == "https":
                reader.texts.pop(name)
            else:
                without_effect[name] = "the protocol of the endpoint is http"
    reader.report_others(HttpInboundEndpoint, without_effect, {})
    return HttpInboundEndpoint(
        name=element.get("name", ""),
        protocol=protocol,
        tls=tls,
        **common_attributes(element, compiler),
        **reader.read(HttpInboundEndpoint),
    )


READERS.update(dict.fromkeys(("http", "https", *ALIASES), read_http_inbound))


# -- the XML that says what TLS is made of


def _tls(element: etree._Element, reader: ParameterReader) -> InboundTls:
    """
    Raises:
        GrammarError: there is no key store, or something in it is wrong.
    """
    key, trust = _store(element, "keystore"), _store(element, "truststore")
    if not key.get("Location") or not key.get("Password"):
        raise GrammarError("keyStoreFile or keyStorePass not defined : https needs the parameter keystore")
    texts = reader.texts
    verify = texts.get("SSLVerifyClient", "").lower()
    protocols = texts.get("HttpsProtocols") or texts.get("SSLProtocol") or ""
    try:
        tls = InboundTls(
            key_store_file=key["Location"],
            key_store_password=key["Password"],
            key_store_type=store_type(key["Type"]) if key.get("Type") else None,
            key_password=key.get("KeyPassword", ""),
            trust_store_file=trust.get("Location", "") if verify in ("require", "optional") else "",
            trust_store_password=trust.get("Password", ""),
            trust_store_type=store_type(trust["Type"]) if trust.get("Type") else None,
            verify_client=verify or "require",
            protocols=names(protocols),
            suites=names(texts.get("PreferredCiphers", "")),
        )
        policy(tls.protocols, tls.suites)
    except ValueError as exc:
        raise GrammarError(f"TLS of an https endpoint: {exc}") from exc
    return tls


def _store(element: etree._Element, name: str) -> dict[str, str]:
    """``<KeyStore><Location/><Type/><Password/><KeyPassword/></KeyStore>`` in the parameter of that name."""
    container = find(element, "parameters")
    for part in elements(container) if container is not None else ():
        if part.get("name") == name:
            content = next(elements(part), None)
            return {} if content is None else {_bare(each): (each.text or "").strip() for each in elements(content)}
    return {}


def _bare(element: etree._Element) -> str:
    return re.sub(r"^\{[^}]*\}", "", local_name(element))


def http_inbound_endpoints(environment: Environment) -> dict[str, HttpInboundEndpoint]:
    """All that are deployed, suspended ones too."""
    found = environment.deployed("inboundEndpoint")
    return {name: each for name, each in found.items() if isinstance(each, HttpInboundEndpoint)}
