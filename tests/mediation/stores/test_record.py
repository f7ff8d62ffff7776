"""What is put away comes back as it was."""

import pytest
from lxml import etree

from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.stores import freeze, thaw
from tests.mediation.support import DictEnvironment

SOAP = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><t>1</t></e:Header><e:Body><a/></e:Body></e:Envelope>'


def there_and_back(ctx: MessageContext) -> MessageContext:
    return thaw(freeze(ctx), ctx.environment, None)


def message(raw=None, content_type=None, **settings) -> MessageContext:
    return MessageContext(DictEnvironment(), Payload(raw, content_type, **settings))


@pytest.mark.parametrize(
    ("raw", "content_type", "settings"),
    [
        (b"\x00\xff\xfe<not xml", "application/octet-stream", {}),
        (b"<a>\n</a>", "text/xml; charset=utf-8", {}),
        (b'{"a" :1}', "application/json", {}),
        (SOAP.encode(), "text/xml", {}),
        ("frame \u00e4", None, {"is_frame": True, "guess": True}),
        (b"\x00\x01", None, {"is_frame": True}),
        ("lone \ud800", None, {"is_frame": True}),
        (None, None, {}),
        (b"", "text/xml", {}),
    ],
)
def test_a_body_that_nobody_changed_stays_as_it_came(raw, content_type, settings):
    back = there_and_back(message(raw, content_type, **settings)).payload

    assert (back.raw or None, back.content_type) == (raw or None, content_type)
    assert back.is_frame is settings.get("is_frame", False)


def test_a_frame_of_no_type_is_still_looked_at():
    assert there_and_back(message('{"a": 1}', is_frame=True, guess=True)).payload.json() == {"a": 1}


def test_changed_json_is_json():
    ctx = message(b"<a/>", "text/xml")
    ctx.payload.replace_json('{"n": 1.0}')
    back = there_and_back(ctx).payload
    assert (back.json_text(), back.content_type) == ('{"n": 1.0}', "application/json")


@pytest.mark.parametrize("content_type", ["application/xml", "text/xml", "application/json"])
def test_changed_xml_leaves_as_it_would_have_left(content_type):
    ctx = message(b'{"a": 1}' if content_type == "application/json" else b"<a/>", content_type)
    ctx.payload.replace_body(etree.fromstring('<m:b xmlns:m="urn:m">1<!--c--></m:b>'))
    assert there_and_back(ctx).payload.format() == ctx.payload.format()


def test_a_changed_envelope_keeps_its_header():
    ctx = message(SOAP.encode(), "text/xml")
    ctx.payload.replace_body(etree.fromstring("<b/>"))
    back = there_and_back(ctx).payload
    assert back.header is not None
    assert back.soap_version == "soap11"
    assert back.format() == ctx.payload.format()


def test_a_cleared_body_is_empty():
    ctx = message(b"<a/>", "text/xml")
    ctx.payload.clear()
    assert there_and_back(ctx).payload.first_child is None


def test_everything_else_comes_back():
    ctx = message(b"<a/>", "text/xml")
    ctx.headers = Headers([("X-A", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")])
    ctx.to, ctx.reply_to, ctx.action, ctx.message_id = "http://to", "http://reply", "urn:do", "urn:uuid:1"
    ctx.is_response = True
    ctx.properties.update(text="t", number=3, truth=True, parts=[etree.fromstring("<p/>"), "x"], raw=b"\xff")
    ctx.set("messageType", "application/json", "axis2")
    ctx.set("shared", {"$xml": "not markup"}, "operation")
    ctx.variables["v"] = [1, 2]

    back = there_and_back(ctx)

    assert list(back.headers.items()) == list(ctx.headers.items())
    assert (back.to, back.reply_to, back.action, back.message_id) == (
        "http://to",
        "http://reply",
        "urn:do",
        "urn:uuid:1",
    )
    assert back.is_response
    assert back.get("text") == "t"
    assert back.get("number") == 3
    assert back.get("truth") is True
    assert back.get("raw") == b"\xff"
    assert [back.get("parts")[0].tag, back.get("parts")[1]] == ["p", "x"]
    assert back.get("messageType", "axis2") == "application/json"
    assert back.get("shared", "operation") == {"$xml": "not markup"}
    assert back.variables == {"v": [1, 2]}


def test_what_is_no_data_is_left_out():
    ctx = message()
    ctx.set("ERROR_EXCEPTION", ValueError("x"))
    ctx.set("mixed", [1, object()])
    assert there_and_back(ctx).properties == {}
