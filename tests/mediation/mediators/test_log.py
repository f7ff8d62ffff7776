import logging

import pytest

from tests.mediation.mediators.support import json, mediator, message, mistakes, soap

ID = "urn:uuid:1"
EMPTY = (
    "<?xml version='1.0' encoding='utf-8'?>"
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body/></soapenv:Envelope>'
)


@pytest.fixture
def line(caplog):
    """The one line that a mediator writes about a message."""
    caplog.set_level(logging.DEBUG, "mediation.mediators.log")

    def line(xml: str, ctx=None) -> str:
        ctx = ctx or message()
        ctx.message_id = ID
        caplog.clear()
        assert mediator(xml).mediate(ctx) is True
        (record,) = caplog.records
        return record.getMessage()

    return line


# -- what a line holds


def test_simple(line):
    assert line("<log/>") == f"To: , MessageID: {ID}, Direction: request"


def test_simple_with_everything(line):
    ctx = message(text="hello")
    ctx.to, ctx.from_, ctx.action, ctx.reply_to = "/services/StockQuoteProxy", "urn:me", "urn:getQuote", "urn:you"
    ctx.set("correlation_id", "c-1", "axis2")
    ctx.is_response = True

    assert line('<log level="simple"><property name="text" expression="$ctx:text"/></log>', ctx) == (
        "To: /services/StockQuoteProxy, From: urn:me, WSAction: urn:getQuote, SOAPAction: urn:getQuote, "
        f"ReplyTo: urn:you, MessageID: {ID}, correlation_id: c-1, Direction: response, text = hello"
    )


def test_headers(line):
    ctx = soap("<m:x/>", header="<m:session>7</m:session><m:token/>")
    ctx.set("correlation_id", "c-1", "axis2")

    assert line('<log level="headers"><property name="a" value="1"/></log>', ctx) == (
        " correlation_id : c-1, session : 7, token : , a = 1"
    )


def test_headers_of_a_message_without_any(line):
    assert line('<log level="headers"/>', soap("<m:x/>")) == ""


def test_full_shows_the_envelope_after_the_properties(line):
    text = line('<log level="full"><property name="a" value="1"/></log>', soap("<m:x>1</m:x>"))

    assert text == (
        f"To: , MessageID: {ID}, Direction: request, a = 1, Envelope: <?xml version='1.0' encoding='utf-8'?>"
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:m">'
        "<soapenv:Body><m:x>1</m:x></soapenv:Body></soapenv:Envelope>"
    )


def test_full_shows_a_json_body_as_it_came(line):
    assert line('<log level="full"/>', json('{"a": [1]}')).endswith(', Direction: request, Payload: {"a": [1]}')


def test_full_shows_an_empty_envelope_for_a_frame_and_does_not_parse_it(line):
    ctx = message("<not xml")

    assert line('<log level="full"/>', ctx) == f"To: , MessageID: {ID}, Direction: request, Envelope: {EMPTY}"
    assert not ctx.payload.is_built
    assert ctx.payload.as_frame() == "<not xml"


def test_custom(line):
    xml = '<log level="custom"><property name="a" value="1"/><property name="b" expression="$ctx:b"/></log>'

    assert line(xml, message(b="2")) == "a = 1, b = 2"


def test_a_property_without_a_value_prints_null(line):
    assert line('<log level="custom"><property name="a" expression="$ctx:a"/></log>') == "a = null"


@pytest.mark.parametrize(
    ("level", "start"),
    [("", "Order in, a = 1"), ('level="custom"', "Order in, a = 1"), ('level="simple"', "Order in, To: , MessageID")],
)
def test_the_message_comes_first(line, level, start):
    assert line(f'<log {level}><message>Order in</message><property name="a" value="1"/></log>').startswith(start)


def test_the_separator_may_be_a_line_break(line):
    xml = r'<log level="custom" separator="\n"><message>a\tb</message><property name="c" value="1"/></log>'

    assert line(xml) == "a\tb\nc = 1"


def test_the_message_id_begins_a_custom_line(line):
    ctx = message()
    ctx.set("correlation_id", "c-1", "axis2")

    assert line('<log logMessageID="true"><message>Order in</message></log>', ctx) == (
        f"MessageID: {ID}, correlation_id: c-1, Order in"
    )


