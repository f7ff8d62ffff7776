"""Which process does which job: rows in the database that one process at a time may hold."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import socket
import time
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from mediation.database_thread import DATABASE_THREAD
from mediation.models import ScheduledJob

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_SECONDS: Final = 1.0
"""How soon a change in the admin, or a job that its process has left, is noticed."""

RENEW_SECONDS: Final = 3.0
LEASE_SECONDS: Final = 10.0
"""
For which a process that is not heard of keeps its jobs. One that ended on this host loses them at once. The clocks of
all hosts must agree to :data:`MARGIN_SECONDS`, by which a holder stops before others may begin.
"""

MARGIN_SECONDS: Final = 2.0

Key = tuple[str, str]
"""Kind and name of a job."""


@dataclass(frozen=True, slots=True)
class Claim:
    """
    A job that this process would do.

    Attributes:
        fingerprint: of its configuration; when that is another one, the job starts as :attr:`active` says.
        active: whether it works before anybody has said otherwise.
        works_on: what only one job works on at a time; empty for nothing.
        exclusive: whether one process of all does it, and not each.
    """

    key: Key
    fingerprint: str
    active: bool = True
    works_on: str = ""
    exclusive: bool = True


class Lease:
    """A job of this process, and whether it may work now. Used on the event loop."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.news = _News()
        self._closed = False
        self._until = 0.0
        self._granted = asyncio.Event()
        self._over = asyncio.Event()
        self._over.set()

    async def granted(self) -> None:
        """Return when this process may work."""
        await self._granted.wait()

    async def ended(self) -> None:
        """Return when it may not work any more."""
        await self._over.wait()

    @property
    def over(self) -> bool:
        """Whether the job has to stop before its next piece of work."""
        return self._over.is_set() or time.monotonic() >= self._until

    async def pause(self, seconds: float) -> bool:
        """Wait, but not beyond the end of the lease; whether the job may go on."""
        if seconds <= 0:
            await asyncio.sleep(0)  # others have their turn, too
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), seconds)
        return not self.over

    def handled(self, error: str = "") -> None:
        """Count one piece of work; with the reason if it failed."""
        self.news.runs += 1
        self.news.failures += bool(error)
        self.news.reason = error

    def deactivate(self, reason: str) -> None:
        """Stop; the job does not work again before somebody activates it."""
        self.news.deactivated = True
        self.news.reason = reason
        self.end()

    def close(self) -> None:
        """Stop for good: the lease is about to be given back."""
        self._closed = True
        self.end()

    def grant(self, until: float) -> None:
        if self._closed:
            return
        self._until = until
        self._over.clear()
        self._granted.set()

    def end(self) -> None:
        self._granted.clear()
        self._over.set()


@dataclass(slots=True)
class _News:
    """What a job has to tell its row."""

    runs: int = 0
    failures: int = 0
    reason: str | None = None
    deactivated: bool = False

    def __bool__(self) -> bool:
        return self.runs > 0 or self.deactivated


