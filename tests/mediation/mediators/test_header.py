import logging

import pytest
from lxml import etree

from mediation.errors import MediationError
from tests.mediation.mediators.support import json, mediator, message, mistakes, soap

SOAP_HEADER = "{http://schemas.xmlsoap.org/soap/envelope/}Header"


def run(xml: str, ctx=None):
    """The message after the mediator."""
    ctx = ctx or message()
    assert mediator(xml).mediate(ctx) is True
    return ctx


def blocks(ctx) -> list[tuple[str, str | None]]:
    return [(block.tag, block.text) for block in ctx.payload.header]


# -- addresses


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("To", "to"),
        ("From", "from_"),
        ("Action", "action"),
        ("FaultTo", "fault_to"),
        ("ReplyTo", "reply_to"),
        ("RelatesTo", "relates_to"),
    ],
)
def test_an_address_is_set_and_removed_without_any_xml(name, field):
    ctx = run(f'<header name="{name}" value="urn:x"/>')
    assert getattr(ctx, field) == "urn:x"
    assert not ctx.payload.is_built

    run(f'<header name="{name}" action="remove"/>', ctx)
    assert getattr(ctx, field) is None


def test_a_new_action_is_the_soap_action_too():
    ctx = message()
    ctx.set("SOAPAction", '"urn:old"', "transport")

    assert run('<header name="Action" value="urn:new"/>', ctx).headers.get("SOAPAction") == '"urn:new"'
    assert "SOAPAction" not in run('<header name="Action" value="urn:new"/>').headers


def test_an_address_may_come_from_the_message():
    assert (
        run('<header name="To" expression="//m:to"/>', soap("<m:to>http://localhost</m:to>")).to == "http://localhost"
    )


def test_a_missing_value_leaves_an_empty_address_and_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        ctx = run('<header name="To" expression="$ctx:missing"/>')

    assert ctx.to == ""
    assert caplog.messages == ["Setting SOAP header : To to empty as evaluated value is null"]


# -- SOAP header blocks


def test_a_name_with_a_prefix_adds_a_soap_header_block():
    ctx = run('<header name="m:ticket" value="a&lt;b"/>', soap("<m:a/>"))

    assert ctx.payload.envelope[0].tag == SOAP_HEADER
    assert blocks(ctx) == [("{urn:m}ticket", "a<b")]
    assert ctx.payload.modified


def test_a_block_joins_those_that_are_there():
    ctx = run('<header name="m:b" expression="sum(//m:a)"/>', soap("<m:a>1</m:a>", header="<m:a>0</m:a>"))

    assert blocks(ctx) == [("{urn:m}a", "0"), ("{urn:m}b", "1.0")]


def test_om_puts_xml_into_the_block():
    ctx = run(
        '<header name="m:session" expression="$ctx:xml" type="OM"/>', message("<a/>", "application/xml", xml="<id/>")
    )

    assert [part.tag for part in ctx.payload.header[0]] == ["id"]


def test_elements_inside_are_blocks_and_each_message_gets_its_own():
    header = mediator("<header><m:session><m:id>7</m:id></m:session><m:other/></header>")
    first, second = soap("<m:a/>"), soap("<m:a/>")
    header.mediate(first)
    header.mediate(second)

    first.payload.header[0].append(etree.Element("changed"))

    assert [block.tag for block in second.payload.header] == ["{urn:m}session", "{urn:m}other"]
    assert [part.tag for part in second.payload.header[0]] == ["{urn:m}id"]


def test_remove_takes_all_blocks_of_that_name():
    ctx = run('<header name="m:a" action="remove"/>', soap("<m:x/>", header="<m:a>1</m:a><m:b/><m:a>2</m:a>"))

    assert blocks(ctx) == [("{urn:m}b", None)]


def test_removing_what_is_not_there_leaves_the_body_as_it_came():
    ctx = run('<header name="m:a" action="remove"/>', soap("<m:x/>", header="<m:b/>"))

    assert not ctx.payload.modified


def test_a_header_block_costs_neither_json_nor_a_frame():
    on_json, on_frame = json('{"a": [1]}'), message("hi")

    run('<header name="m:a" value="1"/>', on_json)
    run('<header name="m:a" value="1"/>', on_frame)

    assert on_json.payload.format()[0] == b'{"a": [1]}'
    assert on_frame.payload.as_frame() == "hi"
    assert blocks(on_json) == blocks(on_frame) == [("{urn:m}a", "1")]


@pytest.mark.parametrize(("attributes", "value"), [("", "\x01"), ('type="OM"', "<a>")])
def test_a_value_that_is_no_xml_is_a_fault(attributes, value):
    with pytest.raises(MediationError, match="the value of the header m:a cannot be written as XML"):
        run(f'<header name="m:a" expression="$ctx:value" {attributes}/>', message(value=value))


# -- transport headers


def test_a_transport_header_is_set_and_removed_whatever_its_case():
    ctx = run('<header name="X-Token" value="1" scope="transport"/>')
    assert ctx.headers.get("x-token") == "1"

    run('<header name="x-token" action="remove" scope="transport"/>', ctx)
    assert "X-Token" not in ctx.headers


def test_a_missing_value_leaves_an_empty_transport_header_and_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        ctx = run('<header name="Accept" expression="$ctx:missing" scope="transport"/>')

    assert ctx.headers.get("Accept") == ""
    assert caplog.messages == ["Setting HTTP header : Accept to empty as evaluated value is null"]


# -- grammar


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<header value="1"/>', "A valid name attribute is required for the header mediator"),
        ('<header scope="transport"><a/></header>', "A valid name attribute is required for the header mediator"),
        ('<header name="To"/>', "A 'value' or 'expression' attribute is required for a [set] header mediator"),
        (
            '<header name="Content-Type" value="text/xml"/>',
            "Invalid SOAP header: Content-Type specified at the header mediator. "
            "All SOAP headers must be namespace qualified.",
        ),
        ('<header name="x:a" value="1"/>', "Invalid namespace prefix 'x' in name attribute"),
        ('<header name="m:a b" value="1"/>', '<header> name "m:a b" is not a name of XML'),
        ('<header name="To" value="1" scope="axis2"/>', '<header> scope "axis2" is not one of default, transport'),
    ],
)
def test_mistakes(xml, mistake):
    assert mistakes(xml) == [mistake]
