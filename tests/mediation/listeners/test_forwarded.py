"""Who a request came from: only what trusted proxies say counts."""

from ipaddress import ip_network

import pytest

from mediation.headers import Headers
from mediation.listeners.forwarded import client_address, is_secure

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))

CASES = {
    "nobody is trusted": ("10.0.0.1", ["203.0.113.7"], (), "10.0.0.1"),
    "the peer is no proxy": ("203.0.113.7", ["198.51.100.1"], PROXIES, "203.0.113.7"),
    "a proxy says nothing": ("10.0.0.1", [], PROXIES, "10.0.0.1"),
    "a proxy": ("10.0.0.1", ["203.0.113.7"], PROXIES, "203.0.113.7"),
    "what the client wrote itself": ("10.0.0.1", ["127.0.0.1, 203.0.113.7"], PROXIES, "203.0.113.7"),
    "two proxies": ("10.0.0.1", ["198.51.100.1, 203.0.113.7, 10.9.9.9"], PROXIES, "203.0.113.7"),
    "a field for each proxy": ("10.0.0.1", ["203.0.113.7", "10.9.9.9"], PROXIES, "203.0.113.7"),
    "with a port": ("10.0.0.1", ["203.0.113.7:4711"], PROXIES, "203.0.113.7"),
    "in brackets": ("2001:db8::1", ["[2001:db9::7]:4711"], PROXIES, "2001:db9::7"),
    "in the form of IPv6": ("::ffff:10.0.0.1", ["::ffff:203.0.113.7"], PROXIES, "203.0.113.7"),
    "no address": ("10.0.0.1", ["203.0.113.7, unknown"], PROXIES, "10.0.0.1"),
    "proxies all the way": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], PROXIES, "10.0.0.3"),
    "a peer without an address": ("", ["203.0.113.7"], PROXIES, ""),
}


@pytest.mark.parametrize(("peer", "fields", "trusted", "address"), CASES.values(), ids=CASES)
def test_the_client_is_the_last_one_who_is_no_trusted_proxy(peer, fields, trusted, address):
    headers = Headers(("X-Forwarded-For", value) for value in fields)
    assert client_address(peer, headers, trusted) == address


@pytest.mark.parametrize(
    ("peer", "said", "secure", "expected"),
    [
        ("10.0.0.1", "https", False, True),
        ("10.0.0.1", "WSS", False, True),
        ("10.0.0.1", "http", True, False),
        ("10.0.0.1", None, True, True),
        ("203.0.113.7", "https", False, False),
    ],
)
def test_a_trusted_proxy_says_whether_the_client_uses_tls(peer, said, secure, expected):
    headers = Headers(() if said is None else [("X-Forwarded-Proto", said)])
    assert is_secure(peer, headers, PROXIES, secure) is expected
    assert is_secure(peer, headers, (), secure) is secure
