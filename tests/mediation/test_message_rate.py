from __future__ import annotations

import asyncio

from mediation.inbox import Reading
from mediation.message_rate import MessageRate
from tests.mediation.support import RecordingConnection, until


async def test_a_seconds_worth_may_come_at_once() -> None:
    connection, received = RecordingConnection(), []
    rate = MessageRate(100, received.append, Reading(connection))

    for number in range(100):
        rate.received(number)

    assert received == list(range(100))
    assert connection.reading


async def test_who_is_too_fast_is_not_read_and_loses_nothing() -> None:
    connection, received = RecordingConnection(), []
    rate = MessageRate(100, received.append, Reading(connection))
    started = asyncio.get_running_loop().time()

    for number in range(110):
        rate.received(number)

    assert (len(received), connection.reading) == (100, False)
    await until(lambda: connection.reading)
    assert received == list(range(110))
    assert 0.09 < asyncio.get_running_loop().time() - started < 0.3


async def test_who_must_not_be_too_fast_is_refused() -> None:
    received, refused = [], []
    rate = MessageRate(10, received.append, Reading(RecordingConnection()), lambda: refused.append(True))

    for number in range(11):
        rate.received(number)

    assert (received, refused) == (list(range(10)), [True])


async def test_what_a_client_sent_before_it_left_is_let_through() -> None:
    received = []
    rate = MessageRate(1, received.append, Reading(RecordingConnection()))
    for number in range(3):
        rate.received(number)

    rate.end()

    assert received == [0, 1, 2]
