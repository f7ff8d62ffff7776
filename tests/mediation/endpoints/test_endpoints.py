"""Endpoints: how they are read, where they send, when they are suspended."""

import pytest

from mediation import transports
from mediation.compiler import compile_artifact
from mediation.errors import (
    ConnectionFailed,
    EndpointError,
    EndpointNotFound,
    EndpointNotReady,
    InvalidAddress,
    InvalidHandshakeResponse,
)
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import parse_xml
from mediation.transports import Answer

from ..support import DictEnvironment, compiled


class RecordingTransport:
    """Keeps where messages went; answers what it is told to."""

    def __init__(self):
        self.sent = []
        self.answer = None

    def send(self, ctx, uri, options):
        self.sent.append((uri, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def transport(monkeypatch):
    transport = RecordingTransport()
    for scheme in ("http", "https", "ws", "wss"):
        monkeypatch.setitem(transports.TRANSPORTS, scheme, transport)
    return transport


@pytest.fixture
def ctx():
    return MessageContext(DictEnvironment())


def endpoint(inner, attributes='name="e"'):
    return compiled(f'<endpoint xmlns="http://ws.apache.org/ns/synapse" {attributes}>{inner}</endpoint>')


ADDRESSES = [
    ('<address uri="http://h/a"/>', {}, {}, "http://h/a"),
    ('<address uri="http://h/a"/>', {}, {"REST_URL_POSTFIX": "/sub?x=1"}, "http://h/a/sub?x=1"),
    ('<address uri="http://h/a/"/>', {}, {"REST_URL_POSTFIX": "?x=1"}, "http://h/a/?x=1"),
    ('<address uri="ws://h/${room}"/>', {"room": "blue"}, {}, "ws://h/blue"),
    ('<address uri="ws://h/${room}"/>', {}, {}, "ws://h/${room}"),
    ('<http uri-template="http://h/o/{uri.var.id}"/>', {"uri.var.id": "a b/c"}, {}, "http://h/o/a%20b%2Fc"),
    ('<http uri-template="http://h/{+uri.var.path}"/>', {"uri.var.path": "a/b"}, {}, "http://h/a/b"),
    ('<http uri-template="{uri.var.all}"/>', {"uri.var.all": "http://h/x?y=z"}, {}, "http://h/x?y=z"),
    ('<http uri-template="http://h/{?query.param.q}"/>', {"query.param.q": "1"}, {}, "http://h/?query.param.q=1"),
    ('<http uri-template="http://h/o"/>', {}, {"REST_URL_POSTFIX": "/sub"}, "http://h/o/sub"),
    ('<http method="get" uri-template="http://h/o"/>', {}, {"REST_URL_POSTFIX": "/sub"}, "http://h/o"),
    (
        '<http uri-template="legacy-encoding:{uri.var.u}"/>',
        {"uri.var.u": "http://h/a%2Fb?q=%20"},
        {},
        "http://h/a/b?q=%20",
    ),
    ('<http uri-template="legacy-encoding:http://h/{uri.var.u}"/>', {"uri.var.u": "a%25 b"}, {}, "http://h/a%25%20b"),
    ('<http uri-template="http://h/{uri.var.id}"/>', {"id": "not a template variable"}, {}, "http://h/"),
]


@pytest.mark.parametrize(("xml", "default", "axis2", "uri"), ADDRESSES)
def test_where_a_message_goes(transport, ctx, xml, default, axis2, uri):
    ctx.properties.update(default)
    ctx.axis2.update(axis2)
    assert endpoint(xml).send(ctx) is None
    assert transport.sent[0][0] == uri


@pytest.mark.parametrize(
    ("format_", "media_type", "uri"),
    [
        ("", "application/soap+xml", "http://h/a"),
        ("", "application/json", "http://h/a/sub"),
        ('format="soap11"', "application/json", "http://h/a"),
        ('format="rest"', "application/soap+xml", "http://h/a/sub"),
        ('format="pox"', "application/soap+xml", "http://h/a/sub"),
    ],
)
def test_the_postfix_is_for_rest_messages(transport, ctx, format_, media_type, uri):
    ctx.axis2.update({"REST_URL_POSTFIX": "/sub", "messageType": media_type})
    endpoint(f'<address uri="http://h/a" {format_}/>').send(ctx)
    assert transport.sent[0][0] == uri


@pytest.mark.parametrize(
    "postfix", ["/..", "/a/../../b", "/..%2fb", "/%2e%2e/b", "/%252e%252e/b", "/..%5cb", "/..;x/b"]
)
def test_a_postfix_does_not_lead_out_of_the_address(transport, ctx, postfix):
    ctx.axis2["REST_URL_POSTFIX"] = postfix
    with pytest.raises(InvalidAddress, match="it leads out of http://h/a"):
        endpoint('<address uri="http://h/a"/>').send(ctx)
    assert transport.sent == []


@pytest.mark.parametrize("postfix", ["/b/../c", "/..b", "/v1.0/x?y=../..", "/a%20b"])
def test_dots_that_stay_within_the_address_are_left_alone(transport, ctx, postfix):
    ctx.axis2["REST_URL_POSTFIX"] = postfix
    endpoint('<address uri="http://h/a"/>').send(ctx)
    assert transport.sent[0][0] == f"http://h/a{postfix}"


def test_default_sends_to_the_address_of_the_message(transport, ctx):
    with pytest.raises(EndpointNotReady, match="no To address"):
        endpoint("<default/>").send(ctx)
    ctx.to = "http://h/x"
    endpoint('<default format="soap12"/>').send(ctx)
    [(uri, options)] = transport.sent
    assert (uri, options.format) == ("http://h/x", "soap12")


def test_a_reference_is_looked_up_for_each_message(transport, ctx):
    reference = compiled('<sequence name="s"><send><endpoint key="stock"/></send></sequence>')
    assert reference.mediators[0].endpoint.key == "stock"
    with pytest.raises(EndpointNotFound) as failure:
        reference.mediate(ctx)
    assert failure.value.code == 305100
    ctx.environment.deploy('<endpoint name="stock"><address uri="http://h/s"/></endpoint>')
    assert reference.mediate(ctx) is False
    assert transport.sent[0][0] == "http://h/s"


def test_properties_of_an_endpoint_are_set_just_before_sending(transport, ctx):
    endpoint(
        '<address uri="http://h"/><property name="a" value="1"/>'
        '<property name="X-B" scope="transport" expression="get-property(\'a\')"/>'
    ).send(ctx)
    assert (ctx.get("a"), ctx.get("X-B", "transport")) == ("1", "1")


def test_settings_reach_the_transport(transport, ctx):
    endpoint(
        '<http method="PUT" uri-template="http://h"><timeout><duration>1500</duration>'
        "<responseAction>fault</responseAction></timeout></http>"
    ).send(ctx)
    [(_, options)] = transport.sent
    assert (options.method, options.timeout) == ("PUT", 1.5)


def test_a_failing_http_endpoint_is_suspended(transport, ctx):
    target = endpoint('<address uri="http://h"/>')
    transport.answer = ConnectionFailed("http://h", "Connection refused: h")
    with pytest.raises(ConnectionFailed):
        target.send(ctx)
    with pytest.raises(EndpointNotReady) as refused:
        target.send(ctx)
    assert refused.value.code == 303001
    assert refused.value.message == "Currently , Address endpoint : [ Name : e ] [ State : SUSPENDED ]"
    assert len(transport.sent) == 1


@pytest.mark.parametrize("address", ["jms:/queue", "http://"])
def test_a_message_that_goes_nowhere_suspends_nobody(ctx, address):
    target = endpoint('<address uri="${where}"/>')
    ctx.set("where", address)

    with pytest.raises(EndpointError):
        target.send(ctx)

    assert target.suspension.is_ready()


async def test_a_failure_that_comes_later_suspends_too(transport, ctx):
    async def fail():
        raise ConnectionFailed("http://h", "Connection refused: h")

    target = endpoint('<address uri="http://h"/>')
    transport.answer = fail()
    with pytest.raises(ConnectionFailed):
        await target.send(ctx)
    assert not target.suspension.is_ready()


REFUSED = ConnectionFailed("ws://h", "Connection refused: h")
WS_SUSPENSIONS = [
    ("", REFUSED, True),
    ("", InvalidHandshakeResponse("ws://h", 403, "Forbidden"), True),
    ("", InvalidHandshakeResponse("ws://h", 503, "Service Unavailable"), False),
    ("<suspendOnFailure><initialDuration>1000</initialDuration></suspendOnFailure>", REFUSED, False),
    ("<suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure>", REFUSED, True),
]


@pytest.mark.parametrize(("settings", "failure", "ready"), WS_SUSPENSIONS)
def test_a_websocket_endpoint_is_suspended_only_when_it_says_so_or_for_a_server_error(
    transport, ctx, settings, failure, ready
):
    target = endpoint(f'<address uri="ws://h">{settings}</address>')
    transport.answer = failure
    with pytest.raises(ConnectionFailed):
        target.send(ctx)
    assert target.suspension.is_ready() is ready


def test_an_answer_makes_an_endpoint_active_again(transport, ctx):
    target = endpoint(
        '<address uri="http://h"><suspendOnFailure><initialDuration>0</initialDuration></suspendOnFailure></address>'
    )
    transport.answer = ConnectionFailed("http://h", "no")
    with pytest.raises(ConnectionFailed):
        target.send(ctx)
    transport.answer = Answer(Payload())
    assert target.send(ctx) is transport.answer
    assert target.suspension.state == "active"


MISTAKES = [
    ("", "Invalid endpoint configuration."),
    ("<address/>", '<address> needs the attribute "uri"'),
    ('<http method="fetch" uri-template="http://h"/>', '<http> method "fetch" is not one of delete, get'),
    (
        '<address uri="http://h"/><property name="n" value="x" type="INTEGER"/>',
        '<property> value "x" is not of the type INTEGER',
    ),
    ("<http/>", '<http> needs the attribute "uri-template"'),
    (
        '<address uri="http://h"><timeout><duration>soon</duration></timeout></address>',
        '<duration> "soon" is not a number',
    ),
    (
        '<address uri="http://h"><timeout><duration>1</duration><responseAction>cry</responseAction></timeout></address>',
        '<responseAction> "cry" is not one of discard, fault',
    ),
    (
        '<address uri="http://h"><suspendOnFailure><errorCodes>a,b</errorCodes></suspendOnFailure></address>',
        '<errorCodes> "a,b" is not a list of numbers',
    ),
    ('<address uri="jms:/queue"/>', 'the transport "jms" is kept, but cannot run in this version'),
    (
        "<serviceDynamicLoadbalance/>",
        "the endpoint kind <serviceDynamicLoadbalance> is kept, but cannot run in this version",
    ),
    (
        '<address uri="http://h"><authentication/></address>',
        "<authentication> of <address> is kept, but cannot run in this version",
    ),
    ("<http uri-template='http://h'><authentication/></http>", "<authentication> needs a child <basicAuth> or <oauth>"),
    (
        "<http uri-template='http://h'><authentication><oauth><clientCredentials/></oauth></authentication></http>",
        "<clientCredentials> needs a child <clientId> with text",
    ),
    (
        '<address uri="http://h"><enableSec/></address>',
        "<enableSec> of an endpoint is kept, but cannot run in this version",
    ),
]


@pytest.mark.parametrize(("inner", "message"), MISTAKES)
def test_mistakes_are_named_with_their_line(inner, message):
    compilation = compile_artifact(parse_xml(f'<endpoint name="e">\n{inner}</endpoint>'))
    assert compilation.artifact is None
    [finding] = compilation.findings
    assert finding.message.startswith(message)
    assert finding.line in (1, 2)


def test_an_unknown_format_is_a_warning():
    compilation = compile_artifact(parse_xml('<endpoint name="e"><address uri="http://h" format="soap"/></endpoint>'))
    assert compilation.artifact is not None
    assert [finding.severity for finding in compilation.findings] == ["warning"]


def test_what_an_endpoint_does_not_have_is_a_warning():
    xml = '<endpoint name="e" colour="red"><address uri="http://h" url="x"><retries/></address><extra/></endpoint>'
    assert [finding.message for finding in compile_artifact(parse_xml(xml)).warnings] == [
        '<endpoint> does not know the attribute "colour"; it is ignored',
        "<endpoint> does not know the child <extra>; it is ignored",
        '<address> does not know the attribute "url"; it is ignored',
        "<address> does not know the child <retries>; it is ignored",
    ]


def test_properties_of_an_endpoint_have_types(transport, ctx):
    endpoint(
        '<address uri="http://h"/><property name="a" value="7" type="INTEGER"/>'
        '<property name="b" expression="1 + 1" type="INTEGER" scope="axis2"/>'
    ).send(ctx)
    assert (ctx.get("a"), ctx.get("b", "axis2")) == (7, 2)


@pytest.mark.parametrize(("optimize", "name"), [("mtom", "enableMTOM"), ("SWA", "enableSwA")])
def test_optimize_says_how_binary_content_leaves(transport, ctx, optimize, name):
    endpoint(f'<address uri="http://h" optimize="{optimize}"/>').send(ctx)
    assert ctx.get(name, "axis2") is True


def test_credentials_of_an_address_are_not_logged(transport, ctx, caplog):
    target = endpoint('<address uri="http://me:CANARY@h/"/>')
    transport.answer = ConnectionFailed("http://h", "refused")
    with pytest.raises(ConnectionFailed):
        target.send(ctx)
    assert "with address http://h/" in caplog.text
    assert "CANARY" not in caplog.text
