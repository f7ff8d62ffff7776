"""Branches one after the other."""

from __future__ import annotations

import asyncio

import pytest

from mediation.branches import BURST
from mediation.branching import one_by_one


async def later(answer: bool) -> bool:
    await asyncio.sleep(0)
    return answer


def test_branches_that_do_not_wait_need_no_loop():
    seen = []

    assert one_by_one((lambda n=n: not seen.append(n)) for n in range(3)) is True
    assert seen == [0, 1, 2]


def test_false_ends_the_row():
    seen = []

    assert one_by_one((lambda n=n: seen.append(n) or n < 1) for n in range(3)) is False
    assert seen == [0, 1]


async def test_each_begins_when_the_one_before_has_ended():
    seen = []

    def branch(n):
        async def run():
            seen.append(f"{n} begins")
            await asyncio.sleep(0)
            seen.append(f"{n} ends")
            return True

        return run

    assert await one_by_one(branch(n) for n in range(2)) is True
    assert seen == ["0 begins", "0 ends", "1 begins", "1 ends"]


@pytest.mark.parametrize("waits", [0, 1])
async def test_false_ends_a_row_that_waits(waits):
    seen = []

    def branch(n):
        def run():
            seen.append(n)
            return later(n < 1) if n >= waits else n < 1

        return run

    assert await one_by_one(branch(n) for n in range(3)) is False
    assert seen == [0, 1]


async def test_a_long_row_leaves_the_loop_to_others():
    seen = []
    waiting = one_by_one((lambda n=n: not seen.append(n)) for n in range(3 * BURST))

    assert len(seen) == BURST
    assert await waiting is True
    assert len(seen) == 3 * BURST
