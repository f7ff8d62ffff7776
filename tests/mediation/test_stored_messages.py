"""Messages of durable stores: accepted means committed."""

import asyncio
from dataclasses import replace

import pytest
from django.db import DatabaseError

from mediation import stored_messages
from mediation.database_thread import DATABASE_THREAD
from mediation.models import DeadLetter, StoredMessage
from mediation.stored_messages import DatabaseQueue
from mediation.stores import Record, StoreUnavailable

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _thread():
    yield
    DATABASE_THREAD.close()


def record(number: int) -> Record:
    return Record(f"urn:{number}", "{}", bytes([number, 0, 255]))


async def test_messages_come_out_as_they_went_in_and_in_order():
    queue = DatabaseQueue("S")
    await asyncio.gather(*(queue.put(record(number)) for number in range(20)))

    assert [each.record for each in await queue.take(50)] == [record(number) for number in range(20)]
    assert await DatabaseQueue("other").take(50) == []


async def test_what_arrives_together_is_committed_together(monkeypatch):
    transactions = []
    insert = stored_messages._insert
    monkeypatch.setattr(stored_messages, "_insert", lambda rows: (transactions.append(len(rows)), insert(rows)))
    queue = DatabaseQueue("S")
    await asyncio.gather(*(queue.put(record(number)) for number in range(100)))
    assert sum(transactions) == 100
    assert len(transactions) <= 2


async def test_a_message_stays_until_it_was_delivered():
    queue = DatabaseQueue("S")
    await queue.put(record(1))
    await queue.put(record(2))

    [first] = await queue.take(1)
    assert not first.redelivered
    [again] = await DatabaseQueue("S").take(1)  # as after a kill
    assert (again.record, again.redelivered) == (record(1), True)

    await queue.done([again])
    [second] = await queue.take(1)
    assert (second.record, second.redelivered) == (record(2), False)


async def test_attempts_outlive_the_process():
    queue = DatabaseQueue("S")
    await queue.put(record(1))
    [delivery] = await queue.take(1)
    await queue.failed(delivery, 1, "refused")
    [delivery] = await DatabaseQueue("S").take(1)
    assert delivery.attempts == 1


async def test_dead_letters_are_out_of_the_way():
    queue = DatabaseQueue("S")
    await queue.put(record(1))
    await queue.put(record(2))
    [poison] = await queue.take(1)
    await queue.bury(replace(poison, attempts=4), "refused")

    [following] = await queue.take(1)
    assert following.record == record(2)
    letter = await DATABASE_THREAD.run(lambda: DeadLetter.objects.get(dead=True))
    assert (letter.message_id, letter.attempts, letter.error) == ("urn:1", 4, "refused")


async def test_a_database_that_fails_accepts_nothing(monkeypatch):
    def broken(rows):
        raise DatabaseError("disk full")

    queue = DatabaseQueue("S")
    with monkeypatch.context() as patch:
        patch.setattr(stored_messages, "_insert", broken)
        with pytest.raises(StoreUnavailable, match="the database does not take messages: disk full"):
            await queue.put(record(1))

    await queue.put(record(2))  # it is back
    assert await DATABASE_THREAD.run(StoredMessage.objects.count) == 1


async def test_whoever_waits_is_woken():
    queue = DatabaseQueue("S")
    waiting = asyncio.ensure_future(queue.arrival(60))
    await queue.put(record(1))
    await asyncio.wait_for(waiting, 5)
