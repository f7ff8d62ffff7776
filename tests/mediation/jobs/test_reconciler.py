"""Jobs follow the configuration."""

import asyncio
import math

import pytest

from mediation.jobs.leases import Lease
from mediation.jobs.reconciler import Jobs
from mediation.stores.queues import QUEUES
from tests.mediation.jobs.support import ENDPOINT, processor, runtime, store
from tests.mediation.jobs.test_forwarding import put
from tests.mediation.support import DictEnvironment, until
from tests.mediation.test_task import task

MESSAGE = '<property name="message"><a/></property>'
ONCE = task('<trigger once="true"/>', MESSAGE)
KEEP = '<store messageStore="S"/>'


class AllGranted:
    """Leases of a process that is alone."""

    def __init__(self) -> None:
        self.given_back: list[Lease] = []
        self.asked: list[Lease] = []

    def add(self, claim):
        lease = Lease(claim)
        lease.grant(math.inf)
        self.asked.append(lease)
        return lease

    async def give_back(self, leases, *, forget=False):
        self.given_back += leases
        self.forgotten = forget

    async def close(self):
        pass


@pytest.fixture
async def jobs():
    jobs = Jobs(runtime(), AllGranted())
    yield jobs
    await jobs.close(5)


def apply(jobs: Jobs, *artifacts: str, **sequences: str) -> None:
    environment = DictEnvironment(*artifacts, **sequences)
    jobs._runtime.environment = environment
    jobs.reconcile(environment)


async def kept(number: int) -> None:
    await until(lambda: len(QUEUES.memory("S")) == number)


async def test_a_job_that_did_not_change_goes_on(jobs):
    apply(jobs, ONCE, store(), main=KEEP)
    await kept(1)
    apply(jobs, ONCE, store(), task('<trigger once="true"/>', MESSAGE).replace('"T"', '"U"'), main=KEEP)
    await kept(2)  # U has fired, and T has not done so again


async def test_a_job_that_changed_begins_anew(jobs):
    apply(jobs, ONCE, store(), main=KEEP)
    await kept(1)
    apply(jobs, task('<trigger interval="600"/>', MESSAGE), store(), main=KEEP)
    await kept(2)
    assert len(jobs._leases.given_back) == 1


async def test_a_job_that_is_gone_ends(jobs):
    apply(jobs, task('<trigger interval="600"/>', MESSAGE), store(), main=KEEP)
    await kept(1)
    apply(jobs)
    await until(lambda: jobs._leases.given_back)
    assert len(jobs) == 0
    assert jobs._leases.forgotten


async def test_two_versions_of_a_job_are_never_at_work_together(jobs, back_end):
    release = asyncio.Event()
    send = back_end.send

    async def slow(ctx, uri, options):
        answer = await send(ctx, uri, options)
        await release.wait()
        return answer

    back_end.send = slow
    put("first")
    put("second")
    apply(jobs, ENDPOINT, store(), processor())
    await until(lambda: back_end.texts == ["first"])
    apply(jobs, ENDPOINT, store(), processor(max__delivery__attempts=7))
    apply(jobs, ENDPOINT, store())
    apply(jobs, ENDPOINT, store(), processor(max__delivery__attempts=8))
    await asyncio.sleep(0.05)
    assert back_end.texts == ["first"]
    release.set()
    await until(lambda: back_end.texts == ["first", "second"])


async def test_a_processor_waits_for_its_store(jobs, back_end, caplog):
    put("x")
    apply(jobs, ENDPOINT, processor())
    assert "message processor P waits for the message store S" in caplog.text
    apply(jobs, ENDPOINT, processor(), store())
    await until(lambda: back_end.texts == ["x"])


async def test_draining_finishes_the_message_in_hand(back_end):
    jobs = Jobs(runtime(), AllGranted())
    put("first")
    put("second")
    apply(jobs, ENDPOINT, store(), processor(interval=600_000))
    await until(lambda: back_end.texts == ["first"])
    await jobs.close(5)
    assert len(QUEUES.memory("S")) == 1


async def test_a_job_that_fails_begins_again(jobs, monkeypatch):
    monkeypatch.setattr("mediation.jobs.reconciler.FAILED_SECONDS", 0)
    attempts = []

    async def work(job, lease):
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("no")

    monkeypatch.setattr("mediation.jobs.injecting.TaskJob.work", work)
    apply(jobs, ONCE)
    await until(lambda: len(attempts) == 3)
    assert jobs._leases.asked[0].news.failures == 2
