"""``<enableAddressing>``: what the back-end gets, and what the message is afterwards."""

import pytest

from mediation.headers import Headers
from mediation.payloads import Payload
from mediation.payloads.addressing import FINAL, SUBMISSION, read_addressing

from .support import address, answer, endpoint, message

SOAP = b"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header>
<w:To xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing">http://old/</w:To><other/></e:Header>
<e:Body><a/></e:Body></e:Envelope>"""


def soap(body=SOAP, **properties):
    ctx = message()
    ctx.payload = Payload(body, "text/xml")
    ctx.headers = Headers([("SOAPAction", '"urn:go"')])
    ctx.action = "urn:go"
    for name, value in properties.items():
        ctx.set(name, value)
    return ctx


async def sent(network, ctx, settings="<enableAddressing/>"):
    await answer(endpoint(f'<address uri="http://h/a">{settings}</address>'), ctx)
    payload = network.sent[-1][1].payload
    return Payload(payload.format()[0], "text/xml")


async def test_a_soap_message_gets_the_headers_in_place_of_its_own(network):
    ctx = soap()
    payload = await sent(network, ctx)
    said = read_addressing(payload)
    assert (said.to, said.action, said.message_id) == ("http://h/a", "urn:go", ctx.message_id)
    assert said.reply_to == f"{FINAL}/anonymous"
    assert payload.header[0].tag == "other"
    assert ctx.payload.raw == SOAP, "the message itself is as it was"


async def test_the_older_version(network):
    said = (await sent(network, soap(), '<enableAddressing version="submission"/>')).header
    assert {block.tag for block in said if "addressing" in block.tag} == {
        f"{{{SUBMISSION}}}{name}" for name in ("To", "Action", "MessageID", "ReplyTo")
    }


async def test_who_wants_no_reply_says_so(network):
    assert read_addressing(await sent(network, soap(OUT_ONLY="true"))).reply_to == f"{FINAL}/none"


async def test_an_envelope_without_a_header_gets_one(network):
    body = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>'
    assert read_addressing(await sent(network, soap(body))).to == "http://h/a"


async def test_a_message_that_is_not_soap_is_left_alone(network):
    ctx = message()
    await sent(network, ctx)
    assert network.sent[0][1] is ctx


async def test_each_attempt_of_a_group_has_its_own_address(network):
    network.down("http://one/")
    children = address("http://one/", "<enableAddressing/>") + address("http://two/", "<enableAddressing/>")
    await answer(endpoint(f"<failover>{children}</failover>"), soap())
    assert [read_addressing(Payload(ctx.payload.format()[0], "text/xml")).to for _, ctx, _ in network.sent] == [
        "http://one/",
        "http://two/",
    ]


def test_a_version_that_there_is_not():
    with pytest.raises(AssertionError, match='<enableAddressing> version "new" is not one of final, submission'):
        endpoint('<address uri="http://h"><enableAddressing version="new"/></address>')
