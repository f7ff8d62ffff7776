from __future__ import annotations

import pytest

from mediation.payloads import Payload
from mediation.payloads.addressing import Addressing, read_addressing

WSA = "http://www.w3.org/2005/08/addressing"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def soap(header: str, namespace: str = WSA) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:wsa="{namespace}"><s:Header>{header}</s:Header>'
        "<s:Body><a/></s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize("namespace", [WSA, "http://schemas.xmlsoap.org/ws/2004/08/addressing"])
def test_the_headers_of_both_versions_are_read(namespace):
    header = (
        "<wsa:To> urn:to </wsa:To><wsa:Action>urn:action</wsa:Action><wsa:MessageID>urn:id</wsa:MessageID>"
        "<wsa:RelatesTo>urn:other</wsa:RelatesTo><wsa:From><wsa:Address>urn:from</wsa:Address></wsa:From>"
        "<wsa:ReplyTo><wsa:ReferenceParameters/><wsa:Address>urn:reply</wsa:Address></wsa:ReplyTo>"
        "<wsa:FaultTo><wsa:Address>urn:fault</wsa:Address></wsa:FaultTo>"
    )

    assert read_addressing(Payload(soap(header, namespace), "text/xml; charset=utf-8")) == Addressing(
        to="urn:to",
        from_="urn:from",
        reply_to="urn:reply",
        fault_to="urn:fault",
        relates_to="urn:other",
        action="urn:action",
        message_id="urn:id",
    )


def test_the_body_stays_as_it_came():
    raw = soap("<wsa:To>urn:to</wsa:To>")
    payload = Payload(raw, "text/xml")

    assert read_addressing(payload).to == "urn:to"
    assert payload.format()[0] is raw


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (soap("<!-- --><other/><wsa:To/>"), "text/xml"),
        (soap("<x:To xmlns:x='urn:x'>urn:to</x:To>"), "text/xml"),
        (soap("<wsa:To>urn:to</wsa:To>"), "application/json"),
        (soap("<wsa:To>urn:to</wsa:To>")[:-1], "text/xml"),
        (b"<wsa:To xmlns:wsa='http://www.w3.org/2005/08/addressing'>urn:to</wsa:To>", "text/xml"),
        (b"", "text/xml"),
    ],
)
def test_what_says_nothing(raw, content_type):
    assert read_addressing(Payload(raw, content_type)) == Addressing()


def test_a_body_without_addressing_is_not_parsed():
    payload = Payload(soap("", "urn:other"), "text/xml")

    assert read_addressing(payload) == Addressing()
    assert not payload.is_built


def test_the_first_of_two_counts():
    assert read_addressing(Payload(soap("<wsa:To>a</wsa:To><wsa:To>b</wsa:To>"), "text/xml")).to == "a"
