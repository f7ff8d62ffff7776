"""Inbound endpoints whose messages a Python class finds."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mediation.detached import DetachedClient, SequenceFlow
from mediation.headers import Headers
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.media_types import TEXT, media_type
from mediation.polling_inbound import ClassInboundEndpoint
from mediation.properties import CONTENT_TYPE, INBOUND_ENDPOINT_NAME, IS_INBOUND, MESSAGE_TYPE, is_true

from .files import ROLLBACK
from .job import fingerprint
from .leases import Claim

if TYPE_CHECKING:
    from mediation.jobs.leases import Lease
    from mediation.runtime import Runtime

logger = logging.getLogger(__name__)

MAX_TOGETHER: Final = 100
"""Messages of one endpoint that are mediated at a time, where it is not ``sequential``."""


class PollingJob:
    """
    Asks an object of the class for messages at each interval.

    ::

        class Feed:
            def __init__(self, parameters): ...          # of the endpoint, as text by name

            async def poll(self, inject):                # or without async: then it runs in a thread
                await inject(b"<a/>", "text/xml")        # there: inject(...), which waits by itself

    ``inject(body, content_type="text/plain", headers={}, properties={})`` answers whether the message was mediated
    without a failure; always ``True`` at once when the endpoint is not ``sequential``. One poll ends before the next.
    """

    def __init__(self, endpoint: ClassInboundEndpoint, runtime: Runtime) -> None:
        self._endpoint = endpoint
        self._runtime = runtime
        self._label = f"inboundendpoint:{endpoint.name}"
        self._together: set[asyncio.Task[bool]] = set()
        self.claim = Claim(
            ("inboundEndpoint", endpoint.name),
            fingerprint(endpoint.path, endpoint.sequence, endpoint.parameters),
            exclusive=endpoint.coordination,
        )

    async def work(self, lease: Lease) -> None:
        poller = self._endpoint.cls(self._endpoint.parameters)
        for wait in self._endpoint.trigger.waits():
            if not await lease.pause(wait):
                break
            try:
                await self._poll(poller, lease)
            except Exception as exc:
                logger.exception("{%s} the class failed", self._label)
                lease.handled(f"{type(exc).__name__}: {exc}")
        if self._together:
            await asyncio.wait(self._together)

    async def _poll(self, poller: Any, lease: Lease) -> None:
        async def inject(
            body: bytes | str,
            content_type: str = TEXT,
            headers: Mapping[str, str] | None = None,
            properties: Mapping[str, Any] | None = None,
        ) -> bool:
            ctx = self._message(body, content_type, headers or {}, properties or {})
            if self._endpoint.sequential:
                return await self._mediate(ctx, lease)
            while len(self._together) >= MAX_TOGETHER:
                await asyncio.wait(self._together, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.get_running_loop().create_task(self._mediate(ctx, lease), name=self._label)
            self._together.add(task)
            task.add_done_callback(self._together.discard)
            return True

        if inspect.iscoroutinefunction(poller.poll):
            await poller.poll(inject)
        else:
            loop = asyncio.get_running_loop()

            def wait_for(*args: Any, **kwargs: Any) -> bool:
                return asyncio.run_coroutine_threadsafe(inject(*args, **kwargs), loop).result()

            await asyncio.to_thread(poller.poll, wait_for)

    def _message(
        self, body: bytes | str, content_type: str, headers: Mapping[str, str], properties: Mapping[str, Any]
    ) -> MessageContext:
        return MessageContext(
            self._runtime.environment,
            Payload(body.encode() if isinstance(body, str) else body, content_type),
            default={**properties, IS_INBOUND: True, INBOUND_ENDPOINT_NAME: self._endpoint.name},
            axis2={MESSAGE_TYPE: media_type(content_type), CONTENT_TYPE: content_type},
            headers=Headers(headers.items()),
        )

    async def _mediate(self, ctx: MessageContext, lease: Lease) -> bool:
        flow = SequenceFlow(self._label, self._endpoint.sequence or "main", self._endpoint.on_error)
        failure = await DetachedClient(self._runtime, flow).mediate(ctx)
        lease.handled("" if failure is None else str(failure))
        return failure is None and not is_true(ctx.get(ROLLBACK))
