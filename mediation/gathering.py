"""Branches that their parent waits for: what ``foreach`` over a collection and ``scatter-gather`` have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from mediation import flow
from mediation.branches import Branches
from mediation.branching import one_by_one
from mediation.flow import Outcome, Step
from mediation.message import MessageContext


class Gathering:
    """
    Branches of one message that come back: those whose flow has gone to its end.

    What fails in a branch goes to the fault handlers that its message has, and does not come back.

    Args:
        enough: asked after each that comes back whether the others need not be waited for.
    """

    def __init__(self, enough: Callable[[Gathering], bool] | None = None) -> None:
        self.results: dict[int, MessageContext] = {}
        """By the number of the branch."""
        self._enough = enough
        self._complete = asyncio.Event()
        self._branches = Branches()

    def in_order(self) -> list[MessageContext]:
        return [self.results[number] for number in sorted(self.results)]

    def one_by_one(self, branches: Iterator[tuple[Step, MessageContext]]) -> Outcome:
        """Run each when the one before has come back; the first that does not ends the row."""
        return one_by_one(partial(self._run, number, *each) for number, each in enumerate(branches))

    def all(self, branches: Iterator[tuple[Step, MessageContext]], timeout: float | None = None) -> Outcome:
        """
        Run branches side by side until all have ended, or enough have come back.

        Args:
            timeout: seconds to wait for them.

        Returns:
            ``True``. Branches that are not waited for go on.
        """
        self._branches.start(partial(self._run, number, *each) for number, each in enumerate(branches))
        return True if self._complete.is_set() or not self._branches.busy else self._wait(timeout)

    def leave(self, parent: MessageContext) -> None:
        """Make those that still run branches of the parent, which has not ended before they have."""
        if self._branches.busy:
            parent.branches.start([self._rest])

    async def _rest(self) -> bool:
        try:
            await self._branches.join()
        finally:
            self._branches.cancel()
        return True

    async def _wait(self, timeout: float | None) -> bool:
        ended = asyncio.ensure_future(self._branches.join())
        complete = asyncio.ensure_future(self._complete.wait())
        try:
            await asyncio.wait([ended, complete], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._branches.cancel()
            raise
        finally:
            ended.cancel()
            complete.cancel()
        return True

    def _run(self, number: int, step: Step, branch: MessageContext) -> Outcome:
        outcome = flow.run_branch(step.mediate, branch)
        if isinstance(outcome, bool):
            return self._came_back(number, branch) if outcome else False
        return self._later(outcome, number, branch)

    async def _later(self, waiting: Awaitable[bool], number: int, branch: MessageContext) -> bool:
        return self._came_back(number, branch) if await waiting is True else False

    def _came_back(self, number: int, branch: MessageContext) -> bool:
        if not self._complete.is_set():
            self.results[number] = branch
            if self._enough is not None and self._enough(self):
                self._complete.set()
        return True
