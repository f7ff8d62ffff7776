"""Which addresses messages may name."""

import pytest

from mediation.errors import InvalidAddress
from mediation.transports.addresses import AddressList, Allowed

ENTRIES = ("https://*.partner.example/orders", "http://10.0.0.1:8080", "ws://localhost:*", "http://[::1]")


@pytest.fixture
def addresses():
    addresses = AddressList()
    addresses.allow(ENTRIES)
    return addresses


ADMITTED = [
    "https://a.partner.example/orders",
    "HTTPS://A.B.PARTNER.EXAMPLE:443/orders/1?x=y#z",
    "https://user:secret@a.partner.example/orders/",
    "https://a.partner.example/x/../orders/1",
    "http://10.0.0.1:8080",
    "http://10.0.0.1:8080/anything",
    "ws://localhost:1234/chat",
    "http://[::1]/",
    "local:///inbound/lobby/",
]

REFUSED = [
    "https://partner.example/orders",
    "https://a.partner.example/orders2",
    "https://a.partner.example/",
    "https://a.partner.example/orders/../admin",
    "https://a.partner.example/orders/..%2fadmin",
    "https://a.partner.example/orders/%2e%2e/admin",
    "https://a.partner.example/orders/%252e%252e/admin",
    "https://a.partner.example/orders/..%5cadmin",
    "https://a.partner.example:8443/orders",
    "https://evil.example/.partner.example/orders",
    "https://evil.example#.partner.example/orders",
    "https://a.partner.example@evil.example/orders",
    "https://evil.example\\@a.partner.example/orders",
    "https://evil.example\\.partner.example/orders",
    "https://evil.example%2f.partner.example/orders",
    "https://evil@evil@a.partner.example/orders",
    "http://a.partner.example/orders",
    "http://10.0.0.1/",
    "http://167772161:8080/",
    "http://012.0.0.1:8080/",
    "http://[::ffff:10.0.0.1]:8080/",
    "http://169.254.169.254/latest/meta-data",
    "http://127.0.0.1:8000/admin/",
    "file:///etc/passwd",
    "gopher://10.0.0.1:8080/",
    "//evil.example/",
    "http://10.0.0.1:8080 .evil.example/",
    "",
]


@pytest.mark.parametrize("uri", ADMITTED)
def test_what_is_on_the_list_may_be_named(addresses, uri):
    addresses.check(uri)


@pytest.mark.parametrize("uri", REFUSED)
def test_nothing_else_may_be_named_in_whatever_notation(addresses, uri):
    with pytest.raises(InvalidAddress):
        addresses.check(uri)


def test_without_a_list_all_may_be_named():
    AddressList().check("http://anywhere/")


@pytest.mark.parametrize("text", ["localhost", "http://", "http://h:port/", "http://a b/", "http://u@h/"])
def test_an_entry_that_is_none(text):
    with pytest.raises(ValueError, match="is not scheme://host"):
        Allowed.parse(text)
