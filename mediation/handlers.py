"""
Python classes that see the frames of an inbound endpoint's clients before its sequence does.

::

    class Chat:
        id = "chat.v1"                                   # a sub-protocol that clients may offer

        def handle(self, client, frame, path):
            client.send(frame)
            return False                                 # True: go on with the sequence

``ws.subprotocol.handler.class`` names classes such as this one by their dotted paths, separated by ``;``. One instance
serves all clients who negotiated its ``id``. ``ws.pipeline.handler.class`` names one class without an ``id``; each
client has an instance of its own, which may put properties for every message of this client into
``client.properties``, in :meth:`PipelineHandler.opened` or later.
"""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, cast, runtime_checkable

from mediation import flow
from mediation.errors import GrammarError
from mediation.flow import Outcome

if TYPE_CHECKING:
    from mediation.headers import Headers
    from mediation.message import MessageContext
    from mediation.transports.websocket import Frame

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class HandledClient:
    """
    A client, as handlers see it.

    Attributes:
        path: of its request, with the query.
        headers: of its request.
        subprotocol: the negotiated one.
        properties: default-scope properties of every message of this client; the map that Netty handlers of the
            originals keep in the channel attribute ``WSO2_PROPERTIES``.
        send: writes a frame to the client, past all sequences.
        close: ends its connection, with a code and a reason.
    """

    path: str
    headers: Headers
    subprotocol: str | None
    send: Callable[[Frame], None]
    close: Callable[[int, str], None]
    properties: dict[str, Any] = field(default_factory=dict)


class FrameHandler(Protocol):
    """What both kinds have in common."""

    def handle(self, client: HandledClient, frame: Frame, path: str) -> bool | Awaitable[bool]:
        """
        Look at a frame; frames of one client come one after the other. An exception runs the fault sequence.

        Returns:
            Whether mediation goes on with this frame; a coroutine function may take its time to tell.
        """


@runtime_checkable
class SubprotocolHandler(FrameHandler, Protocol):
    """Serves the clients who negotiated the sub-protocol ``id``; made once, without arguments, at deployment."""

    id: str


class PipelineHandler(FrameHandler, Protocol):
    """Serves one client; made without arguments when that client connects. Both further methods may be missing."""

    def opened(self, client: HandledClient) -> None:
        """The client has connected; runs before its first message."""

    def closed(self, client: HandledClient) -> None:
        """The client has gone; runs after its last message."""


class HandlerStep:
    """A handler as the first step of a message's flow."""

    __slots__ = ("_client", "_handler")

    def __init__(self, handler: FrameHandler, client: HandledClient) -> None:
        self._handler = handler
        self._client = client

    def mediate(self, ctx: MessageContext) -> Outcome:
        frame = ctx.payload.raw
        assert frame is not None, "handlers are asked about frames only"
        goes_on = self._handler.handle(self._client, frame, self._client.path)
        return _truth(goes_on) if inspect.isawaitable(goes_on) else goes_on is True


async def _truth(waiting: Awaitable[bool]) -> bool:
    return await waiting is True


class ClientHandlers:
    """
    The handlers of one client.

    Args:
        pipeline: the class of its pipeline handler, if there is one.
        subprotocol: the handler of the sub-protocol that it negotiated, if that has one.
    """

    def __init__(
        self,
        client: HandledClient,
        pipeline: Callable[[], PipelineHandler] | None,
        subprotocol: SubprotocolHandler | None,
    ) -> None:
        self._client = client
        self._pipeline = None if pipeline is None else pipeline()
        handlers = [handler for handler in (self._pipeline, subprotocol) if handler is not None]
        self._steps = [HandlerStep(handler, client) for handler in handlers]

    def opened(self) -> None:
        self._tell("opened")

    def closed(self) -> None:
        self._tell("closed")

    def _tell(self, event: str) -> None:
        listener = getattr(self._pipeline, event, None)
        if listener is not None:
            try:
                listener(self._client)
            except Exception:
                logger.exception("a pipeline handler failed when its client was %s", event)

    def mediate(self, ctx: MessageContext, then: Callable[[MessageContext], Outcome]) -> Outcome:
        """Show a frame to the handlers, then go on with it if they let it through."""
        outcome = flow.run(self._steps, ctx)
        if isinstance(outcome, bool):
            return then(ctx) if outcome else False
        return _then(outcome, then, ctx)


async def _then(waiting: Awaitable[bool], then: Callable[[MessageContext], Outcome], ctx: MessageContext) -> bool:
    if await waiting is not True:
        return False
    outcome = then(ctx)
    return outcome if isinstance(outcome, bool) else await outcome


# -- handlers of the originals


class EchoHandler:
    """The sample of the originals: writes each frame back, past mediation."""

    id = "echo"

    def handle(self, client: HandledClient, frame: Frame, path: str) -> bool:
        client.send(frame)
        return False


class TextHandler:
    """Lets the sub-protocol ``text/plain`` be negotiated, and all frames through."""

    id = "text/plain"

    def handle(self, client: HandledClient, frame: Frame, path: str) -> bool:
        return True


class BinaryHandler(TextHandler):
    """Lets the sub-protocol ``binary/octet-stream`` be negotiated, and all frames through."""

    id = "binary/octet-stream"


_ORIGINALS: Final = "org.wso2.carbon.inbound.endpoint.protocol.websocket.subprotocols"

KNOWN_CLASSES: Final[dict[str, type]] = {
    f"{_ORIGINALS}.EchoSubprotocolHandler": EchoHandler,
    f"{_ORIGINALS}.CustomSubprotocolHandler": TextHandler,
    f"{_ORIGINALS}.BinarySubprotocolHandler": BinaryHandler,
}
"""Java classes that configurations name, and what serves in their place."""


# -- parameters


def subprotocol_handlers(text: str) -> tuple[SubprotocolHandler, ...]:
    """
    The handlers that ``ws.subprotocol.handler.class`` names.

    Raises:
        GrammarError: one cannot be had.
    """
    handlers = []
    for name in filter(None, (part.strip() for part in text.split(";"))):
        handler = _made(name, "ws.subprotocol.handler.class")
        if not isinstance(getattr(handler, "id", None), str) or not handler.id:
            raise GrammarError(f"ws.subprotocol.handler.class: the class {name} has no sub-protocol: id is missing")
        handlers.append(handler)
    return tuple(handlers)


def pipeline_handler(text: str) -> Callable[[], PipelineHandler]:
    """
    The class that ``ws.pipeline.handler.class`` names, to be called for each client.

    Raises:
        GrammarError: it cannot be had.
    """
    parameter = "ws.pipeline.handler.class"
    _made(text, parameter)
    return cast(Callable[[], PipelineHandler], _class(text, parameter))


def _made(name: str, parameter: str) -> Any:
    cls = _class(name, parameter)
    try:
        handler = cls()
    except Exception as exc:
        raise GrammarError(
            f"{parameter}: no instance of the class {name} can be made without arguments: {exc}"
        ) from exc
    return handler


def _class(name: str, parameter: str) -> type:
    if name in KNOWN_CLASSES:
        return KNOWN_CLASSES[name]
    module, _, attribute = name.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module), attribute)
    except Exception as exc:  # whatever a module does when it is imported
        message = (
            f"{parameter}: the class {name} is neither a Python class that can be imported nor one of the originals"
        )
        raise GrammarError(f"{message} that is known here ({type(exc).__name__}: {exc})") from exc
    if not isinstance(cls, type) or not callable(getattr(cls, "handle", None)):
        raise GrammarError(f"{parameter}: {name} is not a class with a method handle(client, frame, path)")
    return cls
