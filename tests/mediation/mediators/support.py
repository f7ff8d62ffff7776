"""One mediator alone: from its XML, on one message."""

from __future__ import annotations

from typing import Any

from mediation.compiler import Compilation, compile_artifact
from mediation.grammar import Mediator
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from tests.mediation.support import DictEnvironment, compiled

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def in_sequence(xml: str) -> str:
    return f'<sequence xmlns="{SYNAPSE_NS}" xmlns:m="urn:m" name="test">{xml}</sequence>'


def mediator(xml: str) -> Mediator:
    """The mediator of that XML; the prefix ``m`` is bound to ``urn:m``."""
    return compiled(in_sequence(xml)).mediators[0]


def compilation(xml: str) -> Compilation:
    return compile_artifact(parse_xml(in_sequence(xml)))


def mistakes(xml: str) -> list[str]:
    """What keeps the mediators of that XML from being deployed."""
    found = compilation(xml)
    return [finding.message for finding in (*found.errors, *found.not_runnable)]


def warnings(xml: str) -> list[str]:
    return [finding.message for finding in compilation(xml).warnings]


def message(
    raw: str | bytes | None = None, content_type: str | None = None, *entries: str, **properties: Any
) -> MessageContext:
    """A message in an environment of ``entries``; ``properties`` are those of the default scope."""
    return MessageContext(DictEnvironment(*entries), Payload(raw, content_type), default=dict(properties))


def soap(body: str, header: str = "") -> MessageContext:
    """A SOAP 1.1 message."""
    head = f"<soapenv:Header>{header}</soapenv:Header>" if header else ""
    parts = f"{head}<soapenv:Body>{body}</soapenv:Body>"
    return message(f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:m="urn:m">{parts}</soapenv:Envelope>', "text/xml")


def json(text: str) -> MessageContext:
    return message(text, "application/json")


class RecordingClient:
    """A client that keeps what it gets."""

    name = "test"
    handshake_headers = None

    def __init__(self) -> None:
        self.backends: Any = None
        self.replies: list[MessageContext] = []
        self.responses: list[MessageContext] = []

    def reply(self, ctx: MessageContext) -> None:
        self.replies.append(ctx)

    def handed_over(self, ctx: MessageContext) -> None:
        pass

    def response_received(self, response: MessageContext, receive: str | None) -> None:
        self.responses.append(response)

    @property
    def bodies(self) -> list[str]:
        return [ctx.payload.format(charset=None)[0].decode() for ctx in self.replies]


def with_client(ctx: MessageContext) -> RecordingClient:
    """The client that this message has from now on."""
    client = RecordingClient()
    ctx.client = client
    return client
