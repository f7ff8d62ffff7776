"""Branches of a message as ``clone`` and ``iterate`` make them: side by side, or one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NoReturn

from mediation import flow
from mediation.branches import BURST, Branch
from mediation.errors import EndpointError
from mediation.flow import Outcome, Step
from mediation.properties import AGGREGATE_CORRELATION, MESSAGE_SEQUENCE

if TYPE_CHECKING:
    from mediation.message import MessageContext


def with_id(name: str, id: str | None) -> str:
    """A property's name for the mediators of this id."""
    return name if id is None else f"{name}.{id}"


def mark(branch: MessageContext, parent_id: str, id: str | None, number: int, total: int) -> None:
    """Tell ``aggregate`` which of how many branches this is, and of which message."""
    branch.properties[AGGREGATE_CORRELATION] = parent_id
    branch.properties[with_id(AGGREGATE_CORRELATION, id)] = parent_id
    branch.properties[with_id(MESSAGE_SEQUENCE, id)] = f"{number}/{total}"


def start(parent: MessageContext, branches: Iterator[tuple[Step, MessageContext]]) -> None:
    """Run branches that nobody waits for. What fails in one goes to the fault handlers that its message has."""
    parent.branches.start(partial(flow.run_branch, step.mediate, branch) for step, branch in branches)


def one_by_one(branches: Iterator[Branch]) -> Outcome:
    """Run branches, each when the one before has ended, until one answers ``False``."""
    started = 0
    for branch in islice(branches, BURST):
        started += 1
        outcome = branch()
        if outcome is True:
            continue
        return False if outcome is False else _go_on(outcome, branches)
    return True if started < BURST else _go_on(_turn_of_others(), branches)


async def _go_on(waiting: Awaitable[bool], branches: Iterator[Branch]) -> bool:
    if await waiting is not True:
        return False
    for number, branch in enumerate(branches, start=1):
        outcome = branch()
        if outcome is False or (outcome is not True and await outcome is not True):
            return False
        if number % BURST == 0:
            await asyncio.sleep(0)
    return True


async def _turn_of_others() -> bool:
    await asyncio.sleep(0)
    return True


# -- branches whose failures are their parent's


def run_surfacing(step: Step, branch: MessageContext, parent: MessageContext) -> Outcome:
    """
    Run a branch that its parent waits for.

    A back-end's failure stays in the branch, as if nobody had waited.

    Returns:
        ``True``, whether or not the branch's flow went to its end.

    Raises:
        Exception: any other failure; the parent has the branch's properties then.
    """
    try:
        outcome = step.mediate(branch)
    except Exception as exc:
        return _failed(exc, branch, parent)
    return True if isinstance(outcome, bool) else _surfacing(outcome, branch, parent)


async def _surfacing(waiting: Awaitable[bool], branch: MessageContext, parent: MessageContext) -> bool:
    try:
        await waiting
    except Exception as exc:
        outcome = _failed(exc, branch, parent)
        return outcome if isinstance(outcome, bool) else await outcome
    return True


def _failed(exc: Exception, branch: MessageContext, parent: MessageContext) -> Outcome:
    if not isinstance(exc, EndpointError):
        parent.properties.update(branch.properties)
        raise exc
    return regardless(flow.run_branch(partial(_fail, exc), branch))


def _fail(exc: Exception, ctx: MessageContext) -> NoReturn:
    raise exc


def regardless(outcome: Outcome, answer: Callable[[], bool] = lambda: True) -> Outcome:
    """The answer, whatever the outcome is, once it is there."""
    return answer() if isinstance(outcome, bool) else _regardless(outcome, answer)


async def _regardless(waiting: Awaitable[bool], answer: Callable[[], bool]) -> bool:
    await waiting
    return answer()
