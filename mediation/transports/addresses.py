"""Which addresses a message may name itself (``docs/compatibility.md``, addresses)."""

from __future__ import annotations

import errno
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import unquote

from mediation.errors import InvalidAddress

from . import scheme_of

PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}

# RFC 3986 3.2, without what parsers disagree about: user information with "@" or "\" in it, hosts with escapes.
_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^@/?#\\\s]*@)?(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?P<path>/[^?#\\\s]*)?(?:[?#][^\\\s]*)?",
    re.IGNORECASE,
)
_PATTERN: Final = re.compile(
    r"(?P<scheme>[a-z]+)://(?P<host>[a-z0-9*._-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}|\*))?(?P<path>/\S*)?",
    re.IGNORECASE,
)


_USER: Final = re.compile(r"://[^/@\s]*@")


def without_user(uri: str) -> str:
    """An address without its user name and password, for logs and pages."""
    return _USER.sub("://", uri)


def refuse_link_local(ip: str) -> None:
    """
    Refuse an address such as 169.254.169.254, where clouds keep the credentials of the machine.

    For what is connected to, when names have been looked up: no name, redirect or notation gets around it.

    Raises:
        LinkLocalRefused: it is one.
    """
    found = ip_address(ip.partition("%")[0])
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_link_local:
        raise LinkLocalRefused(errno.EACCES, "Link-local addresses are refused")


class LinkLocalRefused(OSError):
    """See :func:`refuse_link_local`."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """
    One entry of the list, such as ``https://*.partner.example/orders`` or ``http://localhost:*``.

    Attributes:
        port: ``None`` for any.
        path: what the path begins with, without a slash at its end.
    """

    scheme: str
    host: re.Pattern[str]
    port: int | None
    path: str

    @classmethod
    def parse(cls, text: str) -> Allowed:
        """
        Raises:
            ValueError: it is no such entry.
        """
        found = _PATTERN.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not scheme://host[:port][/path], in which host may have a * and port be *")
        scheme, port = found["scheme"].lower(), found["port"]
        host = ".*".join(map(re.escape, found["host"].lower().split("*")))
        number = None if port == "*" else int(port) if port else PORTS.get(scheme)
        return cls(scheme, re.compile(host), number, (found["path"] or "").rstrip("/"))

    def admits(self, scheme: str, host: str, port: int | None, path: str) -> bool:
        return (
            scheme == self.scheme
            and self.host.fullmatch(host) is not None
            and (self.port is None or port == self.port)
            and (path == self.path or path.startswith(f"{self.path}/"))
        )


class AddressList:
    """The addresses that messages may name; all, while :attr:`entries` is empty. One for a process."""

    def __init__(self) -> None:
        self.entries: tuple[Allowed, ...] = ()

    def allow(self, texts: Iterable[str]) -> None:
        """
        Raises:
            ValueError: one is no entry.
        """
        self.entries = tuple(Allowed.parse(text) for text in texts)

    def check(self, uri: str) -> None:
        """
        Raises:
            InvalidAddress: a message may not name it, or nobody can be sure where it leads.
        """
        if not self.entries or scheme_of(uri) == "local":
            return
        found = _ADDRESS.fullmatch(uri)
        if found is None:
            raise InvalidAddress(uri, "it cannot be compared with the addresses that are allowed")
        scheme = found["scheme"].lower()
        port = int(found["port"]) if found["port"] else PORTS.get(scheme)
        # What a back-end may make of "..", "%2e%2e" and "//" must not lead out of the path that is allowed.
        plain = unquote(unquote(found["path"] or "/")).replace("\\", "/")
        path = posixpath.normpath(plain).replace("//", "/")
        if not any(each.admits(scheme, found["host"].lower(), port, path) for each in self.entries):
            raise InvalidAddress(uri, "it is not among the addresses that messages may name (ESB_ALLOWED_ADDRESSES)")


ADDRESSES: Final = AddressList()
"""The list of this process; the server fills it."""