class Leases:
    """
    The jobs of this process: asks for them, renews them, and gives them back.

    A process that cannot reach the database stops its jobs when their leases run out; traffic goes on. Lives on one
    event loop.
    """

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._leases: dict[Key, Lease] = {}
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._trouble = ""

    def add(self, claim: Claim) -> Lease:
        """Ask for a job; the lease is granted when this process is to do it."""
        lease = self._leases[claim.key] = Lease(claim)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="leases")
        self.look()
        return lease

    def look(self) -> None:
        """Look at the rows now."""
        self._wanted.set()

    async def give_back(self, leases: Collection[Lease], *, forget: bool = False) -> None:
        """
        These jobs do not run here any more; another process may have them at once.

        Args:
            forget: they are no longer deployed, so their rows go, too.
        """
        for lease in leases:
            lease.close()
            if self._leases.get(lease.claim.key) is lease:
                del self._leases[lease.claim.key]
        news = [(lease.claim, lease.news) for lease in leases]
        if news:
            await self._attempt(lambda: _give_back(self.holder, news, forget=forget))

    async def close(self) -> None:
        """Give all back, and ask for nothing any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.give_back(list(self._leases.values()))

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            await self._settle()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), LOOK_SECONDS)

    async def _settle(self) -> None:
        leases = list(self._leases.values())
        told = []
        for lease in leases:
            told.append((lease.claim, lease.news))
            lease.news = _News()
        begun = time.monotonic()
        granted = await self._attempt(lambda: _settle(self.holder, told)) if leases else {}
        for lease, (claim, news) in zip(leases, told, strict=True):
            if granted is None:
                # Nobody heard it: it is told again.
                lease.news.runs += news.runs
                lease.news.failures += news.failures
                lease.news.deactivated |= news.deactivated
                if lease.over:
                    lease.end()
            elif claim.key not in granted or lease.news.deactivated:
                lease.end()
            elif self._leases.get(claim.key) is lease:
                left = granted[claim.key]
                lease.grant(math.inf if left is None else begun + left - MARGIN_SECONDS)

    async def _attempt(self, work: Callable[[], T]) -> T | None:
        """``None`` when the database did not do it. A trouble that lasts is one line in the log."""
        try:
            result = await DATABASE_THREAD.run(work)
        except Exception as exc:
            trouble = f"{type(exc).__name__}: {exc}"
            if trouble != self._trouble:
                logger.error("scheduled jobs cannot be coordinated, trying again: %s", trouble)
            self._trouble = trouble
            return None
        if self._trouble:
            logger.info("scheduled jobs can be coordinated again")
            self._trouble = ""
        return result


# -- in the thread of the database

Told = tuple[Claim, _News]


def _settle(holder: str, told: Iterable[Told]) -> dict[Key, float | None]:
    """
    Bring the rows up to date.

    Returns:
        The jobs that this process may do, with the seconds for which it may; ``None`` for any time.
    """
    told = list(told)
    board = _Board(holder, _rows(told))
    if board.settle(told):
        # What was read outside of a transaction may have changed since.
        with transaction.atomic():
            board = _Board(holder, _rows(told, lock=True))
            board.settle(told)
            board.write()
    return board.granted


def _rows(told: Iterable[Told], *, lock: bool = False) -> list[ScheduledJob]:
    names = [claim.key[1] for claim, _ in told]
    shared = [claim.works_on for claim, _ in told if claim.works_on]
    rows = ScheduledJob.objects.filter(Q(name__in=names) | Q(works_on__in=shared))
    return list(rows.select_for_update() if lock else rows)


class _Board:
    """The rows at one moment, and what is to be written to them. Used once."""

    def __init__(self, holder: str, rows: Iterable[ScheduledJob]) -> None:
        self._holder = holder
        self._now = timezone.now()
        self._rows = {(row.kind, row.name): row for row in rows}
        self._changed: dict[Key, ScheduledJob] = {}
        self.granted: dict[Key, float | None] = {}

    def settle(self, told: Iterable[Told]) -> bool:
        """Decide on each job; whether there is anything to write."""
        taken: set[str] = set()
        for claim, news in told:
            row = self._row(claim)
            if news:
                self._report(row, news)
            if not row.active or claim.works_on in taken or self._is_worked_on(claim):
                self._release(row)
                continue
            if claim.exclusive and not self._take(row):
                continue
            if claim.works_on:
                taken.add(claim.works_on)
            self.granted[claim.key] = self._left(row.expires) if claim.exclusive else None
        return bool(self._changed)

    def leave(self, told: Iterable[Told]) -> None:
        """The last news of jobs that do not run here any more."""
        for claim, news in told:
            row = self._rows.get(claim.key)
            if row is None:
                continue
            if news and row.fingerprint == claim.fingerprint:
                self._report(row, news)
            self._release(row)

    def write(self) -> None:
        for row in self._changed.values():
            row.save()

    def _row(self, claim: Claim) -> ScheduledJob:
        row = self._rows.get(claim.key)
        if row is None:
            row = self._rows[claim.key] = ScheduledJob(kind=claim.key[0], name=claim.key[1])
        if row.fingerprint != claim.fingerprint:
            row.fingerprint, row.works_on = claim.fingerprint, claim.works_on
            row.active, row.reason = claim.active, ""
            self._mark(row)
        return row

    def _report(self, row: ScheduledJob, news: _News) -> None:
        row.runs += news.runs
        row.failures += news.failures
        row.last_run = self._now
        if news.reason is not None:
            row.reason = news.reason
        if news.deactivated:
            row.active = False
        self._mark(row)

    def _take(self, row: ScheduledJob) -> bool:
        if row.holder != self._holder:
            if self._is_held(row):
                return False
            row.holder = self._holder
        elif self._left(row.expires) > LEASE_SECONDS - RENEW_SECONDS:
            return True
        row.expires = self._now + timedelta(seconds=LEASE_SECONDS)
        self._mark(row)
        return True

    def _release(self, row: ScheduledJob) -> None:
        if row.holder == self._holder:
            row.holder, row.expires = "", None
            self._mark(row)

    def _is_worked_on(self, claim: Claim) -> bool:
        return claim.exclusive and any(
            row.active and row.works_on == claim.works_on and key != claim.key and self._is_held(row)
            for key, row in (self._rows.items() if claim.works_on else ())
        )

    def _is_held(self, row: ScheduledJob) -> bool:
        return bool(row.holder) and self._left(row.expires) > 0 and not _has_ended(row.holder, self._holder)

    def _left(self, expires: datetime | None) -> float:
        return 0.0 if expires is None else (expires - self._now).total_seconds()

    def _mark(self, row: ScheduledJob) -> None:
        self._changed[row.kind, row.name] = row


def _give_back(holder: str, told: Iterable[Told], *, forget: bool) -> None:
    with transaction.atomic():
        board = _Board(holder, _rows(told, lock=True))
        board.leave(told)
        board.write()
        if forget:
            for claim, _ in told:
                kind, name = claim.key
                # What another process holds is deployed there.
                ScheduledJob.objects.filter(kind=kind, name=name, holder="").delete()


def _has_ended(holder: str, own: str) -> bool:
    """Whether the holder was a process of this host that is no more."""
    host, pid, token = holder.rsplit(":", 2)
    own_host, own_pid, own_token = own.rsplit(":", 2)
    if host != own_host:
        return False
    if pid == own_pid:
        return token != own_token  # its number is ours now
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is somebody else's
        pass
    return False
