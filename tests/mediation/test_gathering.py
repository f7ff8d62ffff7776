"""Branches that come back."""

from __future__ import annotations

import asyncio
from typing import Any

from mediation.gathering import Gathering
from mediation.message import MessageContext
from tests.mediation.mediators.support import message


class Waits:
    """A step that waits until it is let go."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.opened = asyncio.Event()
        self.cancelled = False

    def mediate(self, ctx: MessageContext) -> Any:
        return self._wait()

    async def _wait(self) -> bool:
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.answer


async def test_those_whose_flow_ended_early_do_not_come_back():
    gathering, first, second = Gathering(), Waits(answer=False), Waits()
    outcome = gathering.all(iter([(first, message()), (second, message())]))
    first.opened.set()
    second.opened.set()

    assert not isinstance(outcome, bool)
    assert await outcome is True
    assert list(gathering.results) == [1]


async def test_when_enough_have_come_back_the_others_go_on_with_the_parent():
    parent, gathering = message(), Gathering(lambda gathering: len(gathering.results) == 1)
    first, second = Waits(), Waits()
    outcome = gathering.all(iter([(first, message()), (second, message())]))
    second.opened.set()

    assert not isinstance(outcome, bool)
    assert await outcome is True
    gathering.leave(parent)
    assert parent.unfinished
    first.opened.set()
    await parent.branches.join()
    assert list(gathering.results) == [1]  # what comes later is not taken


async def test_who_gives_up_waiting_ends_the_branches():
    gathering, step = Gathering(), Waits()
    outcome = gathering.all(iter([(step, message())]))
    assert not isinstance(outcome, bool)
    waiting = asyncio.ensure_future(outcome)
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0)

    assert waiting.cancelled()
    assert step.cancelled
