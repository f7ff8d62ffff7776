"""One process of several does a job."""

import asyncio
import contextlib

import pytest
from django.db import DatabaseError
from django.utils import timezone

from mediation.database_thread import DATABASE_THREAD
from mediation.jobs import leases as module
from mediation.jobs.leases import Claim, Leases
from mediation.models import ScheduledJob
from tests.mediation.support import until

pytestmark = pytest.mark.django_db(transaction=True)

TASK = Claim(("task", "T"), "1")


@contextlib.asynccontextmanager
async def process(name: str = ""):
    leases = Leases()
    if name:
        leases.holder = f"{name}:1:x"
    yield leases
    await leases.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    yield
    DATABASE_THREAD.close()


async def row(**changes):
    def work():
        if changes:
            ScheduledJob.objects.update(**changes)
        return ScheduledJob.objects.get()

    return await DATABASE_THREAD.run(work)


async def granted(lease):
    await asyncio.wait_for(lease.granted(), 5)


async def test_a_job_is_granted_to_one_of_two_and_then_to_the_other():
    async with process("a") as a, process("b") as b:
        first = a.add(TASK)
        await granted(first)
        second = b.add(TASK)
        await asyncio.sleep(0.1)
        assert second.over
        assert (await row()).holder == "a:1:x"

        await a.give_back([first])
        await granted(second)
        assert first.over


async def test_a_process_that_is_not_heard_of_loses_its_jobs():
    async with process("a") as a, process("b") as b:
        first = a.add(TASK)
        await granted(first)
        a._task.cancel()
        second = b.add(TASK)
        await row(expires=timezone.now())
        await granted(second)


async def test_a_process_of_this_host_that_ended_loses_them_at_once():
    own = Leases()
    host, pid, _ = own.holder.rsplit(":", 2)
    assert module._has_ended(f"{host}:{pid}:former", own.holder)
    assert module._has_ended(f"{host}:{2**22 + 1}:x", own.holder)
    assert not module._has_ended(f"{host}:1:x", own.holder)
    assert not module._has_ended(f"elsewhere:{pid}:x", own.holder)
    assert not module._has_ended(own.holder, own.holder)


async def test_what_is_deactivated_in_the_admin_stops_and_goes_on():
    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        await row(active=False)
        await asyncio.wait_for(lease.ended(), 5)
        await row(active=True)
        await granted(lease)


async def test_a_job_that_deactivates_itself_stays_so_until_its_configuration_changes():
    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        lease.deactivate("poison")
        assert lease.over
        while (await row()).active:  # noqa: ASYNC110  (a row knows nothing of us)
            await asyncio.sleep(0.01)
        assert (await row()).reason == "poison"

    async with process() as leases:  # restarted
        lease = leases.add(TASK)
        await asyncio.sleep(0.1)
        assert lease.over
        await leases.give_back([lease])
        await granted(leases.add(Claim(TASK.key, "2")))
        assert (await row()).reason == ""


async def test_work_is_counted():
    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        lease.handled()
        lease.handled("refused")
    found = await row()
    assert (found.runs, found.failures, found.reason, found.holder) == (2, 1, "refused", "")


async def test_two_jobs_do_not_work_on_the_same_thing():
    async with process() as leases:
        first = leases.add(Claim(("messageProcessor", "P"), "1", works_on="store:S"))
        await granted(first)
        second = leases.add(Claim(("messageProcessor", "Q"), "1", works_on="store:S"))
        await asyncio.sleep(0.1)
        assert second.over
        await leases.give_back([first])
        await granted(second)


async def test_a_job_of_every_process_is_granted_to_each():
    each = Claim(("task", "T"), "1", exclusive=False)
    async with process("a") as a, process("b") as b:
        await granted(a.add(each))
        await granted(b.add(each))


async def test_without_a_database_a_job_stops_when_its_lease_runs_out(monkeypatch):
    def broken(*args):
        raise DatabaseError("gone")

    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        with monkeypatch.context() as patch:
            patch.setattr(module, "_settle", broken)
            await asyncio.sleep(0.1)
            assert not lease.over
            lease._until = 0
            await asyncio.wait_for(lease.ended(), 5)
        await granted(lease)


async def test_a_job_that_stops_is_not_granted_again():
    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        lease.close()
        await asyncio.sleep(0.1)
        assert lease.over


async def test_a_job_that_is_no_longer_deployed_is_forgotten():
    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        await leases.give_back([lease], forget=True)
    assert await DATABASE_THREAD.run(ScheduledJob.objects.count) == 0


async def test_a_pause_ends_with_the_lease():
    async with process() as leases:
        lease = leases.add(TASK)
        await granted(lease)
        assert await lease.pause(0.01)
        waiting = asyncio.ensure_future(lease.pause(60))
        await asyncio.sleep(0)
        lease.end()
        assert await asyncio.wait_for(waiting, 5) is False


async def test_an_idle_lease_is_not_written_at_each_look(monkeypatch):
    writes = []
    write = module._Board.write
    monkeypatch.setattr(module._Board, "write", lambda board: (writes.append(1), write(board)))
    async with process() as leases:
        await granted(leases.add(TASK))
        looks = []
        settle = module._settle
        monkeypatch.setattr(module, "_settle", lambda *args: (looks.append(1), settle(*args))[1])
        await until(lambda: len(looks) > 5)
        assert len(writes) == 1
