"""What the endpoints that stand for several others have in common."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from mediation.endpoints.leaf import EndpointProperty, Leaf
from mediation.endpoints.timeout import DROPPED
from mediation.errors import EndpointError, GrammarError, NoEndpointReady
from mediation.grammar import boolean, elements, local_name
from mediation.message import MessageContext
from mediation.properties import ERROR_CODE, ERROR_DETAIL, ERROR_EXCEPTION, ERROR_MESSAGE
from mediation.transports import Answer

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler
    from mediation.endpoints import Endpoint
    from mediation.environment import Client

logger = logging.getLogger(__name__)

ERRORS: Final = (ERROR_CODE, ERROR_MESSAGE, ERROR_DETAIL, ERROR_EXCEPTION)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """
    Endpoints of which one takes the message; another one does if that fails.

    Each is tried once for a message. The message is the same for all of them, because sending leaves its body as it
    is. When all have failed, the failure of the last one is the group's.

    A conversation with a WebSocket back-end stays with it: all messages of one client go to the child that took the
    first one, until that is no longer ready or fails.

    Attributes:
        bound: the child that each such client's messages go to, by its place.
    """

    kind: str
    name: str
    children: tuple[Endpoint, ...]
    properties: tuple[EndpointProperty, ...]
    fails_over: bool = True
    bound: WeakKeyDictionary[Client, int] = field(default_factory=WeakKeyDictionary, repr=False)

    def is_ready(self, ctx: MessageContext) -> bool:
        return any(child.is_ready(ctx) for child in self.children)

    def leaves(self) -> Iterator[Leaf]:
        for child in self.children:
            yield from child.leaves()

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message; see :meth:`mediation.endpoints.Endpoint.send`.

        Raises:
            NoEndpointReady: no endpoint of this group could be tried.
        """
        for name in ERRORS:
            ctx.properties.pop(name, None)
        for setting in self.properties:
            setting.apply(ctx)
        return self._send(ctx, set(), None)

    # -- what a group decides

    def choose(self, ctx: MessageContext, tried: set[int]) -> int | None:
        """The place of the next child for this message, ``None`` if no other one is ready."""
        raise NotImplementedError

    def delivered(self, index: int, ctx: MessageContext, answer: Answer | None) -> None:
        """A child has taken the message."""

    def started(self, index: int) -> None:
        """A child is given a message."""

    def finished(self, index: int) -> None:
        """It has taken the message, or failed."""

    # -- one message

    def _send(
        self, ctx: MessageContext, tried: set[int], last: EndpointError | None
    ) -> Answer | Awaitable[Answer | None] | None:
        while True:
            index = self._bound_to(ctx, tried)
            if index is None:
                index = self.choose(ctx, tried)
            if index is None:
                raise last or self._none_ready()
            tried.add(index)
            self.started(index)
            try:
                outcome = self.children[index].send(ctx)
            except EndpointError as exc:
                self.finished(index)
                last = self._failed(exc)
                continue
            except BaseException:
                self.finished(index)
                raise
            if outcome is None or isinstance(outcome, Answer):
                self.finished(index)
                self._delivered(index, ctx, outcome)
                return outcome
            return self._wait(outcome, index, ctx, tried)

    async def _wait(
        self, waiting: Awaitable[Answer | None], index: int, ctx: MessageContext, tried: set[int]
    ) -> Answer | None:
        try:
            answer = await waiting
        except EndpointError as exc:
            last = self._failed(exc)
        else:
            self._delivered(index, ctx, answer)
            return answer
        finally:
            self.finished(index)
        outcome = self._send(ctx, tried, last)
        return outcome if outcome is None or isinstance(outcome, Answer) else await outcome

    def _bound_to(self, ctx: MessageContext, tried: set[int]) -> int | None:
        client = ctx.client
        if client is None or client.handshake_headers is None:
            return None
        index = self.bound.get(client)
        return None if index is None or index in tried or not self.children[index].is_ready(ctx) else index

    def _delivered(self, index: int, ctx: MessageContext, answer: Answer | None) -> None:
        if answer is None and ctx.client is not None and ctx.client.handshake_headers is not None:
            self.bound[ctx.client] = index
        self.delivered(index, ctx, answer)

    def _failed(self, exc: EndpointError) -> EndpointError:
        """The failure, if another endpoint may be tried after it; raises it otherwise."""
        if not self.fails_over or exc.handler is DROPPED:
            raise exc
        if not exc.can_go_elsewhere:
            logger.warning(
                "%s endpoint : %s - one of the child endpoints encounterd a non-retry error, "
                "not sending message to another endpoint",
                self.kind,
                self.name,
            )
            exc.can_go_elsewhere = True  # for a group that this one is in
            raise exc
        return exc

    def _none_ready(self) -> NoEndpointReady:
        message = f"{self.kind} endpoint : {self.name} - no ready child endpoints"
        logger.warning(message)
        return NoEndpointReady(message)


def read_children(element: etree._Element, compiler: Compiler) -> tuple[Endpoint, ...]:
    """
    The ``<endpoint>`` children.

    Raises:
        GrammarError: two of them have the same key.
    """
    parts = endpoint_elements(element)
    keys = [key for part in parts if (key := part.get("key")) is not None]
    if len(keys) > len(set(keys)):
        raise GrammarError("Same endpoint definition cannot be used with in the siblings", element.sourceline)
    return tuple(compiler.endpoint(part) for part in parts)


def endpoint_elements(element: etree._Element) -> list[etree._Element]:
    return [part for part in elements(element) if local_name(part) == "endpoint"]


def read_flag(element: etree._Element, name: str, default: bool) -> bool:
    """
    Raises:
        GrammarError: the attribute is neither true nor false.
    """
    text = element.get(name)
    try:
        return default if text is None else boolean(text)
    except ValueError as exc:
        raise GrammarError(f'<{local_name(element)}> {name} "{text}" {exc}', element.sourceline) from exc
