"""What a message sets off beside its own leg: branches of ``clone`` and ``iterate``, answers, groups that wait."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import ClassVar, Final

logger = logging.getLogger(__name__)

Branch = Callable[[], bool | Awaitable[bool]]
"""Starts a branch: answers at once, or an awaitable if it has to wait. See :func:`mediation.flow.run_branch`."""

BURST: Final = 100
"""Branches that start in one turn of the event loop; others get their turn between bursts."""


class Branches:
    """
    The branches of one message, and those that they set off.

    A message, its copies and its answers share one: :attr:`mediation.message.MessageContext.branches`. Whoever began
    the message waits with :meth:`join` until all have ended, and calls :meth:`cancel` when it gives up.

    A branch starts on the caller's stack and costs a task only if it has to wait. At most :attr:`limit` wait at a time;
    the others start when one of those has ended. They are taken from an iterator one by one, so that a message of a
    hundred thousand parts is never in memory as a hundred thousand messages.

    What a branch starts goes before the branches that have not begun, so that branches of branches do not pile up.

    Used on the event loop only.

    Attributes:
        overflows: how often a message of the family was in too many sequences at a time.
    """

    limit: ClassVar[int] = 100
    """How many branches of one message may wait at a time; the server sets it (``ESB_MAX_BRANCHES``)."""

    __slots__ = (
        "_at_end",
        "_groups",
        "_inner",
        "_joining",
        "_legs",
        "_pumping",
        "_scheduled",
        "_sources",
        "_tasks",
        "overflows",
    )

    def __init__(self) -> None:
        self.overflows = 0
        self._sources: deque[Iterator[Branch]] = deque()
        self._inner: list[Iterator[Branch]] = []
        self._legs: deque[Branch] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._groups = 0
        self._at_end: list[Callable[[], None]] = []
        self._pumping = False
        self._scheduled = False
        self._joining: asyncio.Future[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether any branch or answer has not ended."""
        return bool(self._tasks or self._legs or self._sources or self._pumping)

    @property
    def unfinished(self) -> bool:
        """Whether anything is under way or to be done at the end, groups that wait for more messages included."""
        return self._groups > 0 or bool(self._at_end) or self.busy

    def start(self, branches: Iterable[Branch]) -> None:
        """
        Run branches, in the order in which they are given, each beginning before the one before has ended.

        Those that a branch starts itself begin when it ends or waits.
        """
        if self._pumping:
            self._inner.append(iter(branches))
            return
        if self._sources and asyncio.current_task() in self._tasks:
            self._sources.appendleft(iter(branches))
        else:
            self._sources.append(iter(branches))
        self._pump()

    def later(self, leg: Branch) -> None:
        """Run a leg when the flow that is under way has unwound. Goes before branches that have not started."""
        self._legs.append(leg)
        self._schedule()

    def hold(self) -> None:
        """A group of messages has taken one of this family; it is under way until :meth:`release`."""
        self._groups += 1

    def release(self) -> None:
        self._groups -= 1
        self._tell()

    async def join(self, *, groups: bool = True) -> None:
        """
        Wait until everything has ended.

        Args:
            groups: also until no group waits for more messages.
        """
        while self.busy or (groups and self._groups > 0):
            if self._joining is None:
                self._joining = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._joining)

    def at_end(self, callback: Callable[[], None]) -> None:
        """Call it, once, when the message has ended with everything that it has set off; to give back what it holds."""
        self._at_end.append(callback)

    def end(self) -> None:
        """Everything has ended: for whoever began the message. :meth:`cancel` does it, too."""
        callbacks, self._at_end = self._at_end, []
        for callback in callbacks:
            callback()

    def cancel(self) -> None:
        """End the branches that wait, and forget those that have not started."""
        self.end()
        self._sources.clear()
        self._legs.clear()
        for task in self._tasks:
            task.cancel()

    # -- running

    def _next(self) -> Branch | None:
        if self._legs:
            return self._legs.popleft()
        while self._sources:
            branch = next(self._sources[0], None)
            if branch is not None:
                return branch
            self._sources.popleft()
        return None

    def _pump(self) -> None:
        self._scheduled = False
        if self._pumping:
            return
        self._pumping = True
        try:
            for _ in range(BURST):
                if len(self._tasks) >= self.limit:
                    break
                branch = self._next()
                if branch is None:
                    break
                self._begin(branch)
        except Exception:
            # Only an iterator fails here. What it would have given is lost, and the rest goes on.
            logger.exception("branches of a message could not be made")
            self._sources.popleft()
        finally:
            self._pumping = False
        if (self._legs or self._sources) and len(self._tasks) < self.limit:
            self._schedule()
        self._tell()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _begin(self, branch: Branch) -> None:
        try:
            outcome = branch()
        except Exception:
            logger.exception("a branch failed")
            return
        finally:
            self._sources.extendleft(reversed(self._inner))
            self._inner.clear()
        if not isinstance(outcome, bool):
            task = asyncio.get_running_loop().create_task(_end(outcome))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a branch failed", exc_info=task.exception())
        self._pump()

    def _tell(self) -> None:
        if self._joining is not None and not self.busy:
            self._joining.set_result(None)
            self._joining = None


async def _end(waiting: Awaitable[bool]) -> None:
    await waiting
