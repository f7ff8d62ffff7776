"""Who a request came from, when reverse proxies of ours stand between."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mediation.headers import Headers

FIELD: Final = "X-Forwarded-For"


def client_address(peer: str, headers: Headers, trusted: Collection[IPv4Network | IPv6Network]) -> str:
    """
    The IP address of the client.

    Each proxy appends whom it got the request from, so the field is read from its end, as long as the one who said so
    is trusted. What stands before that anybody may have written.

    Args:
        peer: the other end of the TCP connection.
        trusted: the proxies.
    """
    if not trusted:
        return peer
    said = [value for name, value in headers.items() if name.lower() == FIELD.lower()]
    hops = [hop.strip() for value in said for hop in value.split(",")]
    address = peer
    while hops and _is_trusted(address, trusted):
        hop = _parse(hops.pop())
        if hop is None:
            break
        address = str(hop)
    return address


def is_secure(peer: str, headers: Headers, trusted: Collection[IPv4Network | IPv6Network], secure: bool) -> bool:
    """
    Whether the client uses TLS: towards a proxy that we trust, if it says so.

    Args:
        secure: whether TLS is spoken on the connection itself.
    """
    said = headers.get("X-Forwarded-Proto")
    if said is None or not trusted or not _is_trusted(peer, trusted):
        return secure
    return said.strip().lower() in ("https", "wss")


def _is_trusted(address: str, trusted: Collection[IPv4Network | IPv6Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in trusted)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: with a port or in brackets, or neither."""
    host = text.partition("]")[0].removeprefix("[")
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
