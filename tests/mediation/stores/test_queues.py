"""Messages in memory."""

import asyncio

import pytest

from mediation.stores import QueueFull, Record
from mediation.stores.queues import Queues

FIRST, SECOND = Record("1", "{}", b"1"), Record("2", "{}", b"2")


async def test_messages_stay_until_they_are_settled():
    queue = Queues().memory("S")
    queue.put(FIRST)
    queue.put(SECOND)

    [delivery] = await queue.take(1)
    assert delivery.record is FIRST
    assert [each.record for each in await queue.take(5)] == [FIRST, SECOND]

    await queue.done([delivery])
    assert [each.record for each in await queue.take(5)] == [SECOND]


async def test_attempts_are_counted():
    queue = Queues().memory("S")
    queue.put(FIRST)
    [delivery] = await queue.take(1)
    await queue.failed(delivery, 1, "refused")
    [delivery] = await queue.take(1)
    assert delivery.attempts == 1


async def test_a_store_in_memory_is_bounded():
    queue = Queues().memory("S")
    queue.capacity = 1
    queue.put(FIRST)
    with pytest.raises(QueueFull, match="the store S holds 1 messages"):
        queue.put(SECOND)


async def test_dead_letters_leave_the_queue_once_they_are_kept():
    kept = []

    async def bury(store, delivery, error):
        kept.append((store, delivery.record, error))

    queues = Queues()
    queues.use_database(lambda store: None, bury)
    queue = queues.memory("S")
    queue.put(FIRST)
    [delivery] = await queue.take(1)
    await queue.bury(delivery, "poison")
    assert kept == [("S", FIRST, "poison")]
    assert len(queue) == 0


async def test_whoever_waits_is_woken_by_the_next_message():
    queue = Queues().memory("S")
    waiting = asyncio.ensure_future(queue.arrival(60))
    await asyncio.sleep(0)
    queue.put(FIRST)
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(queue.arrival(60), 5)  # there is one: no wait
