"""
HTTP proxies on the way to WebSocket back-ends: which back-end is reached through which.

The parameter ``ws.proxyProfiles`` holds elements as those of the originals::

    <profile>
        <targetHosts>.*\\.partner\\.example,10\\..*</targetHosts>
        <proxyHost>proxy.example</proxyHost>
        <proxyPort>3128</proxyPort>
        <proxyUserName>esb</proxyUserName>
        <proxyPassword>$SYSTEM:PROXY_PASSWORD</proxyPassword>
        <bypass>local\\.partner\\.example</bypass>
    </profile>

``targetHosts`` and ``bypass`` are regular expressions for whole host names, separated by commas; ``*`` alone is for
the hosts that no expression fits.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mediation.errors import ConfigurationError, GrammarError
from mediation.expressions.regex import Pattern, compile_regex
from mediation.grammar import elements, find, local_name
from mediation.payloads.xml import parse_xml
from mediation.secret_reference import SecretReference

if TYPE_CHECKING:
    from lxml import etree

logger = logging.getLogger(__name__)

ANY_HOST: Final = "*"


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """An HTTP proxy that opens tunnels with CONNECT."""

    host: str
    port: int
    user: str = ""
    password: str | SecretReference = field(default="", repr=False)

    def connect_request(self, host: str, port: int) -> bytes:
        """
        The request for a tunnel to that host. May read the password from a file.

        Raises:
            SecretUnavailable: it is not where it should be.
        """
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.user:
            password = self.password if isinstance(self.password, str) else self.password.resolve()
            credentials = base64.b64encode(f"{self.user}:{password}".encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {credentials}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@dataclass(frozen=True, slots=True)
class ProxyProfile:
    """
    The hosts that a proxy is for.

    Attributes:
        hosts: patterns of whole host names.
        default: whether it is for all hosts that no pattern fits.
        bypass: patterns of hosts that are connected directly although they fit.
    """

    proxy: HttpProxy
    hosts: tuple[Pattern, ...]
    default: bool
    bypass: tuple[Pattern, ...]


def proxy_for(host: str, profiles: Sequence[ProxyProfile]) -> HttpProxy | None:
    """The proxy on the way to the host: a pattern goes before ``*``, and the first of several profiles counts."""
    found = next((each for each in profiles if _fits(host, each.hosts)), None)
    if found is None:
        found = next((each for each in profiles if each.default), None)
    return None if found is None or _fits(host, found.bypass) else found.proxy


def _fits(host: str, patterns: Sequence[Pattern]) -> bool:
    return any(pattern.fullmatch(host) is not None for pattern in patterns)


def read_profiles(text: str) -> tuple[ProxyProfile, ...]:
    """
    Read ``<profile>`` elements. One that is not complete is logged and left out, as in the originals.

    Raises:
        ConfigurationError: it is no XML at all.
    """
    root = parse_xml(f"<profiles>{text}</profiles>")
    container = find(root, "ws.proxyProfiles")
    profiles = []
    for part in elements(root if container is None else container):
        try:
            profiles.append(_profile(part))
        except ConfigurationError as exc:
            logger.warning("ws.proxyProfiles: a profile is left out: %s", exc.message)
    return tuple(profiles)


def _profile(element: etree._Element) -> ProxyProfile:
    if local_name(element) != "profile":
        raise GrammarError(f"<{local_name(element)}> is not <profile>")
    texts = {local_name(part): (part.text or "").strip() for part in elements(element)}
    for name in ("targetHosts", "proxyHost", "proxyPort"):
        if not texts.get(name):
            raise GrammarError(f"<{name}> is missing")
    port = texts["proxyPort"]
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise GrammarError(f'<proxyPort> "{port}" is not a number from 1 to 65535')
    user, password = texts.get("proxyUserName", ""), texts.get("proxyPassword", "")
    if not f"{texts['proxyHost']}{user}{password}".isprintable():
        raise GrammarError("a host, user name or password has control characters")
    hosts = _list(texts["targetHosts"])
    return ProxyProfile(
        HttpProxy(texts["proxyHost"], int(port), user, _password(password)),
        hosts=tuple(compile_regex(pattern) for pattern in hosts if pattern != ANY_HOST),
        default=ANY_HOST in hosts,
        bypass=tuple(compile_regex(pattern) for pattern in _list(texts.get("bypass", ""))),
    )


def _password(text: str) -> str | SecretReference:
    try:
        return SecretReference.parse(text)
    except ValueError:
        return text


def _list(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]
