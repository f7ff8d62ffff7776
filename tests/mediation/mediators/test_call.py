from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from mediation.errors import BlockingCallFailed, ConnectionFailed, EndpointNotReady, MediationError
from mediation.flow import run
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.transports import Answer
from tests.mediation.endpoints.support import Network

from .support import json, mediator, mistakes, soap

URI = "http://one/"


def call(content: str = "", attributes: str = "") -> str:
    return f'<call {attributes}><endpoint><address uri="{URI}"/></endpoint>{content}</call>'


async def called(xml: str, ctx: MessageContext) -> MessageContext:
    outcome = run([mediator(xml)], ctx)
    assert outcome is True or (not isinstance(outcome, bool) and await outcome is True)
    return ctx


def answered(network: Network, body: str, content_type: str = "application/json", status: int = 200) -> None:
    network.says[URI] = Answer(
        Payload(body.encode(), content_type), status, "Reason", Headers([("Content-Type", content_type), ("X-B", "1")])
    )


class Sent(Network):
    """Keeps the bodies as they are when they are sent."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[tuple[str, Any]] = []

    def send(self, ctx: MessageContext, uri: str, options: Any) -> Any:
        message_type = ctx.get("messageType", "axis2")
        self.bodies.append((str(ctx.payload.as_frame(message_type)), message_type))
        return super().send(ctx, uri, options)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    from mediation import transports

    sent = Sent()
    monkeypatch.setitem(transports.TRANSPORTS, "http", sent)
    return sent


# -- the answer becomes the message


async def test_the_flow_goes_on_with_the_answer(sent: Sent):
    answered(sent, '{"b": 1}', status=404)

    ctx = await called(call(), json('{"a": 1}'))

    assert ctx.payload.json() == {"b": 1}
    assert ctx.get("HTTP_SC", "axis2") == 404
    assert ctx.headers.get("X-B") == "1"


async def test_an_answer_is_addressed_to_whoever_waits_and_not_sent_anywhere_else(sent: Sent):
    answered(sent, "{}")

    ctx = await called(call(), json("{}"))

    assert ctx.to == "http://www.w3.org/2005/08/addressing/anonymous"
    with pytest.raises(EndpointNotReady, match="no To address"):
        run([mediator("<call/>")], ctx)


# -- source


@pytest.mark.parametrize(
    ("source", "body", "content_type"),
    [
        ('<source type="custom">$body/m:a/m:b</source>', "<soapenv:Body><m:b>1</m:b></soapenv:Body>", "text/xml"),
        ('<source type="custom">json-eval($.a.b)</source>', "1", "application/json"),
        ("<source>${payload.a}</source>", '{"b":1}', "application/json"),
        ('<source type="property">p</source>', '{"p": 1}', "application/json"),
        ('<source type="property" contentType="text/plain">p</source>', '{"p": 1}', "text/plain"),
        ('<source type="inline">{"id": ${vars.id}, "n": "$1"}</source>', '{"id": 7, "n": "$1"}', "application/json"),
        ('<source type="inline"><x xmlns="">${vars.id}</x></source>', '<x xmlns="">7</x>', "application/xml"),
        ('<source type="inline" contentType="text/plain">no. ${vars.id}</source>', "no. 7", "text/plain"),
        ('<source type="body"/>', None, None),
        ('<source type="body" contentType="application/xml"/>', None, "application/xml"),
    ],
)
async def test_the_source_is_sent_instead_of_the_body(sent: Sent, source: str, body: str | None, content_type: str):
    ctx = soap("<m:a><m:b>1</m:b></m:a>") if "$body" in source else json('{"a": {"b": 1}}')
    ctx.variables["id"] = 7
    ctx.set("p", '{"p": 1}')

    await called(call(source), ctx)

    ((sent_body, sent_type),) = sent.bodies
    assert sent_type == content_type
    if body is not None:
        assert body in sent_body


async def test_a_source_without_a_value_is_a_fault(sent: Sent):
    with pytest.raises(MediationError, match="the source of <call> has no value"):
        await called(call('<source type="property">none</source>'), json("{}"))


async def test_a_source_that_is_not_what_it_should_be_is_a_fault(sent: Sent):
    with pytest.raises(MediationError, match="the source of <call> is not application/json"):
        await called(call('<source type="inline" contentType="application/json">{nonsense</source>'), json("{}"))


# -- target


async def test_a_variable_takes_the_answer_and_the_message_stays(sent: Sent):
    answered(sent, '{"total": 12}', status=201)
    ctx = json('{"a": 1}')
    ctx.headers.set("X-A", "0")
    ctx.set("messageType", "application/json", "axis2")
    body = '<source type="inline" contentType="application/xml"><x/></source><target type="variable">order</target>'

    await called(call(body) + "", ctx)

    assert ctx.payload.json() == {"a": 1}
    assert ctx.headers.get("X-A") == "0"
    assert ctx.headers.get("X-B") is None
    assert ctx.get("messageType", "axis2") == "application/json"
    assert ctx.variables["order"]["payload"] == {"total": 12}
    expression = mediator(
        '<log><message>${vars.order.headers["x-b"]} ${vars.order.attributes.statusCode}</message></log>'
    )
    assert expression.message.text.render(ctx) == "1 201"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        ('{"a":1}', "application/json", '{"a":1}'),
        ("hello", "text/plain", "hello"),
        ("", "application/json", ""),
    ],
)
async def test_a_property_takes_the_answer_as_text(sent: Sent, body: str, content_type: str, value: str):
    answered(sent, body, content_type)

    ctx = await called(call('<target type="property">p</target>'), json('{"a": 2}'))

    assert ctx.get("p") == value
    assert ctx.payload.json() == {"a": 2}


async def test_a_property_takes_xml_as_an_element(sent: Sent):
    answered(sent, "<a><b/></a>", "application/xml")

    ctx = await called(call('<target type="property">p</target>'), json("{}"))

    assert etree.tostring(ctx.get("p")) == b"<a><b/></a>"


# -- blocking


async def test_a_blocking_call_keeps_the_headers_of_the_request(sent: Sent):
    answered(sent, "<b/>", "application/xml")
    ctx = json("{}")
    ctx.headers.set("X-A", "0")
    ctx.set("messageType", "application/json", "axis2")

    await called(call(attributes='blocking="true"'), ctx)

    assert ctx.headers.get("X-A") == "0"
    assert ctx.headers.get("X-B") is None
    assert ctx.get("messageType", "axis2") is None
    assert ctx.get("HTTP_SC", "axis2") == 200


async def test_a_blocking_call_takes_the_headers_of_the_answer_if_told(sent: Sent):
    answered(sent, "{}")
    ctx = json("{}")
    ctx.set("blocking.sender.preserve.req.headers", "false")

    assert (await called(call(attributes='blocking="true"'), ctx)).headers.get("X-B") == "1"


@pytest.mark.parametrize(
    ("status", "body", "properties", "is_error"),
    [
        (200, "{}", {}, False),
        (302, "{}", {}, False),
        (404, "{}", {}, True),
        (500, '{"error": "explained"}', {}, False),
        (500, "", {}, True),
        (503, "{}", {"non.error.http.status.codes": "500, 503"}, False),
        (202, "{}", {"error.http.status.codes": "202"}, True),
    ],
)
async def test_an_http_error_makes_a_blocking_call_fail(
    sent: Sent, status: int, body: str, properties: dict[str, str], is_error: bool
):
    answered(sent, body, status=status)
    ctx = json("{}")
    ctx.axis2.update(properties)

    if not is_error:
        await called(call(attributes='blocking="true"'), ctx)
        assert ctx.get("blocking.sender.error") is None
        return
    with pytest.raises(BlockingCallFailed) as caught:
        await called(call(attributes='blocking="true"'), ctx)
    assert caught.value.code == 401001
    assert caught.value.message == f"Transport error: {status} Error: Reason"
    assert ctx.get("blocking.sender.error") == "true"


async def test_a_soap_fault_makes_a_blocking_call_fail(sent: Sent):
    fault = soap("<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>no</faultstring></soapenv:Fault>")
    answered(sent, str(fault.payload.raw), "text/xml", status=500)

    with pytest.raises(BlockingCallFailed):
        await called(call(attributes='blocking="true"'), soap("<m:a/>"))


async def test_a_blocking_call_without_an_answer_fails_with_its_own_code(sent: Sent):
    sent.down(URI)
    ctx = json("{}")

    with pytest.raises(ConnectionFailed) as caught:
        await called(call(attributes='blocking="true"'), ctx)

    assert caught.value.code == 401002
    assert ctx.get("blocking.sender.error") == "true"


# -- without an answer


async def test_with_out_only_the_message_stays_and_a_copy_is_sent(sent: Sent):
    ctx = json('{"a": 1}')
    ctx.set("OUT_ONLY", "true")

    await called(call('<source type="inline">{"b": 2}</source>'), ctx)

    assert sent.bodies == [('{"b": 2}', "application/json")]
    assert ctx.payload.json() == {"a": 1}


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (call('<source type="custom"/>'), "<source> needs an expression"),
        (call('<source type="property"/>'), "<source> needs the name of a property"),
        (call('<source type="envelope"/>'), 'type "envelope" is not one of custom, property, inline, body'),
        (call('<target type="variable"/>'), "<target> needs the name of a variable"),
        (call("<source>//x[</source>"), "cannot be used"),
    ],
)
def test_mistakes_are_refused(xml: str, mistake: str):
    assert mistake in mistakes(xml)[0]
