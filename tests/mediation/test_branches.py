"""How the branches of a message run, wait for their turn, and end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from mediation.branches import BURST, Branch, Branches
from tests.mediation.support import until


class Gate:
    """Branches that wait until they are let go."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ended: list[str] = []
        self.opened = asyncio.Event()

    def branch(self, name: str) -> Branch:
        def start():
            self.started.append(name)
            return self._wait(name)

        return start

    async def _wait(self, name: str) -> bool:
        await self.opened.wait()
        self.ended.append(name)
        return True


@pytest.fixture
async def gate():
    return Gate()


async def test_a_branch_that_does_not_wait_has_ended_when_start_returns():
    branches, seen = Branches(), []

    branches.start([lambda: not seen.append("a"), lambda: not seen.append("b")])

    assert seen == ["a", "b"]
    assert not branches.unfinished


async def test_branches_that_wait_run_side_by_side(gate):
    branches = Branches()

    branches.start([gate.branch("a"), gate.branch("b")])

    assert gate.started == ["a", "b"]
    assert branches.busy
    gate.opened.set()
    await branches.join()
    assert sorted(gate.ended) == ["a", "b"]


async def test_only_so_many_wait_at_a_time(gate, monkeypatch):
    monkeypatch.setattr(Branches, "limit", 2)
    branches, made = Branches(), []

    def parts() -> Iterator[Branch]:
        for name in "abcd":
            made.append(name)
            yield gate.branch(name)

    branches.start(parts())

    assert gate.started == made == ["a", "b"]
    gate.opened.set()
    await branches.join()
    assert gate.ended == ["a", "b", "c", "d"]


async def test_many_branches_leave_the_loop_to_others_between_bursts():
    branches, seen = Branches(), []

    branches.start((lambda: not seen.append(1)) for _ in range(2 * BURST + 1))

    assert len(seen) == BURST
    await branches.join()
    assert len(seen) == 2 * BURST + 1


async def test_an_answer_goes_before_branches_that_have_not_started(gate, monkeypatch):
    monkeypatch.setattr(Branches, "limit", 1)
    branches = Branches()
    branches.start([gate.branch("a"), gate.branch("b")])

    branches.later(gate.branch("answer"))

    gate.opened.set()
    await branches.join()
    assert gate.started == ["a", "answer", "b"]


async def test_a_leg_waits_until_the_flow_has_unwound(gate):
    branches = Branches()

    branches.later(gate.branch("answer"))

    assert gate.started == []
    gate.opened.set()
    await branches.join()
    assert gate.ended == ["answer"]


async def test_branches_of_a_branch_begin_when_it_has_ended():
    branches, seen = Branches(), []

    def outer() -> bool:
        branches.start([lambda: not seen.append("inner")])
        seen.append("outer")
        return True

    branches.start([outer])

    assert seen == ["outer", "inner"]


@pytest.mark.parametrize("waits", [False, True])
async def test_what_a_branch_starts_goes_before_branches_that_have_not_begun(waits: bool, monkeypatch):
    monkeypatch.setattr(Branches, "limit", 1)
    branches, seen = Branches(), []

    def leaf(name: str) -> Branch:
        return lambda: not seen.append(name)

    async def outer(number: int) -> bool:
        await asyncio.sleep(0)
        return begin(number)

    def begin(number: int) -> bool:
        branches.start([leaf(f"{number}a"), leaf(f"{number}b")])
        return not seen.append(f"{number}")

    branches.start((lambda number=number: (outer if waits else begin)(number)) for number in (1, 2))
    await branches.join()

    assert seen == ["1", "1a", "1b", "2", "2a", "2b"]


async def test_a_defect_in_one_branch_leaves_the_others_alone(caplog, gate):
    async def broken() -> bool:
        raise RuntimeError("later")

    def fails() -> bool:
        raise RuntimeError("at once")

    branches = Branches()
    branches.start([fails, broken, gate.branch("a")])
    gate.opened.set()
    await branches.join()

    assert gate.ended == ["a"]
    assert [record.message for record in caplog.records] == ["a branch failed", "a branch failed"]


async def test_parts_that_cannot_be_made_end_alone(caplog, gate):
    def parts() -> Iterator[Branch]:
        yield gate.branch("a")
        raise RuntimeError("no more")

    branches = Branches()
    branches.start(parts())
    branches.start([gate.branch("b")])
    gate.opened.set()
    await branches.join()

    assert gate.ended == ["a", "b"]
    assert "branches of a message could not be made" in caplog.messages


async def test_a_group_is_waited_for_unless_it_is_not_asked_for():
    branches = Branches()
    branches.hold()

    await branches.join(groups=False)
    joined = asyncio.ensure_future(branches.join())
    await asyncio.sleep(0)

    assert branches.unfinished
    assert not joined.done()
    branches.release()
    await joined
    assert not branches.unfinished


async def test_what_is_cancelled_ends_and_the_rest_does_not_start(gate, monkeypatch):
    monkeypatch.setattr(Branches, "limit", 1)
    branches = Branches()
    branches.start([gate.branch("a"), gate.branch("b")])
    await asyncio.sleep(0)

    branches.cancel()
    await until(lambda: not branches.busy)

    assert gate.started == ["a"]
    assert gate.ended == []


async def test_what_is_to_be_done_at_the_end_is_done_once_and_keeps_the_message_unfinished() -> None:
    branches, done = Branches(), []
    branches.at_end(lambda: done.append(1))
    assert branches.unfinished
    assert not branches.busy
    branches.end()
    branches.cancel()
    assert done == [1]
    assert not branches.unfinished
