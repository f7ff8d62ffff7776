"""Message processors that deliver: in order, at least once, and none is skipped."""

import pytest

from mediation.errors import ConnectionFailed
from mediation.jobs.forwarding import Forwarder
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS
from mediation.stores import Delivery, freeze
from mediation.stores.queues import QUEUES
from mediation.transports import Answer
from tests.mediation.jobs.support import ENDPOINT, answers, at_work, processor, runtime, store
from tests.mediation.support import until

FAILOVER = "org.apache.synapse.message.processor.impl.failover.FailoverScheduledMessageForwardingProcessor"


FRAGILE = f"""<endpoint xmlns="{SYNAPSE_NS}" name="Fragile"><http uri-template="http://back-end/" method="post"/>
    </endpoint>"""
"""Suspended by its first failure."""


def put(text: str, name: str = "S", **properties: str) -> None:
    ctx = MessageContext(None, Payload(text.encode(), "text/plain"), default=dict(properties))
    QUEUES.memory(name).put(freeze(ctx))


def forwarder(*artifacts: str, **sequences: str) -> Forwarder:
    engine = runtime(ENDPOINT, store(), *artifacts, **sequences)
    environment = engine.environment
    return Forwarder(environment.deployed("messageProcessor")["P"], environment.deployed("messageStore")["S"], engine)


def waiting(name: str = "S") -> int:
    return len(QUEUES.memory(name))


async def test_messages_are_delivered_in_their_order(back_end):
    for number in range(20):
        put(str(number))
    async with at_work(forwarder(processor())):
        await until(lambda: waiting() == 0)
    assert back_end.texts == [str(number) for number in range(20)]


async def test_a_message_that_comes_later_is_delivered(back_end):
    async with at_work(forwarder(processor())):
        await until(lambda: waiting() == 0)
        put("late")
        await until(lambda: back_end.texts == ["late"])


async def test_a_message_that_fails_is_tried_again_before_the_next_one(back_end):
    failures = iter([ConnectionFailed("http://back-end/", "refused"), ConnectionFailed("http://back-end/", "refused")])
    back_end.answer = lambda body: next(failures, Answer(Payload(), 200))
    put("first")
    put("second")
    async with at_work(forwarder(processor())) as lease:
        await until(lambda: waiting() == 0)
    assert back_end.texts == ["first", "first", "first", "second"]
    assert (lease.news.runs, lease.news.failures) == (4, 2)


async def test_an_endpoint_that_is_suspended_is_tried_all_the_same(back_end):
    failures = iter([ConnectionFailed("http://back-end/", "refused")] * 2)
    back_end.answer = lambda body: next(failures, Answer(Payload(), 200))
    put("x")
    job = forwarder(processor().replace('"E"', '"Fragile"'), FRAGILE)
    endpoint = job.runtime.environment.endpoint("Fragile")
    async with at_work(job):
        await until(lambda: waiting() == 0)
    assert back_end.texts == ["x"] * 3
    assert endpoint.suspension.state == "active"


async def test_an_endpoint_that_is_switched_off_gets_nothing(back_end):
    put("x")
    job = forwarder(processor(max__delivery__attempts=1).replace('"E"', '"Fragile"'), FRAGILE)
    job.runtime.environment.endpoint("Fragile").suspension.switch_off()
    async with at_work(job) as lease:
        await until(lambda: lease.over)
    assert back_end.texts == []


@pytest.mark.parametrize("failure", [answers(500), answers(404), answers(302)])
async def test_after_its_attempts_the_processor_deactivates_and_keeps_the_message(back_end, failure):
    back_end.answer = failure
    put("poison")
    put("next")
    job = forwarder(processor(max__delivery__attempts=2))
    async with at_work(job) as lease:
        await until(lambda: lease.over)
    assert back_end.texts == ["poison", "poison"]
    assert lease.news.deactivated
    assert lease.news.reason.startswith("delivery failed 2 times: the endpoint answered with the status")
    assert waiting() == 2

    back_end.answer = answers(200)
    async with at_work(job):  # activated again
        await until(lambda: waiting() == 0)
    assert back_end.texts[2:] == ["poison", "next"]


async def test_poison_goes_to_the_dead_letters_and_the_next_one_flows(back_end, dead_letters):
    back_end.answer = lambda body: Answer(Payload(), 500 if body == b"poison" else 200)
    put("poison")
    put("next")
    async with at_work(forwarder(processor(max__delivery__attempts=3, max__delivery__drop="Enabled"))):
        await until(lambda: waiting() == 0)
    assert back_end.texts == ["poison"] * 3 + ["next"]
    assert dead_letters == [("S", "poison", 3, "the endpoint answered with the status 500")]


