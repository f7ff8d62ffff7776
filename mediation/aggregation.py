"""Groups of messages that wait for each other, for ``<aggregate>``."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from mediation.errors import MediationError

if TYPE_CHECKING:
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)

REMEMBERED: Final = 10_000
"""How many origins of completed groups one mediator remembers, to tell a late message from the first one of a group."""


class WaitingRoom:
    """
    All messages of a process that wait in groups. Their number is bounded, and none waits for ever.

    Attributes:
        limit: how many messages may wait.
        patience: seconds that a group without a time-out waits for its next message.
    """

    def __init__(self) -> None:
        self.limit = 10_000
        self.patience = 300.0
        self._groups: weakref.WeakSet[Group] = weakref.WeakSet()
        self._messages = 0

    def __len__(self) -> int:
        return self._messages

    def enter(self, group: Group) -> None:
        """
        One more message of this group waits.

        Raises:
            MediationError: there is no room for it.
        """
        if self._messages >= self.limit:
            raise MediationError(f"aggregate: {self.limit} messages of this process wait in groups already")
        self._messages += 1
        self._groups.add(group)

    def leave(self, group: Group) -> None:
        """All messages of this group have left."""
        self._groups.discard(group)
        self._messages -= len(group.messages)

    def clear(self, reason: str) -> None:
        """Drop all messages that wait, with one line in the log if there are any."""
        if self._messages:
            logger.warning("%s: %d messages in %d groups are dropped", reason, self._messages, len(self._groups))
        for group in list(self._groups):
            group.disband()


ROOM: Final = WaitingRoom()


class Group:
    """
    The messages that wait for each other.

    Each keeps what its client began from ending (:meth:`mediation.branches.Branches.hold`) until the group is
    disbanded.

    Args:
        key: what they have in common.
        timeout: seconds after the first message when the group is complete as it is; ``None`` if it has to wait.
        timed_out: called then.
    """

    def __init__(self, groups: Groups, key: str, timeout: float | None, timed_out: Callable[[Group], None]) -> None:
        self.key = key
        self.messages: list[MessageContext] = []
        self._groups = groups
        loop = asyncio.get_running_loop()
        self._latest = loop.time()
        if timeout is None:
            self._timer = loop.call_later(ROOM.patience, self._expire)
        else:
            self._timer = loop.call_later(timeout, timed_out, self)

    def add(self, ctx: MessageContext) -> None:
        """
        Raises:
            MediationError: too many messages wait.
        """
        try:
            ROOM.enter(self)
        except MediationError:
            if not self.messages:
                self.disband()
            raise
        self.messages.append(ctx)
        ctx.branches.hold()
        self._latest = asyncio.get_running_loop().time()

    def close(self, origins: Iterable[str]) -> None:
        """
        The group is complete; its messages stay until it is disbanded.

        Args:
            origins: what further messages of come too late.
        """
        self._timer.cancel()
        self._groups.completed(self, origins)

    def disband(self) -> None:
        """Let the messages go. Once is enough."""
        self._timer.cancel()
        self._groups.forget(self)
        ROOM.leave(self)
        for ctx in self.messages:
            ctx.branches.release()
        self.messages = []

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        rest = self._latest + ROOM.patience - loop.time()
        if rest > 0:
            self._timer = loop.call_later(rest, self._expire)
            return
        logger.warning(
            "aggregate: %d messages are dropped, because nothing came for %g s to complete them",
            len(self.messages),
            ROOM.patience,
        )
        self.disband()


class Groups:
    """The groups of one aggregate mediator, by key. Live as long as the mediator's artifact; on the event loop only."""

    def __init__(self) -> None:
        self._open: dict[str, Group] = {}
        self._completed: OrderedDict[str, None] = OrderedDict()

    def get(self, key: str) -> Group | None:
        return self._open.get(key)

    def was_completed(self, origin: str) -> bool:
        """Whether a group with messages of this origin is complete."""
        return origin in self._completed

    def open(self, key: str, timeout: float | None, timed_out: Callable[[Group], None]) -> Group:
        group = self._open[key] = Group(self, key, timeout, timed_out)
        return group

    def completed(self, group: Group, origins: Iterable[str]) -> None:
        self.forget(group)
        self._completed.update(dict.fromkeys(origins))
        while len(self._completed) > REMEMBERED:
            self._completed.popitem(last=False)

    def forget(self, group: Group) -> None:
        if self._open.get(group.key) is group:
            del self._open[group.key]
