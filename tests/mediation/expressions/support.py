"""A message to evaluate expressions on, in an environment that only has local entries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SOAP11_NS


class LocalEntries:
    def __init__(self, **entries: Any) -> None:
        self.entries = entries

    def local_entry(self, key: str) -> Any:
        return SimpleNamespace(value=self.entries[key]) if key in self.entries else None


class Unreadable(Payload):
    """A body that fails the test when somebody builds it."""

    __slots__ = ()

    @property
    def envelope(self) -> Any:
        raise AssertionError("the body was built")

    def json_text(self) -> str:
        raise AssertionError("the body was read")


def message(
    payload: Payload | None = None,
    *,
    properties: dict[str, Any] | None = None,
    axis2: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    entries: dict[str, Any] | None = None,
) -> MessageContext:
    return MessageContext(
        LocalEntries(**entries or {}),  # type: ignore[arg-type]
        payload,
        default=properties or {},
        axis2=axis2 or {},
        headers=Headers((headers or {}).items()),
    )


def xml(body: str) -> Payload:
    return Payload(body.encode(), "application/xml")


def soap(body: str, header: str = "") -> Payload:
    envelope = f'<s:Envelope xmlns:s="{SOAP11_NS}"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    return Payload(envelope.encode(), "text/xml")


def json(text: str) -> Payload:
    return Payload(text.encode(), "application/json")
