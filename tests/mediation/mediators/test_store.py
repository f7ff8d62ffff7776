"""``<store>``: a copy is put away, and the message goes on."""

import pytest

from mediation.errors import MediationError
from mediation.payloads.xml import SYNAPSE_NS
from mediation.stores import thaw
from mediation.stores.queues import QUEUES
from tests.mediation.mediators.support import mediator, message

CLASS = "org.apache.synapse.message.store.impl.memory.InMemoryStore"


def memory(name: str, more: str = "") -> str:
    return f'<messageStore xmlns="{SYNAPSE_NS}" name="{name}" class="{CLASS}">{more}</messageStore>'


@pytest.fixture(autouse=True)
def _empty_stores():
    QUEUES.clear_memory()
    yield
    QUEUES.clear_memory()


async def stored(name: str):
    return [delivery.record for delivery in await QUEUES.memory(name).take(10)]


async def test_the_message_goes_on_and_the_copy_stays():
    ctx = message(b"<a/>", "text/xml", memory("S"), colour="red")

    assert mediator('<store messageStore="S"/>').mediate(ctx) is True

    ctx.set("colour", "blue")
    [record] = await stored("S")
    back = thaw(record, ctx.environment, None)
    assert (back.message_id, back.payload.raw, back.get("colour")) == (ctx.message_id, b"<a/>", "red")


async def test_the_store_may_be_chosen_by_the_message():
    ctx = message(b"<a/>", "text/xml", memory("S"), memory("T"), where="T")
    mediator("<store messageStore=\"{get-property('where')}\"/>").mediate(ctx)
    assert len(await stored("T")) == 1


async def test_the_on_store_sequence_runs_before():
    before = f'<sequence xmlns="{SYNAPSE_NS}" name="before"><property name="seen" value="yes"/><drop/></sequence>'
    ctx = message(b"<a/>", "text/xml", memory("S"), before)
    assert mediator('<store messageStore="S" sequence="before"/>').mediate(ctx) is True
    [record] = await stored("S")
    assert thaw(record, ctx.environment, None).get("seen") == "yes"


def test_a_store_that_does_not_exist():
    with pytest.raises(MediationError, match=r"^Message Store does not exist\.$"):
        mediator('<store messageStore="S"/>').mediate(message())


def test_a_store_that_is_full_fails_the_message():
    QUEUES.memory("S").capacity = 0
    ctx = message(b"<a/>", "text/xml", memory("S"))
    try:
        with pytest.raises(MediationError) as caught:
            mediator('<store messageStore="S"/>').mediate(ctx)
    finally:
        QUEUES.memory("S").capacity = 10
    assert str(caught.value) == f"Failed to store message [{ctx.message_id}] in store [S]."
    assert ctx.get("HTTP_SC", "axis2") == 500


async def test_another_store_takes_what_this_one_cannot():
    failover = """<parameter name="store.failover.message.store.name">T</parameter>
        <parameter name="store.producer.guaranteed.delivery.enable">true</parameter>"""
    QUEUES.memory("S").capacity = 0
    ctx = message(b"<a/>", "text/xml", memory("S", failover), memory("T"))
    try:
        assert mediator('<store messageStore="S"/>').mediate(ctx) is True
    finally:
        QUEUES.memory("S").capacity = 10
    assert len(await stored("T")) == 1
