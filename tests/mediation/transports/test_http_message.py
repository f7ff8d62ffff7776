from __future__ import annotations

import pytest

from mediation.errors import MediationError
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.transports.http_message import content, fields
from tests.mediation.support import DictEnvironment


def message(body: bytes, content_type: str | None, **headers: str) -> MessageContext:
    ctx = MessageContext(DictEnvironment(), Payload(body, content_type), headers=Headers(headers.items()))
    if content_type is not None:
        ctx.headers.set("Content-Type", content_type)
        ctx.axis2 |= {"messageType": content_type.partition(";")[0], "ContentType": content_type}
    return ctx


# -- fields


def test_fields_travel_on_in_their_order_and_number():
    headers = Headers([("X-A", "1"), ("WWW-Authenticate", "NTLM"), ("WWW-Authenticate", "Basic")])

    assert fields(headers) == [("X-A", "1"), ("WWW-Authenticate", "NTLM"), ("WWW-Authenticate", "Basic")]


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Proxy-Authorization",
        "Host",
        "Content-Length",
        "Expect",
    ],
)
def test_framing_and_hop_by_hop_fields_never_come_from_a_message(name):
    assert fields(Headers([(name, "x"), ("X-A", "1")])) == [("X-A", "1")]


def test_fields_that_connection_names_stay_behind():
    headers = Headers([("Connection", "close, X-Hop"), ("x-hop", "1"), ("X-A", "1")])

    assert fields(headers) == [("X-A", "1")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-Injected: 1"),
        ("X-A", "a\nX-Injected: 1"),
        ("X-A", "a\rb"),
        ("X-A", "a\x00b"),
        ("X-A", "a\x0bb"),
        ("X-A", "a\x1cb"),
        ("X-A", "a\x7fb"),
        ("X-A", "a\x85b"),
        ("X-A", "a\xc2\x85b"),
        ("X-A", "日本"),
        ("X-A", "x" * 65536),
        ("X A", "1"),
        ("X-A:", "1"),
        ("X-A\r\nX-Injected", "1"),
        ("", "1"),
    ],
)
def test_what_would_forge_a_field_is_refused(name, value):
    with pytest.raises(MediationError, match="header"):
        fields(Headers([(name, value)]))


def test_bytes_beyond_ascii_pass_when_they_are_text():
    as_read = "日本.txt".encode().decode("latin-1")

    assert fields(Headers([("X-A", as_read), ("X-B", "caf\xe9")])) == [("X-A", as_read), ("X-B", "caf\xe9")]


# -- content


def test_a_body_that_nobody_changed_leaves_byte_for_byte():
    ctx = message(b"<?xml version='1.0'?>\n<a  x='1'/>\n", "text/xml; charset=utf-8; x=1")

    assert content(ctx).body == b"<?xml version='1.0'?>\n<a  x='1'/>\n"
    assert content(ctx).content_type == "text/xml; charset=utf-8; x=1"


def test_message_type_converts_the_body():
    ctx = message(b"<a><b>1</b></a>", "application/xml")
    ctx.set("messageType", "application/json", "axis2")

    assert content(ctx).body == b'{"a":{"b":1}}'
    assert content(ctx).content_type.startswith("application/json")


def test_content_type_alone_only_renames():
    ctx = message(b'{"a":1}', "application/json")
    ctx.set("ContentType", "application/vnd.shop+json", "axis2")

    assert content(ctx).body == b'{"a":1}'
    assert content(ctx).content_type == "application/vnd.shop+json"


def test_the_header_of_that_name_only_renames():
    ctx = message(b'{"a":1}', "application/json")
    ctx.set("Content-Type", "application/vnd.shop+json;v=2", "transport")

    assert content(ctx).body == b'{"a":1}'
    assert content(ctx).content_type == "application/vnd.shop+json;v=2"


@pytest.mark.parametrize("name", ["ContentType", "messageType"])
@pytest.mark.parametrize("value", ["text/plain\r\nX-Injected: 1", "a\x00b"])
def test_a_content_type_cannot_hold_control_characters(name, value):
    ctx = message(b"<a/>", "application/xml")
    ctx.set(name, value, "axis2")

    with pytest.raises(MediationError, match="Content-Type"):
        content(ctx)


def test_no_entity_body_leaves_without_body():
    ctx = message(b"<a/>", "application/xml")
    ctx.set("NO_ENTITY_BODY", "true", "axis2")

    assert content(ctx).body == b""
    assert content(ctx).content_type is None


def test_nothing_that_came_leaves_as_nothing():
    assert content(message(b"", None)).body == b""
    assert content(message(b"", "text/xml")).content_type is None


def test_the_charset_can_be_left_out():
    ctx = message(b"<a>1</a>", "application/xml")
    ctx.set("messageType", "application/json", "axis2")
    ctx.set("setCharacterEncoding", "false", "axis2")

    assert content(ctx).content_type == "application/json"
