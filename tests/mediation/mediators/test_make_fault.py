import pytest

from mediation.payloads.xml import SOAP11_NS, SOAP12_NS, to_text
from tests.mediation.mediators.support import mediator, mistakes, soap

S11 = f'xmlns:s11="{SOAP11_NS}"'
S12 = f'xmlns:s12="{SOAP12_NS}"'


def made(xml, ctx=None):
    ctx = ctx or soap("<m:order/>")
    assert mediator(xml).mediate(ctx) is True
    return ctx


def fault(ctx):
    return ctx.payload.first_child


def test_soap11():
    ctx = made(
        f'<makefault version="soap11"><code {S11} value="s11:Server"/><reason value="it broke"/>'
        "<role>urn:gateway</role><detail>more</detail></makefault>"
    )
    assert ctx.payload.is_fault
    parts = {part.tag: part.text for part in fault(ctx)}
    assert parts == {
        "faultcode": "s11:Server",
        "faultstring": "it broke",
        "faultactor": "urn:gateway",
        "detail": "more",
    }
    assert fault(ctx).nsmap["s11"] == SOAP11_NS, "the prefix in the text is declared"


def test_soap12():
    ctx = made(
        f'<makefault version="soap12"><code {S12} value="s12:Sender"/><reason value="it broke"/>'
        "<node>urn:n</node><role>urn:r</role><detail><m:why>x</m:why></detail></makefault>"
    )
    assert ctx.payload.soap_version == "soap12"
    texts = [(part.tag.partition("}")[2], part.text) for part in fault(ctx).iter("*")]
    assert texts == [
        ("Fault", None),
        ("Code", None),
        ("Value", "s12:Sender"),
        ("Reason", None),
        ("Text", "it broke"),
        ("Node", "urn:n"),
        ("Role", "urn:r"),
        ("Detail", None),
        ("why", "x"),
    ]


def test_without_a_version_the_code_s_namespace_decides():
    ctx = made(f'<makefault><code {S12} value="s12:Receiver"/><reason value="x"/></makefault>')
    assert ctx.payload.soap_version == "soap12"


@pytest.mark.parametrize(
    ("inside", "text"),
    [('<reason value="why"/>', "why"), ('<reason value="why"/><detail>more</detail>', "more"), ("", "")],
)
def test_pox_is_an_exception_element(inside, text):
    ctx = made(f'<makefault version="pox">{inside}</makefault>')
    assert to_text(fault(ctx)) == (f"<Exception>{text}</Exception>")


def test_values_may_come_from_the_message():
    ctx = soap("<m:order><m:id>7</m:id></m:order>")
    ctx.set("ERROR_MESSAGE", "it broke")
    made(
        f"<makefault {S11}><code expression=\"'s11:Client'\"/><reason expression=\"get-property('ERROR_MESSAGE')\"/>"
        '<detail expression="//m:id"/></makefault>',
        ctx,
    )
    code, reason, detail = fault(ctx)
    assert (code.text, reason.text, detail[0].text) == ("s11:Client", "it broke", "7")


def test_the_header_stays():
    ctx = made(
        f'<makefault><code {S11} value="s11:Server"/><reason value="x"/></makefault>', soap("", "<m:id>1</m:id>")
    )
    assert ctx.payload.header[0].text == "1"


@pytest.mark.parametrize(
    ("attribute", "is_response"), [("", True), ('response="true"', True), ('response="false"', False)]
)
def test_the_message_becomes_a_response_unless_told_otherwise(attribute, is_response):
    ctx = made(f'<makefault {attribute}><code {S11} value="s11:Server"/><reason value="x"/></makefault>')
    assert ctx.is_response is is_response


def test_the_fault_goes_to_the_address_for_faults():
    ctx = soap("")
    ctx.to, ctx.fault_to, ctx.reply_to = "http://to", "http://fault", "http://reply"
    made(f'<makefault response="false"><code {S11} value="s11:Server"/><reason value="x"/></makefault>', ctx)
    assert (ctx.to, ctx.relates_to) == ("http://fault", ctx.message_id)


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ('<makefault><reason value="x"/></makefault>', "<makefault> of version soap11 needs a child <code>"),
        (
            f'<makefault><code {S11} value="s11:Server"/></makefault>',
            "<makefault> of version soap11 needs a child <reason>",
        ),
        (
            f'<makefault><code {S11} value="s11:Sender"/><reason value="x"/></makefault>',
            'the fault code "Sender" is not one of VersionMismatch, MustUnderstand, Client, Server',
        ),
        (
            '<makefault><code value="s11:Server"/><reason value="x"/></makefault>',
            f'the prefix of the fault code "s11:Server" does not stand for {SOAP11_NS}',
        ),
        ('<makefault version="soap13"/>', '<makefault> version "soap13" is not one of soap11, soap12, pox'),
        (f"<makefault><code {S11}/></makefault>", '<code> of <makefault> needs the attribute "value" or "expression"'),
    ],
)
def test_mistakes(xml, message):
    assert mistakes(xml)[0] == message
