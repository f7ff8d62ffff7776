"""What a call sends instead of the body, and what becomes of its answer; more by way of ``<call>`` in its own tests."""

from typing import Any

import pytest
from lxml import etree

from mediation.call_content import CallSource, CallTarget, HeaderValues, Saved
from mediation.compiler import Compiler
from mediation.errors import MediationError
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.transports import Answer
from tests.mediation.mediators.support import message


def source(attributes: str, content: str = "") -> CallSource:
    xml = f'<source xmlns="{SYNAPSE_NS}" {attributes}>{content}</source>'
    return CallSource.from_xml(parse_xml(xml), Compiler())


def target(attributes: str, name: str = "") -> CallTarget:
    xml = f'<target xmlns="{SYNAPSE_NS}" {attributes}>{name}</target>'
    return CallTarget.from_xml(parse_xml(xml), Compiler())


def placed(ctx: MessageContext, attributes: str, content: str = "") -> tuple[bytes, Any]:
    source(attributes, content).place(ctx)
    return ctx.payload.format(ctx.get("messageType", "axis2"), charset=None)[0], ctx.get("messageType", "axis2")


@pytest.mark.parametrize(
    ("attributes", "content", "sent"),
    [
        ('type="custom"', "//b", (b"<b>1</b>", "application/xml")),
        ('type="custom"', "$ctx:text", (b"x", "text/plain")),
        ('type="property"', "object", (b'{"c": 2}', "application/json")),
        ('type="property"', "element", (b"<e/>", "application/xml")),
        ('type="body"', "", (b"<a><b>1</b></a>", None)),
        ('type="body" contentType="application/json"', "", (b'{"a":{"b":1}}', "application/json")),
    ],
)
def test_what_is_sent(attributes: str, content: str, sent: tuple[bytes, Any]):
    properties = {"text": "x", "object": '{"c": 2}', "element": etree.fromstring("<e/>")}
    assert placed(message("<a><b>1</b></a>", "application/xml", **properties), attributes, content) == sent


def test_soap_stays_soap():
    envelope = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>'
    ctx = message("<a/>", "text/xml", other=envelope)
    source('type="property"', "other").place(ctx)
    assert (ctx.payload.soap_version, ctx.get("messageType", "axis2")) == ("soap11", "text/xml")


@pytest.mark.parametrize(
    ("attributes", "content"),
    [
        ('type="property"', "nothing"),
        ('type="property" contentType="application/json"', "text"),
        ('type="property" contentType="application/xml"', "text"),
        ('type="property"', "cut"),
    ],
)
def test_what_cannot_be_sent_fails_and_leaves_the_body(attributes: str, content: str):
    ctx = message("<a/>", "application/xml", text="x", cut="<a>")
    before = ctx.payload
    with pytest.raises(MediationError):
        source(attributes, content).place(ctx)
    assert before.format(charset=None)[0] == b"<a/>"


@pytest.mark.parametrize(
    ("body", "content_type", "content"),
    [
        (b'{"a": 1.50}', "application/json", '{"a":1.50}'),
        (b"true", "application/json", "true"),
        (b'"a"', "application/json", "a"),
        (b"x", "text/plain", "x"),
        (b"", None, ""),
    ],
)
def test_a_property_gets_the_answer_as_text(body: bytes, content_type: str | None, content: str):
    ctx = message()
    target('type="property"', " answer ").take(Answer(Payload(body, content_type)), ctx)
    assert ctx.get("answer") == content


def test_a_property_gets_xml_as_an_element():
    ctx = message()
    target('type="property"', "answer").take(Answer(Payload(b"<a/>", "application/xml")), ctx)
    assert etree.tostring(ctx.get("answer")) == b"<a/>"


def test_a_variable_gets_the_whole_answer():
    ctx = message()
    answer = Answer(Payload(b'{"a": 1}', "application/json"), 201, "Created", Headers([("X-Id", "7")]))
    target('type="variable"', "v").take(answer, ctx)
    assert ctx.variable("v") == {
        "payload": {"a": 1},
        "headers": {"X-Id": "7"},
        "attributes": {"statusCode": 201, "reasonPhrase": "Created"},
    }


def test_headers_are_found_in_whatever_case():
    values = HeaderValues([("X-Id", "7")])
    assert values.get("x-ID") == "7"
    assert values.get("other", "none") == "none"


def test_what_is_saved_is_put_back():
    ctx = message("<a/>", "application/xml")
    ctx.to = "http://h/"
    ctx.headers.set("X-Id", "7")
    ctx.set("messageType", "application/xml", "axis2")
    saved = Saved(ctx)

    Answer(Payload(b"x", "text/plain"), headers=Headers([("X-Other", "8")])).replace(ctx)
    saved.restore(ctx)

    assert ctx.payload.format(charset=None)[0] == b"<a/>"
    assert (ctx.to, list(ctx.headers.items())) == ("http://h/", [("X-Id", "7")])
    assert ctx.get("messageType", "axis2") == "application/xml"
