"""``<callout>``: a part of the message is sent, and the answer put where it belongs."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from mediation import transports
from mediation.errors import CalloutFailed, MediationError
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS, to_text
from mediation.transports import Answer
from tests.mediation.endpoints.support import Network

from .support import mediator, message, mistakes, soap

URI = "http://service/quote"
BODY = "s11:Body/child::*[1]"
S11 = 'xmlns:s11="http://schemas.xmlsoap.org/soap/envelope/"'
FAULT = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
    "<faultcode>soapenv:Server</faultcode><faultstring>no</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


class Service(Network):
    """Keeps what it is sent, as it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, str | None, str | None]] = []

    def send(self, ctx: MessageContext, uri: str, options: Any) -> Any:
        self.requests.append((ctx.payload.format()[0].decode(), ctx.action, ctx.headers.get("SOAPAction")))
        return super().send(ctx, uri, options)

    def answers(self, body: str, status: int = 200) -> None:
        self.says[URI] = Answer(Payload(body.encode(), "text/xml"), status, "Reason")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    service.answers("<quote>82</quote>")
    monkeypatch.setitem(transports.TRANSPORTS, "http", service)
    return service


def callout(content: str = "", attributes: str = f'serviceURL="{URI}"') -> str:
    return f"<callout {attributes} {S11}>{content}</callout>"


async def run(xml: str, ctx: MessageContext) -> None:
    outcome = mediator(xml).mediate(ctx)
    assert inspect.isawaitable(outcome)
    assert await outcome is True


async def test_the_envelope_is_sent_and_the_answer_takes_its_place(service: Service) -> None:
    ctx = soap("<m:ask/>")
    await run(callout(attributes=f'serviceURL="{URI}" action="urn:getQuote"'), ctx)
    ((body, action, header),) = service.requests
    assert "<m:ask/>" in body
    assert "Envelope" in body
    assert (action, header) == ("urn:getQuote", '"urn:getQuote"')
    assert ctx.payload.first_child is not None
    assert to_text(ctx.payload.first_child) == "<quote>82</quote>"


async def test_an_element_is_sent_and_the_answer_replaces_another(service: Service) -> None:
    ctx = soap("<m:a><m:part>1</m:part><m:rest/></m:a>")
    source = '<source xpath="//m:part"/><target xpath="//m:rest"/>'
    await run(callout(source), ctx)
    assert "<m:part" in service.requests[0][0]
    assert "<m:rest" not in service.requests[0][0]
    assert ctx.payload.first_child is not None
    assert [child.tag for child in ctx.payload.first_child] == ["{urn:m}part", "quote"]


async def test_properties_and_entries_may_be_sent_and_get_the_answer(service: Service) -> None:
    entry = f'<localEntry xmlns="{SYNAPSE_NS}" key="request"><ask xmlns="">entry</ask></localEntry>'
    ctx = message("<a/>", "text/xml", entry)
    await run(callout('<source key="request"/><target key="answer"/>'), ctx)
    assert ">entry</ask>" in service.requests[0][0]
    assert to_text(ctx.properties["answer"]) == "<quote>82</quote>"
    assert ctx.payload.raw == "<a/>"


@pytest.mark.parametrize("status", [404, 500])
async def test_an_http_error_is_a_failure(service: Service, status: int) -> None:
    service.answers("<no/>", status)
    with pytest.raises(CalloutFailed, match=f"Error while performing the callout operation: {status}") as caught:
        await run(callout(), soap("<m:a/>"))
    assert caught.value.code == 401000


async def test_a_soap_fault_is_a_failure(service: Service) -> None:
    service.answers(FAULT)
    with pytest.raises(CalloutFailed):
        await run(callout(), soap("<m:a/>"))


async def test_a_service_that_is_not_there_is_a_failure_each_time(service: Service) -> None:
    service.down(URI)
    for _ in range(2):  # it is not suspended
        with pytest.raises(CalloutFailed, match="refused"):
            await run(callout(), soap("<m:a/>"))


async def test_a_source_without_an_element_is_a_failure(service: Service) -> None:
    with pytest.raises(MediationError, match="gives no element"):
        await run(callout('<source xpath="//m:none"/>'), soap("<m:a/>"))
    assert service.requests == []


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (callout('<enableSec policy="p"/>'), "enableSec"),
        (callout("<target/>"), '"xpath" or "key"'),
        (callout('<source type="body"/>'), "is not one of"),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(xml)[0]
