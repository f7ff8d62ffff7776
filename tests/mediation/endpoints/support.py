"""Endpoints whose back-ends are a table in this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mediation.errors import ConnectionFailed
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS
from mediation.transports import Answer, SendOptions
from tests.mediation.support import DictEnvironment, compiled


class Network:
    """
    Back-ends by address, in place of the transports.

    Each answers with its address, unless it is in :attr:`says`: with an answer, or with what makes an exception.
    """

    def __init__(self) -> None:
        self.says: dict[str, Answer | Callable[[], Exception]] = {}
        self.sent: list[tuple[str, MessageContext, SendOptions]] = []

    @property
    def uris(self) -> list[str]:
        return [uri for uri, _, _ in self.sent]

    def down(self, *uris: str) -> None:
        for uri in uris:
            self.says[uri] = partial(ConnectionFailed, uri, f"Connection refused: {uri}")

    def send(self, ctx: MessageContext, uri: str, options: SendOptions) -> Answer | Awaitable[Answer | None] | None:
        self.sent.append((uri, ctx, options))
        says = self.says.get(uri)
        if not uri.startswith("ws"):
            return self._answer(uri, says)
        if callable(says):
            raise says()
        return None

    async def _answer(self, uri: str, says: Answer | Callable[[], Exception] | None) -> Answer:
        if callable(says):
            raise says()
        return says or Answer(Payload(uri.encode(), "text/plain"))


def endpoint(inner: str, attributes: str = 'name="e"') -> Any:
    return compiled(f'<endpoint xmlns="{SYNAPSE_NS}" {attributes}>{inner}</endpoint>')


def address(uri: str, settings: str = "") -> str:
    return f'<endpoint><address uri="{uri}">{settings}</address></endpoint>'


def message(*artifacts: str, **sequences: str) -> MessageContext:
    return MessageContext(DictEnvironment(*artifacts, **sequences), Payload(b"<a/>", "text/xml"))


async def answer(endpoint: Any, ctx: MessageContext | None = None) -> str:
    """The body of the answer to a message."""
    outcome = endpoint.send(ctx or message())
    found = outcome if outcome is None or isinstance(outcome, Answer) else await outcome
    assert found is not None
    return found.payload.raw.decode()