def test_the_body_may_end_a_custom_line(line):
    assert line('<log logFullPayload="true"><message>in</message></log>', json("[1]")) == "in, Payload: [1]"


# -- categories


@pytest.mark.parametrize(
    ("category", "level"),
    [
        ("TRACE", logging.DEBUG),
        ("DEBUG", logging.DEBUG),
        ("INFO", logging.INFO),
        ("WARN", logging.WARNING),
        ("ERROR", logging.ERROR),
        ("FATAL", logging.CRITICAL),
        (" warn ", logging.WARNING),
    ],
)
def test_a_category_is_a_level_of_the_logger(caplog, category, level):
    caplog.set_level(logging.DEBUG, "mediation.mediators.log")

    mediator(f'<log category="{category}"/>').mediate(message())

    assert [(record.name, record.levelno) for record in caplog.records] == [("mediation.mediators.log", level)]


def test_nothing_is_evaluated_for_a_level_that_is_off(caplog):
    caplog.set_level(logging.INFO, "mediation.mediators.log")
    ctx = soap("<m:x/>")

    mediator('<log level="full" category="DEBUG"><property name="x" expression="//m:x"/></log>').mediate(ctx)

    assert not ctx.payload.is_built
    assert caplog.records == []


# -- one event, one line


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\r\nINFO forged", r"a\r\nINFO forged"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("a\u202eb\u2028c", r"a\u202eb\u2028c"),
        ("%s {0} %(x)s", "%s {0} %(x)s"),
        ("tab\tä€😀", "tab\tä€😀"),
        ("<a>\u202e\n</a>", "<a>&#8238;&#10;</a>"),
        ('{\n "a": "\u202e"}', '{  "a": "\\u202e"}'),
    ],
)
def test_what_comes_with_a_message_cannot_end_the_line(line, value, shown):
    assert (
        line('<log level="custom"><property name="v" expression="$ctx:v"/></log>', message(v=value)) == f"v = {shown}"
    )


def test_addresses_cannot_end_the_line_either(line):
    ctx = message()
    ctx.to = "/a\nb"

    assert line("<log/>", ctx).startswith(r"To: /a\nb, ")


def test_a_body_of_many_lines_stays_one_line_and_says_the_same(line):
    xml = line('<log level="full"/>', soap("<m:a>\n  <m:b/>\n</m:a>"))

    assert "<m:a>&#10;  <m:b/>&#10;</m:a>" in xml


def test_the_rest_of_a_long_value_is_counted(line):
    text = line('<log level="custom"><property name="v" expression="$ctx:v"/></log>', message(v="x" * 10_000_000))

    assert len(text) < 66_000
    assert text.endswith("x... (10000000 characters)")


# -- grammar


def test_expressions_in_the_message_are_replaced(caplog):
    ctx = json('{"name": "Alice\\nBob", "none": null}')

    mediator("<log><message>Hello ${payload.name} (${payload.none}),\\nwelcome</message></log>").mediate(ctx)

    # What came with the message cannot end the line; what stands in the configuration can.
    assert caplog.messages == ["Hello Alice\\nBob (null),\nwelcome"]


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<log level="fll"/>', '<log> level "fll" is not one of simple, headers, full, custom'),
        (
            '<log category="NOTICE"/>',
            "Invalid log category. Category has to be one of the following : INFO, TRACE, DEBUG, WARN, ERROR, FATAL",
        ),
        (
            '<log><property name="a"/></log>',
            "Entry attribute value OR expression must be specified for a mediator property",
        ),
        ('<log><property name=" " value="1"/></log>', "Entry name is a required attribute for a Log property"),
        (
            '<log><property name="a" value=""/></log>',
            "Entry attribute value (if specified) is required for a Log property",
        ),
        ('<log><property name="a" expression="//("/></log>', None),
        ("<log><message>Hello ${5 +}</message></log>", None),
    ],
)
def test_mistakes(xml, mistake):
    found = mistakes(xml)

    assert len(found) == 1
    assert mistake is None or found == [mistake]
