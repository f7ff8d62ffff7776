"""Parameters of the transport senders ``http`` and ``https``."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mediation.parameters import (
    FLAG,
    declared_parameters,
    flag,
    number,
    parameter,
    parameter_group,
    read_texts,
)

from .backend_tls import STORE_TYPES, STORED_SECRET, NamedStores
from .http_message import Field, basic
from .keystores import store_type

logger = logging.getLogger(__name__)

MAX_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of a back-end's body, after it has been inflated."""


def milliseconds(text: str) -> float:
    """A time in milliseconds, as seconds."""
    return number(1)(text) / 1000


def hosts(text: str) -> tuple[re.Pattern[str], ...]:
    """Host names separated by ``|``, in which ``*`` stands for anything."""
    names = [name for each in text.split("|") if (name := each.strip())]
    return tuple(re.compile(".*".join(map(re.escape, name.split("*"))), re.IGNORECASE) for name in names)


def hostname_verifier(text: str) -> bool:
    """Whether certificates have to be for the host of the address."""
    if text.lower() not in ("default", "defaultandlocalhost", "strict", "allowall"):
        raise ValueError("is not one of Default, DefaultAndLocalhost, Strict, AllowAll")
    return text.lower() != "allowall"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpsParameters(NamedStores):
    """Whom back-ends' certificates are verified with, and what we show them."""

    trust_store_file: str = parameter(
        "truststore.location", default="", values="path", help="who may sign; by default the system's authorities"
    )
    trust_store_password: str = parameter("truststore.password", default="", values=STORED_SECRET)
    trust_store_type: str | None = parameter(
        "truststore.type", store_type, values=STORE_TYPES, help="by default what the file is"
    )
    check_hostname: bool = parameter(
        "HostnameVerifier",
        hostname_verifier,
        True,
        values="Default, DefaultAndLocalhost, Strict, AllowAll",
        help="`AllowAll` takes certificates for other hosts",
    )
    key_store_file: str = parameter(
        "keystore.location", default="", values="path", help="our certificate for back-ends that ask for one"
    )
    key_store_password: str = parameter("keystore.password", default="", values=STORED_SECRET)
    key_store_type: str | None = parameter(
        "keystore.type", store_type, values=STORE_TYPES, help="by default what the file is"
    )
    key_password: str = parameter(
        "keystore.key.password", default="", values=STORED_SECRET, help="of the private key; by default the same"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParameters:
    """How requests reach back-ends."""

    connect_timeout: float = parameter(
        "http.connection.timeout", milliseconds, 10.0, values="milliseconds", help="time for TCP, and for TLS"
    )
    max_connections_per_host: int = parameter(
        "http.max.connection.per.host.port",
        number(0),
        0,
        values="number, 0: any",
        help="connections to one host and port; further requests wait, and their time-out runs",
    )
    no_keepalive: bool = parameter(
        "http.connection.disable.keepalive", flag, False, values=FLAG, help="a new connection for each request"
    )
    idle_seconds: float = parameter(
        "http.connection.idle.timeout",
        milliseconds,
        15.0,
        values="milliseconds",
        help="that a connection without a request is kept",
    )
    max_answer: int = parameter(
        "http.max.response.size",
        number(1),
        MAX_ANSWER,
        values="bytes",
        help="of a back-end's body, after it has been inflated; a larger one is a fault with 101510",
    )
    proxy_host: str = parameter("http.proxyHost", default="", help="the HTTP proxy on the way to back-ends")
    proxy_port: int = parameter("http.proxyPort", number(1, 65535), 80, values="port")
    proxy_user: str = parameter("http.proxy.username", default="")
    proxy_password: str = parameter("http.proxy.password", default="", values="text")
    non_proxy_hosts: tuple[re.Pattern[str], ...] = parameter(
        "http.nonProxyHosts",
        hosts,
        (),
        values="host names, separated by `|`",
        help="are reached without the proxy; `*` stands for anything",
    )
    tls: HttpsParameters = parameter_group(HttpsParameters)

    @property
    def proxy_fields(self) -> list[Field]:
        """What the proxy alone is told."""
        if not self.proxy_user:
            return []
        return [("Proxy-Authorization", basic(self.proxy_user, self.proxy_password))]

    def has_proxy_for(self, host: str) -> bool:
        return bool(self.proxy_host) and not any(pattern.fullmatch(host) for pattern in self.non_proxy_hosts)


DEFAULTS: Final = HttpParameters()


def http_parameters(texts: Mapping[str, str]) -> HttpParameters:
    """The parameters of a transport sender; a wrong value is logged once, and its default counts."""
    return _read(tuple(texts.items())) if texts else DEFAULTS


@functools.lru_cache(maxsize=64)
def _read(texts: tuple[tuple[str, str], ...]) -> HttpParameters:
    return HttpParameters(
        **read_texts(HttpParameters, dict(texts), lambda mistake: logger.warning("transport sender: %s", mistake))
    )


WITHOUT_EFFECT: Final = frozenset({"non-blocking", "warnOnHTTP500", "priorityConfigFile", "HttpsProtocols"})
"""Parameters of the originals' senders that change nothing here."""


def http_remarks(texts: Mapping[str, str]) -> list[str]:
    """What is to be said of the parameters of a sender: wrong values, and names that mean nothing."""
    remarks: list[str] = []
    read_texts(HttpParameters, texts, remarks.append)
    known = {declared.name for _, declared in declared_parameters(HttpParameters)} | WITHOUT_EFFECT
    return remarks + [f'parameter "{name}" is not known; it is ignored' for name in texts if name not in known]
