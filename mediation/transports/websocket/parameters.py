"""Parameters of the transport senders ``ws`` and ``wss``."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from mediation.limit_parameters import BackendConnectionParameters
from mediation.parameters import declared_parameters, names, number, parameter, parameter_group, read_texts, seconds
from mediation.properties import CUSTOM_HEADER_PREFIX, OUTFLOW_FAULT_SEQUENCE, OUTFLOW_SEQUENCE
from mediation.transports.backend_tls import BackendTls

from .callers import CallerParameters
from .proxies import ProxyProfile, read_profiles

logger = logging.getLogger(__name__)


def lines(text: str) -> tuple[str, ...]:
    """Texts, one a line; empty lines do not count."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderParameters:
    """How connections to back-ends are opened, and what is done with them."""

    outflow_sequence: str | None = parameter(
        OUTFLOW_SEQUENCE,
        refers="sequence",
        values="sequence",
        help="for what back-ends send to HTTP callers",
    )
    outflow_fault_sequence: str | None = parameter(
        OUTFLOW_FAULT_SEQUENCE,
        refers="sequence",
        values="sequence",
        help="runs when mediation of those messages fails",
    )
    custom_header_prefix: str = parameter(
        "ws.custom.header",
        default=CUSTOM_HEADER_PREFIX,
        help="axis2 properties that begin so are headers of the handshake",
    )
    preserved_headers: tuple[str, ...] = parameter(
        "ws.headers.preserve",
        names,
        (),
        values="header names",
        help="headers of the client's request that go into the handshake",
    )
    connect_timeout: float = parameter(
        "ws.connect.timeout", seconds(0.01), 10.0, values="seconds", help="time for DNS, TCP and TLS together"
    )
    handshake_timeout: float = parameter(
        "ws.handshake.timeout", seconds(0.01), 10.0, values="seconds", help="time for the answer to the handshake"
    )
    opening_messages: tuple[str, ...] = parameter(
        "ws.opening.messages", lines, (), values="texts, one a line", help="are sent first on each new connection"
    )
    heartbeat_message: str | None = parameter(
        "ws.heartbeat.message", values="text", help="is sent whenever the connection has been open for another interval"
    )
    heartbeat_interval: float = parameter(
        "ws.heartbeat.interval", seconds(0.01), 30.0, values="seconds", help="time between two heartbeat messages"
    )
    proxy_profiles: tuple[ProxyProfile, ...] = parameter(
        "ws.proxyProfiles",
        read_profiles,
        (),
        values="`<profile>` elements",
        help="HTTP proxies on the way to back-ends",
    )
    connect_failure_status: int | None = parameter(
        "ws.http.connect_failure_status",
        number(200, 599),
        values="HTTP status",
        help="what HTTP callers get for a failed back-end when no sequence answers",
    )
    tls: BackendTls = parameter_group(BackendTls)
    limits: BackendConnectionParameters = parameter_group(BackendConnectionParameters)


def websocket_remarks(texts: Mapping[str, str]) -> list[str]:
    """What is to be said of the parameters of a transport sender: wrong values, and names that mean nothing."""
    remarks: list[str] = []
    known = set()
    for cls in (SenderParameters, CallerParameters):
        read_texts(cls, texts, remarks.append)
        known |= {declared.name for _, declared in declared_parameters(cls)}
    return remarks + [f'parameter "{name}" is not known; it is ignored' for name in texts if name not in known]


def sender_parameters(texts: Mapping[str, str]) -> SenderParameters:
    """The parameters of a transport sender; a wrong value is logged once, and its default counts."""
    return _read(tuple(texts.items()))


@functools.lru_cache(maxsize=64)
def _read(texts: tuple[tuple[str, str], ...]) -> SenderParameters:
    return SenderParameters(
        **read_texts(SenderParameters, dict(texts), lambda mistake: logger.warning("transport sender: %s", mistake))
    )
