"""Broadcasts to the clients of other processes, over a channel layer that they share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from mediation.transports.websocket import Frame

logger = logging.getLogger(__name__)

GROUP: Final = "esb.broadcasts"
MOST_WAITING: Final = 1000
"""Frames that may wait for the layer; then the oldest are dropped."""
JOIN_SECONDS: Final = 600.0
"""A layer forgets its members after a day; a member that is still there says so more often."""
_FIRST_PAUSE, _LAST_PAUSE = 1.0, 30.0  # seconds before a layer that failed is tried again


class ChannelLayer(Protocol):
    """What a channel layer of Channels does (``channels.layers``)."""

    async def new_channel(self, prefix: str = ...) -> str: ...

    async def group_add(self, group: str, channel: str) -> None: ...

    async def group_discard(self, group: str, channel: str) -> None: ...

    async def group_send(self, group: str, message: dict[str, Any]) -> None: ...

    async def receive(self, channel: str) -> dict[str, Any]: ...


class Subscriber(Protocol):
    """Hears what other processes broadcast."""

    def broadcast(self, inbound_name: str, path: str, frame: Frame) -> None:
        """Write the frame to the clients of this process that are connected to the endpoint on the path."""


class Broadcasts:
    """
    One process among those that share a layer. Used on the event loop only; whoever starts it closes it.

    At most once, as the layers of Channels are: while the layer is out of reach, broadcasts stay in their process.
    Frames of one process arrive in the order in which it sent them.
    """

    def __init__(self, layer: ChannelLayer, subscriber: Subscriber) -> None:
        self._layer = layer
        self._subscriber = subscriber
        self._process = uuid.uuid4().hex
        self._waiting: deque[Mapping[str, Any]] = deque(maxlen=MOST_WAITING)
        self._something = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(each()) for each in (self._listen, self._speak)]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def publish(self, inbound_name: str, path: str, frame: Frame) -> None:
        """Have the other processes broadcast this frame. Never waits."""
        kind = "text" if isinstance(frame, str) else "bytes"
        message = {"type": GROUP, "process": self._process, "inbound": inbound_name, "path": path, kind: frame}
        self._waiting.append(message)
        self._something.set()

    async def _speak(self) -> None:
        failed = False
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                try:
                    await self._layer.group_send(GROUP, dict(self._waiting.popleft()))
                    failed = False
                except Exception as exc:  # of any library that a layer is made with
                    if not failed:
                        logger.error("a broadcast did not reach other processes: %s", exc or type(exc).__name__)
                    failed = True

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE
        heard = True  # as far as anybody has been told
        while True:
            try:
                channel = await self._layer.new_channel("esb")
                await self._layer.group_add(GROUP, channel)
                pause, heard = _FIRST_PAUSE, True
                logger.info("broadcasts of other processes are heard")
                await self._receive(channel)
            except Exception as exc:
                if heard:
                    logger.error("broadcasts of other processes are not heard: %s", exc or type(exc).__name__)
                heard = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LAST_PAUSE)

    async def _receive(self, channel: str) -> None:
        staying = asyncio.get_running_loop().create_task(self._stay(channel))
        try:
            while True:
                message = await self._layer.receive(channel)
                if message.get("process") != self._process:
                    self._deliver(message)
        finally:
            staying.cancel()
            with contextlib.suppress(Exception):
                await self._layer.group_discard(GROUP, channel)

    async def _stay(self, channel: str) -> None:
        while True:
            await asyncio.sleep(JOIN_SECONDS)
            with contextlib.suppress(Exception):  # who receives notices it too, and says it
                await self._layer.group_add(GROUP, channel)

    def _deliver(self, message: Mapping[str, Any]) -> None:
        try:
            frame = message["text"] if "text" in message else bytes(message["bytes"])
            self._subscriber.broadcast(message["inbound"], message["path"], frame)
        except (KeyError, TypeError):
            logger.warning("a message over the channel layer is no broadcast: %s", sorted(message))
