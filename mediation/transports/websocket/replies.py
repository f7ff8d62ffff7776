"""The HTTP callers who wait for a frame of a back-end connection."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from mediation.errors import ConnectionLost

if TYPE_CHECKING:
    from mediation.message import MessageContext
    from mediation.payloads import Payload

    from .callers import Correlation, Request


class Replies:
    """
    Who waits for which frame of one connection. Used on the event loop only.

    Callers with the same key get the replies in the order in which they asked.
    """

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[Correlation | None, dict[str, deque[asyncio.Future[Payload]]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def expect(self, request: Request) -> asyncio.Future[Payload]:
        """The reply to a request. Whoever gives up cancels it."""
        future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(request.correlation, {}).setdefault(request.key, deque()).append(future)
        future.add_done_callback(lambda _: self._ended(request, future))
        return future

    def take(self, ctx: MessageContext) -> bool:
        """Give a message of the back-end to the caller who waits for it; whether there was one."""
        for correlation, by_key in self._waiting.items():
            key = "" if correlation is None else correlation.key(ctx)
            for future in by_key.get(key, ()) if key is not None else ():
                if not future.done():
                    future.set_result(ctx.payload)
                    return True
        return False

    def lost(self, uri: str) -> None:
        """The connection has ended: no reply will come any more."""
        for by_key in self._waiting.values():
            for future in [future for waiting in by_key.values() for future in waiting]:
                if not future.done():
                    future.set_exception(ConnectionLost(f"the connection to {uri} ended before the reply"))

    def _ended(self, request: Request, future: asyncio.Future[Payload]) -> None:
        if not future.cancelled():
            future.exception()  # the caller may have gone
        by_key = self._waiting[request.correlation]
        by_key[request.key].remove(future)
        if not by_key[request.key]:
            del by_key[request.key]
            if not by_key:
                del self._waiting[request.correlation]
