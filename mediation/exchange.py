"""One HTTP request to a proxy service or API: its legs, and the one answer that its client gets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from mediation import flow
from mediation.errors import EndpointError, MediationError, SendTimeout, SequenceNotFound
from mediation.flow import Outcome, Step
from mediation.http_answer import ACCEPTED, UNAVAILABLE, HttpAnswer, http_answer, status_code
from mediation.mediators.send import SendMediator
from mediation.mediators.sequence import PreMediate
from mediation.message import MessageContext
from mediation.properties import EXPIRED, FORCE_SC_ACCEPTED, HTTP_METHOD, HTTP_SC, is_true

if TYPE_CHECKING:
    from mediation.endpoints import Endpoint
    from mediation.headers import Headers
    from mediation.transports.websocket.pool import BackendPool

CONNECT_FAILURE_STATUS: Final = "ws.http.connect_failure_status"
"""Parameter of the ``ws`` sender: the status for a failed back-end when no sequence answers."""

_PRE_MEDIATE: Final = PreMediate()

logger = logging.getLogger(__name__)


class Service(Protocol):
    """What a request is for: a proxy service, a resource of an API, or the sequence ``main``."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str:
        """For log lines, such as ``proxy:StockQuote``."""

    @property
    def caption(self) -> str:
        """How the warning of a second answer names it, such as ``Proxy Name : StockQuote``."""

    @property
    def in_sequence(self) -> Step | None: ...

    @property
    def out_sequence(self) -> Step | None: ...

    @property
    def fault_sequence(self) -> Step: ...

    @property
    def endpoint(self) -> Endpoint | None: ...


class Exchange:
    """
    The client of one HTTP request.

    The request leg runs the in sequence of the service, and its endpoint if the sequence lets the message
    through. Each answer to a ``<send>`` is a response leg, run when the request leg has unwound. Both begin with the
    sequence ``pre-mediate``. The client gets what
    the first ``reply`` brings, or 202 when all legs, branches and groups have ended without one
    (``docs/compatibility.md``, the 202 rule). They run to their end whether or not the client waits.

    Args:
        service: what was asked for.
        ctx: the request. The exchange becomes its client.
        backends: the WebSocket connections that HTTP callers share.
    """

    handshake_headers: Headers | None = None

    def __init__(self, service: Service, ctx: MessageContext, backends: BackendPool) -> None:
        self.name = service.label
        self.backends = backends
        self.service = service
        self._request = ctx
        self._soap = ctx.soap_media_type
        self._is_head = ctx.axis2.get(HTTP_METHOD) == "HEAD"
        self._answer: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self._failure: Exception | None = None
        ctx.client = self

    async def run(self, running: Exchanges) -> HttpAnswer:
        """Mediate the request; returns as soon as there is an answer, which may be long before the legs end."""
        outcome = flow.run_leg(self._mediate_request, self._request, _RequestFault(self.service.fault_sequence, self))
        if isinstance(outcome, bool) and not self._request.unfinished:
            # A flow that met nothing to wait for costs no task.
            self._give(self._unanswered())
            return self._answer.result()
        legs = running.start(self._finish(outcome), self.name)
        # Whatever ends the legs, a client that waits is not left without an answer.
        legs.add_done_callback(lambda _: self._give(UNAVAILABLE))
        # Shielded, because a client that goes away cancels this, and the legs still answer.
        return await asyncio.shield(self._answer)

    # -- environment.Client

    def reply(self, ctx: MessageContext) -> None:
        """
        Answer the client; only the first time.

        Raises:
            MediationError: the message cannot be written as an HTTP response.
        """
        if self._answer.done():
            logger.warning(
                "Trying to send a response to an already responded client request - %s", self.service.caption
            )
            return
        self._answer.set_result(http_answer(ctx, self._soap, to_head=self._is_head))

    def handed_over(self, ctx: MessageContext) -> None:
        if is_true(ctx.axis2.get(FORCE_SC_ACCEPTED)):
            self._give(ACCEPTED)

    def response_received(self, response: MessageContext, receive: str | None) -> None:
        """
        Raises:
            MediationError: each answer so far has set off the next.
        """
        response.answers += 1
        if response.answers > flow.MAX_ANSWERS:
            raise MediationError(
                f"{flow.MAX_ANSWERS} answers of back-ends to one request; does the out sequence send to a back-end?"
            )
        steps = (_PRE_MEDIATE, _ResponseLeg(self.service, receive))
        fault = _ResponseFault(self.service.fault_sequence, self)
        response.branches.later(partial(flow.run_leg, partial(flow.run, steps), response, fault))

    # -- legs

    async def _finish(self, request_leg: Outcome) -> None:
        """The rest of the request leg, and all that it has set off."""
        branches = self._request.branches
        try:
            if not isinstance(request_leg, bool):
                await request_leg
            if is_true(self._request.axis2.get(FORCE_SC_ACCEPTED)):
                self._give(self._unanswered())
            await branches.join()
        finally:
            branches.cancel()
        self._give(self._unanswered())

    def _mediate_request(self, ctx: MessageContext) -> Outcome:
        service = self.service
        steps: list[Step] = [_PRE_MEDIATE]
        if service.in_sequence is not None:
            steps.append(service.in_sequence)
        if service.endpoint is not None:
            steps.append(SendMediator(receive=None, build_message=False, endpoint=service.endpoint))
        return flow.run(steps, ctx)

    def failed(self, ctx: MessageContext) -> None:
        """A leg's failure has climbed to the fault sequence of the service."""
        self._failure = ctx.failure

    def _give(self, answer: HttpAnswer) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)

    def _unanswered(self) -> HttpAnswer:
        """202; but a client that was not promised one learns that the back-end failed, when no sequence tells it."""
        if not isinstance(self._failure, EndpointError):
            expired = self._request.get(EXPIRED, "operation") and not is_true(
                self._request.axis2.get(FORCE_SC_ACCEPTED)
            )
            return HttpAnswer(504) if expired else ACCEPTED
        status = self._request.environment.transport_parameters("ws").get(CONNECT_FAILURE_STATUS)
        if status is not None:
            return HttpAnswer(status_code(status, 502))
        if is_true(self._request.axis2.get(FORCE_SC_ACCEPTED)):
            return ACCEPTED
        return HttpAnswer(504 if isinstance(self._failure, SendTimeout) else 502)