async def test_the_store_for_failed_messages_gets_poison(back_end):
    back_end.answer = lambda body: Answer(Payload(), 500 if body == b"poison" else 200)
    put("poison")
    put("next")
    parameters = {"max__delivery__attempts": 1, "message__processor__failMessagesStore": "Failed"}
    async with at_work(forwarder(processor(**parameters), store("Failed"))):
        await until(lambda: waiting() == 0)
    [delivery] = await QUEUES.memory("Failed").take(5)
    assert delivery.record.body == b"poison"


async def test_any_number_of_attempts(back_end):
    outcomes = iter([500] * 10)
    back_end.answer = lambda body: Answer(Payload(), next(outcomes, 200))
    put("stubborn")
    async with at_work(forwarder(processor(max__delivery__attempts=-1))):
        await until(lambda: waiting() == 0)
    assert len(back_end.texts) == 11


async def test_status_codes_that_count_as_delivered(back_end):
    back_end.answer = answers(404)
    put("x")
    async with at_work(forwarder(processor(non__retry__status__codes="400, 404"))):
        await until(lambda: waiting() == 0)
    assert back_end.texts == ["x"]


async def test_the_reply_sequence_gets_the_answer(back_end):
    back_end.answer = answers(200, b"pong")
    put("ping")
    reply = '<store messageStore="Replies"/>'
    parameters = {"message__processor__reply__sequence": "reply"}
    async with at_work(forwarder(processor(**parameters), store("Replies"), reply=reply)):
        await until(lambda: waiting("Replies"))
    [delivery] = await QUEUES.memory("Replies").take(1)
    assert delivery.record.body == b"pong"


@pytest.mark.parametrize(("properties", "active"), [({}, False), ({"OUT_ONLY": "true"}, True)])
async def test_an_answer_that_no_sequence_wants_deactivates_the_processor(back_end, properties, active):
    back_end.answer = answers(200, b"pong")
    put("ping", **properties)
    async with at_work(forwarder(processor())) as lease:
        await until(lambda: lease.news.runs and (active or lease.over))
    assert waiting() == 0
    assert lease.news.deactivated is not active


async def test_the_fault_sequence_sees_each_failure_and_the_deactivate_sequence_the_last(back_end):
    back_end.answer = answers(503)
    put("x")
    parameters = {
        "max__delivery__attempts": 2,
        "message__processor__fault__sequence": "onFault",
        "message__processor__deactivate__sequence": "onDeactivate",
    }
    job = forwarder(
        processor(**parameters),
        store("Faults"),
        store("Ends"),
        onFault='<store messageStore="Faults"/>',
        onDeactivate='<store messageStore="Ends"/>',
    )
    async with at_work(job) as lease:
        await until(lambda: lease.over)
    assert (waiting("Faults"), waiting("Ends")) == (2, 1)


async def test_a_message_may_say_where_it_goes(back_end):
    put("x", **{"target.endpoint": "E"})
    async with at_work(forwarder(processor(target=""))):
        await until(lambda: waiting() == 0)
    assert back_end.texts == ["x"]


async def test_a_message_that_goes_nowhere_is_buried(back_end, dead_letters):
    put("x")
    async with at_work(forwarder(processor(target=""))):
        await until(lambda: dead_letters)
    assert dead_letters[0][-1].startswith("Property target.endpoint not found in the message context")


async def test_what_may_come_a_second_time_says_so(back_end, monkeypatch):
    put("x")
    queue = QUEUES.memory("S")
    [delivery] = await queue.take(1)

    async def take(limit):
        return [Delivery(delivery.key, delivery.record, redelivered=True)] if len(queue) else []

    monkeypatch.setattr(queue, "take", take)
    async with at_work(forwarder(processor())):
        await until(lambda: waiting() == 0)
    [ctx] = back_end.contexts
    assert ctx.headers.get("X-Redelivered") == "true"
    assert ctx.get("message.redelivered") == "true"


async def test_messages_can_be_moved_to_another_store():
    put("x")
    parameters = {"message__target__store__name": "Other"}
    async with at_work(forwarder(processor(FAILOVER, **parameters), store("Other"))):
        await until(lambda: waiting("Other"))
    assert waiting() == 0


async def test_a_lease_that_ends_leaves_the_message_in_the_store(back_end):
    back_end.answer = answers(500)
    put("x")
    job = forwarder(processor(client__retry__interval=60_000, max__delivery__attempts=-1))
    async with at_work(job):
        await until(lambda: back_end.texts)
    assert waiting() == 1
