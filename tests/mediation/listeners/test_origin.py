import pytest

from mediation.listeners.origin import origin_allowed


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "esb:9091", True),
        ("http://esb", "esb:9091", True),
        ("http://esb:8000", "esb:9091", True),
        ("https://ESB", "esb:9091", True),
        ("http://[::1]:8000", "[::1]:9091", True),
        ("http://evil", "esb:9091", False),
        ("http://esb.evil", "esb:9091", False),
        ("http://esb@evil", "esb:9091", False),
        ("null", "esb:9091", False),
        ("", "esb:9091", False),
        ("file://", "esb:9091", False),
        ("http://[", "esb:9091", False),
        ("http://esb", None, False),
    ],
)
def test_a_page_may_talk_to_the_host_that_it_came_from(origin, host, allowed):
    assert origin_allowed(origin, host) is allowed


def test_more_origins_can_be_allowed():
    assert origin_allowed("https://Shop.example", "esb", ["https://shop.example/"])
    assert not origin_allowed("http://shop.example", "esb", ["https://shop.example"])
    assert origin_allowed("null", "esb", ["*"])