class _RequestFault:
    """The fault handler of the request leg: the service's, with a note that it has run."""

    def __init__(self, handler: Step, exchange: Exchange) -> None:
        self._handler = handler
        self._exchange = exchange

    def mediate(self, ctx: MessageContext) -> Outcome:
        self._exchange.failed(ctx)
        return self._handler.mediate(ctx)


class _ResponseFault(_RequestFault):
    def mediate(self, ctx: MessageContext) -> Outcome:
        # docs/compatibility.md, faults: on the response path the status is 500 unless the handler sets another one.
        ctx.axis2[HTTP_SC] = 500
        return super().mediate(ctx)


class _ResponseLeg:
    """What an answer to a ``<send>`` goes through: its ``receive`` sequence, else the out sequence, else nothing."""

    def __init__(self, service: Service, receive: str | None) -> None:
        self._service = service
        self._receive = receive

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self._receive is not None:
            sequence = ctx.environment.sequence(self._receive)
            if sequence is None:
                raise SequenceNotFound(self._receive)
            return sequence.mediate(ctx)
        if self._service.out_sequence is not None:
            return self._service.out_sequence.mediate(ctx)
        assert ctx.client is not None, "a response belongs to the client of its request"
        ctx.client.reply(ctx)
        return False


class Exchanges:
    """
    The exchanges of a process, whose legs may outlive their requests. Their number is bounded.

    Args:
        limit: how many may run at a time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def full(self) -> bool:
        return len(self._tasks) >= self._limit

    def start(self, legs: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run legs in a task that lives until they end."""
        task = asyncio.get_running_loop().create_task(legs, name=name)
        # The event loop alone keeps no task alive.
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("{%s} the exchange failed", task.get_name(), exc_info=task.exception())

    async def drain(self, seconds: float) -> int:
        """
        Wait for the exchanges that run, and cancel those that do not end in time.

        Returns:
            How many were cancelled; their clients got 503.
        """
        tasks = set(self._tasks)
        if not tasks:
            return 0
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)
