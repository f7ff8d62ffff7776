"""
Running a list of mediators, and what happens when one fails.

The one verb of the engine is ``mediate(ctx)``. It answers whether the flow goes on (``True``) or ends here
(``False``), at once, or as an awaitable when it has to wait. Only :func:`run` and its tail know awaitables, so a
message that meets no mediator that waits costs no task and no coroutine.

While a leg runs, Python exceptions are the fault stack: each :func:`guard` on the way up is one fault handler.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from mediation.errors import EndpointError, MediationError, PayloadError, SendTimeout, TooManySteps
from mediation.properties import ERROR_CODE, ERROR_DETAIL, ERROR_EXCEPTION, ERROR_MESSAGE

if TYPE_CHECKING:
    from mediation.message import MessageContext

Outcome = bool | Awaitable[bool]
"""Whether the flow goes on; an awaitable of that when a mediator has to wait."""

MAX_DEPTH: Final = 64
"""How deep sequences may call sequences before the message faults."""

MAX_OVERFLOWS: Final = 1000
"""How often a message and its copies may be too deep. Sequences that copy their message double with each level."""

MAX_FAULTS: Final = 1000
"""
How many failures of one message are handled. Handlers that fail and have handlers of their own double with each level
of :data:`MAX_DEPTH`: no message would ever get out of that.
"""

MAX_ANSWERS: Final = 64
"""How many answers of back-ends one message may set off, one after the other, before it faults."""

logger = logging.getLogger(__name__)


class Step(Protocol):
    """Anything that a message can be run through: a mediator, a sequence, a fault handler."""

    def mediate(self, ctx: MessageContext) -> Outcome: ...


FaultHandler = Step


def run(steps: Sequence[Step], ctx: MessageContext) -> Outcome:
    """Run the steps in order until one ends the flow."""
    remaining = iter(steps)
    for step in remaining:
        outcome = step.mediate(ctx)
        if outcome is True:
            continue
        if outcome is False:
            return False
        return _rest(outcome, remaining, ctx)
    return True


async def _rest(waiting: Awaitable[bool], remaining: Iterator[Step], ctx: MessageContext) -> bool:
    if await waiting is not True:
        return False
    for step in remaining:
        outcome = step.mediate(ctx)
        if outcome is True:
            continue
        if outcome is False or await outcome is not True:
            return False
    return True


def guard(body: Callable[[MessageContext], Outcome], ctx: MessageContext, handler: FaultHandler) -> Outcome:
    """
    Run ``body`` with a fault handler around it.

    A failure sets the ``ERROR_*`` properties, runs the handler on the same message, and ends the flow: it never
    returns to where it failed. What the handler itself raises climbs to the next guard.
    """
    outer = ctx.fault_handlers
    depth = ctx.depth
    ctx.fault_handlers = (*outer, handler)
    try:
        outcome = body(ctx)
    except Exception as exc:
        return _fault(exc, ctx, handler, outer, depth)
    if outcome is True:
        ctx.fault_handlers = outer
        return True
    if outcome is False:
        # The handler stays on the stack: the message may have been sent, and fail later.
        return False
    return _guarded(outcome, ctx, handler, outer, depth)


async def _guarded(
    waiting: Awaitable[bool], ctx: MessageContext, handler: FaultHandler, outer: tuple[FaultHandler, ...], depth: int
) -> bool:
    try:
        goes_on = await waiting
    except Exception as exc:
        outcome = _fault(exc, ctx, handler, outer, depth)
        return outcome if isinstance(outcome, bool) else await outcome
    if goes_on is True:
        ctx.fault_handlers = outer
        return True
    return False


def _fault(
    exc: Exception, ctx: MessageContext, handler: FaultHandler, outer: tuple[FaultHandler, ...], depth: int
) -> Outcome:
    ctx.fault_handlers = outer
    ctx.depth = depth
    set_error(ctx, exc)
    ctx.faults += 1
    if ctx.faults > MAX_FAULTS:
        raise exc
    if isinstance(exc, PayloadError):
        _discard_unreadable(ctx)
    elif isinstance(exc, SendTimeout):
        ctx.payload.clear()  # as the originals do (docs/compatibility.md, time-outs)
    if isinstance(exc, EndpointError) and exc.handler is not None:
        own, exc.handler = exc.handler, None
        outcome = guard(own.mediate, ctx, handler)
    else:
        outcome = handler.mediate(ctx)
    return False if isinstance(outcome, bool) else _ended(outcome)


def _discard_unreadable(ctx: MessageContext) -> None:
    """Empty a body that cannot be read, so that the fault sequence can work with the message."""
    try:
        _ = ctx.payload.envelope
    except PayloadError:
        ctx.payload.clear()


async def _ended(waiting: Awaitable[bool]) -> bool:
    await waiting
    return False


def set_error(ctx: MessageContext, exc: Exception) -> None:
    """
    Describe a failure in the default scope, for fault sequences.

    A failure that brings its own code always says so; a plain mediation error (code 0) does not hide an earlier one.
    """
    properties = ctx.properties
    if isinstance(exc, MediationError):
        if exc.code == 0 and properties.get(ERROR_CODE) is not None:
            return
        code: int | str = exc.code
        message, detail = exc.message, exc.detail
    else:
        if properties.get(ERROR_CODE) is not None:
            return
        code = 0
        message = (str(exc).splitlines() or [type(exc).__name__])[0]
        detail = "".join(traceback.format_exception(exc))
    ctx.failure = exc
    properties[ERROR_CODE] = code
    properties[ERROR_MESSAGE] = message
    properties[ERROR_DETAIL] = detail
    # Nothing was thrown when a time was over: the originals leave this empty, and configurations print it.
    properties[ERROR_EXCEPTION] = "" if isinstance(exc, SendTimeout) else exc


def enter(step: Step, name: str, ctx: MessageContext) -> Outcome:
    """
    Run a sequence that was called by name, one level deeper.

    Raises:
        TooManySteps: sequences call each other deeper than :data:`MAX_DEPTH`, or have done so too often.
    """
    if ctx.depth >= MAX_DEPTH:
        ctx.branches.overflows += 1  # copies share it
        raise TooManySteps(name, MAX_DEPTH)
    if ctx.overflows > MAX_OVERFLOWS:
        raise TooManySteps(name, MAX_DEPTH)
    ctx.depth += 1
    outcome = step.mediate(ctx)
    if isinstance(outcome, bool):
        ctx.depth -= 1
        return outcome
    return _left(outcome, ctx)


async def _left(waiting: Awaitable[bool], ctx: MessageContext) -> bool:
    goes_on = await waiting
    ctx.depth -= 1
    return goes_on


def run_leg(body: Callable[[MessageContext], Outcome], ctx: MessageContext, handler: FaultHandler) -> Outcome:
    """
    Run one leg of a message from its entry point; nothing climbs out of it.

    What no fault handler could deal with is logged once, here, and the message is dropped.
    """
    try:
        outcome = guard(body, ctx, handler)
    except Exception as exc:
        return _dropped(exc, ctx)
    return outcome if isinstance(outcome, bool) else _leg(outcome, ctx)


async def _leg(waiting: Awaitable[bool], ctx: MessageContext) -> bool:
    try:
        return await waiting
    except Exception as exc:
        return _dropped(exc, ctx)


def run_branch(body: Callable[[MessageContext], Outcome], ctx: MessageContext) -> Outcome:
    """
    Run a branch of a message; nothing climbs out of it.

    What fails goes to the fault handlers that were in force where the branch began, innermost first.
    """
    handlers, ctx.fault_handlers = ctx.fault_handlers, ()
    for handler in reversed(handlers):
        body = partial(guard, body, handler=handler)
    try:
        outcome = body(ctx)
    except Exception as exc:
        return _dropped(exc, ctx)
    return outcome if isinstance(outcome, bool) else _leg(outcome, ctx)


def _dropped(exc: Exception, ctx: MessageContext) -> bool:
    set_error(ctx, exc)
    where = ctx.client.name if ctx.client is not None else "unknown"
    logger.error(
        "{%s} Exception encountered but no fault handler found - message dropped: %s",
        where,
        exc,
        # A failure of a message explains itself; anything else is a defect, and needs its place.
        exc_info=None if isinstance(exc, MediationError) else exc,
    )
    return False
