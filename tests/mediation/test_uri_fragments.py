"""A URI is taken apart and put together."""

import pytest

from mediation.uri_fragments import UriFragments


@pytest.mark.parametrize(
    "uri",
    [
        "http://user@host:8080/a/b?c=d&e#f",
        "/services/x?y",
        "local:///inbound/x",
        "http://[::1]:9/",
        "https://host",
        "relative/path",
        "",
        "jms:/queue?x=y",
    ],
)
def test_what_is_not_changed_stays(uri: str) -> None:
    assert str(UriFragments.parse(uri)) == uri


def test_parts() -> None:
    found = UriFragments.parse("http://u@h:1/p?q#r")
    assert [found.get(name) for name in ("protocol", "user", "host", "port", "path", "query", "ref")] == [
        "http",
        "u",
        "h",
        "1",
        "/p",
        "q",
        "r",
    ]
    assert found.get("full") == "http://u@h:1/p?q#r"


def test_a_part_that_is_set_makes_its_place() -> None:
    found = UriFragments.parse("/a")
    found.set("host", "h")
    found.set("protocol", "ws")
    found.set("port", "7")
    assert str(found) == "ws://h:7/a"
    found.set("full", "http://x/")
    assert (found.host, found.port, str(found)) == ("x", None, "http://x/")
