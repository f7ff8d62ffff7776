"""Message processors that run a sequence."""

from mediation.jobs.sampling import Sampler
from mediation.stores.queues import QUEUES
from tests.mediation.jobs.support import SAMPLING, at_work, processor, runtime, store
from tests.mediation.jobs.test_forwarding import put, waiting
from tests.mediation.support import until


def sampler(*artifacts: str, sequence: str, **parameters: object) -> Sampler:
    xml = processor(SAMPLING, target="", sequence="mediate", **parameters)
    engine = runtime(store(), xml, *artifacts, mediate=sequence)
    environment = engine.environment
    return Sampler(environment.deployed("messageProcessor")["P"], environment.deployed("messageStore")["S"], engine)


async def test_each_message_runs_through_the_sequence():
    for text in "abc":
        put(text)
    async with at_work(sampler(store("Out"), sequence='<store messageStore="Out"/>')):
        await until(lambda: waiting() == 0)
    assert [each.record.body for each in await QUEUES.memory("Out").take(9)] == [b"a", b"b", b"c"]


async def test_messages_can_be_taken_together():
    for text in "abcd":
        put(text)
    job = sampler(store("Out"), sequence='<store messageStore="Out"/>', concurrency=4)
    async with at_work(job) as lease:
        await until(lambda: waiting() == 0)
    assert lease.news.runs == 4
    assert len(QUEUES.memory("Out")) == 4


async def test_a_failure_is_counted_and_the_message_leaves():
    put("x")
    async with at_work(sampler(sequence='<sequence key="missing"/>')) as lease:
        await until(lambda: waiting() == 0)
    assert (lease.news.failures, lease.news.reason) == (1, "Sequence named missing cannot be found")
