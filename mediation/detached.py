"""Messages that nobody waits for: of tasks, message processors, and endpoints that look for messages themselves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol

from mediation import flow
from mediation.errors import MediationError, SequenceNotFound
from mediation.mediators.send import SendMediator
from mediation.mediators.sequence import NamedSequence

if TYPE_CHECKING:
    from mediation.endpoints import Endpoint
    from mediation.flow import Outcome, Step
    from mediation.headers import Headers
    from mediation.message import MessageContext
    from mediation.runtime import Runtime

logger = logging.getLogger(__name__)


class Flow(Protocol):
    """What a message runs through; a proxy service is one."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def in_sequence(self) -> Step | None: ...

    @property
    def out_sequence(self) -> Step | None: ...

    @property
    def fault_sequence(self) -> Step: ...

    @property
    def endpoint(self) -> Endpoint | None: ...


@dataclass(frozen=True, slots=True)
class SequenceFlow:
    """
    One sequence; answers to its ``<send>`` run through ``main``.

    Attributes:
        label: of what runs it, for log lines.
        sequence: its name; that of one which is not deployed fails the message.
        on_error: runs when it fails; ``fault`` by default.
    """

    label: str
    sequence: str
    on_error: str | None = None

    name: ClassVar = ""
    endpoint: ClassVar = None

    @property
    def in_sequence(self) -> Step:
        return _Deployed(self.sequence)

    @property
    def out_sequence(self) -> Step:
        return NamedSequence(None, "main")

    @property
    def fault_sequence(self) -> Step:
        return NamedSequence(self.on_error, "fault")


class _Deployed:
    """A sequence that has to be there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def mediate(self, ctx: MessageContext) -> Outcome:
        sequence = ctx.environment.sequence(self._name)
        if sequence is None:
            raise SequenceNotFound(self._name)
        return flow.enter(sequence, self._name, ctx)


class DetachedClient:
    """
    The client of a message that came from nobody.

    A reply reaches no one, and is logged unless it is wanted. Good for one message after the other.

    Args:
        flow: what messages run through.
        on_reply: gets what ``<respond/>`` and the like would send to a client.
    """

    handshake_headers: Headers | None = None

    def __init__(self, runtime: Runtime, flow: Flow, on_reply: Callable[[MessageContext], None] | None = None) -> None:
        self.name = flow.label
        self.backends = runtime.shared_backends.of_service(flow.name)
        self._flow = flow
        self._on_reply = on_reply
        self._failure: Exception | None = None

    async def mediate(self, ctx: MessageContext) -> Exception | None:
        """
        Run a message through the flow, and everything that it sets off.

        Returns:
            What failed and reached the fault sequence, whatever that did about it; ``None`` if nothing did.
        """
        ctx.client = self
        self._failure = None
        try:
            outcome = flow.run_leg(self._request_leg, ctx, _Fault(self._flow.fault_sequence, self))
            if not isinstance(outcome, bool):
                await outcome
            if ctx.unfinished:
                await ctx.branches.join()
        finally:
            ctx.branches.cancel()
        return self._failure

    def _request_leg(self, ctx: MessageContext) -> Outcome:
        steps: list[Step] = [] if self._flow.in_sequence is None else [self._flow.in_sequence]
        if self._flow.endpoint is not None:
            steps.append(SendMediator(receive=None, build_message=False, endpoint=self._flow.endpoint))
        return flow.run(steps, ctx)

    def failed(self, ctx: MessageContext) -> None:
        self._failure = ctx.failure or MediationError(str(ctx.get("ERROR_MESSAGE")))

    # -- environment.Client

    def reply(self, ctx: MessageContext) -> None:
        if self._on_reply is None:
            logger.warning(
                "{%s} Inbound Response Sender not found - Inbound Endpoint may not support sending a response back",
                self.name,
            )
        else:
            self._on_reply(ctx)

    def handed_over(self, ctx: MessageContext) -> None:
        """Nobody was promised anything."""

    def response_received(self, response: MessageContext, receive: str | None) -> None:
        """
        Raises:
            MediationError: each answer so far has set off the next.
        """
        response.answers += 1
        if response.answers > flow.MAX_ANSWERS:
            raise MediationError(f"{flow.MAX_ANSWERS} answers of back-ends to one message of {self.name}")
        leg = self._response_leg if receive is None else _Deployed(receive).mediate
        fault = _Fault(self._flow.fault_sequence, self)
        response.branches.later(partial(flow.run_leg, leg, response, fault))

    def _response_leg(self, ctx: MessageContext) -> Outcome:
        if self._flow.out_sequence is not None:
            return self._flow.out_sequence.mediate(ctx)
        self.reply(ctx)
        return False


class _Fault:
    """A fault sequence, with a note that it has run."""

    def __init__(self, handler: Step, client: DetachedClient) -> None:
        self._handler = handler
        self._client = client

    def mediate(self, ctx: MessageContext) -> Outcome:
        self._client.failed(ctx)
        return self._handler.mediate(ctx)
