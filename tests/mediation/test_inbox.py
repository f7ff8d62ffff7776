"""Events of one connection: in order, bounded, without a task while nothing waits."""

import asyncio

from mediation.inbox import EVENT_SIZE, HIGH_WATER, LOW_WATER, Inbox, Reading


class Reader:
    def __init__(self):
        self.calls = []

    def pause_reading(self):
        self.calls.append("pause")

    def resume_reading(self):
        self.calls.append("resume")


def test_an_event_that_does_not_wait_is_dealt_with_at_once_without_a_loop():
    done = []
    inbox = Inbox(Reading(Reader()))
    inbox.put(lambda: done.append(1))
    assert done == [1]
    assert inbox.idle


async def test_events_behind_one_that_waits_keep_their_order():
    done = []
    inbox = Inbox(Reading(Reader()))
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        done.append("slow")

    inbox.put(slow)
    inbox.put(lambda: done.append("next"))
    inbox.put(slow)
    inbox.put(lambda: done.append("last"))
    assert done == []
    gate.set()
    await inbox.join()
    assert done == ["slow", "next", "slow", "last"]
    assert inbox.idle


async def test_an_event_put_while_another_runs_comes_after_it():
    done = []
    inbox = Inbox(Reading(Reader()))

    def first():
        inbox.put(lambda: done.append("second"))
        done.append("first")

    inbox.put(first)
    await inbox.join()
    assert done == ["first", "second"]


async def test_a_long_queue_stops_the_reading_until_it_is_short():
    reader = Reader()
    inbox = Inbox(Reading(reader))
    gate = asyncio.Event()
    left = []
    inbox.put(gate.wait)
    for _ in range(HIGH_WATER - 1):
        inbox.put(lambda: left.append(len(reader.calls)))
    assert reader.calls == []
    inbox.put(lambda: left.append(len(reader.calls)))
    assert reader.calls == ["pause"]
    gate.set()
    await inbox.join()
    assert reader.calls == ["pause", "resume"]
    assert left.index(2) == HIGH_WATER - LOW_WATER - 1, "read again when the queue is short, not when it is empty"


async def test_room_lets_more_wait_by_its_size_and_ends_when_it_is_taken_away():
    reader = Reader()
    inbox = Inbox(Reading(reader))
    gate = asyncio.Event()
    inbox.put(gate.wait)
    inbox.make_room(4 * HIGH_WATER * EVENT_SIZE)
    for _ in range(2 * HIGH_WATER):
        inbox.put(str.upper, "x" * EVENT_SIZE)
    assert reader.calls == []
    inbox.put(str.upper, "x")
    assert reader.calls == ["pause"], "full"
    inbox.make_room(2 * 4 * HIGH_WATER * EVENT_SIZE)
    assert reader.calls == ["pause", "resume"], "more room"
    inbox.make_room(0)
    assert reader.calls == ["pause", "resume", "pause"]
    gate.set()
    await inbox.join()
    assert reader.calls == ["pause", "resume"] * 2


async def test_an_event_that_fails_does_not_stop_the_others(caplog):
    done = []
    inbox = Inbox(Reading(Reader()))

    async def fails():
        raise RuntimeError("broken")

    inbox.put(fails)
    inbox.put(lambda: done.append("next"))
    await inbox.join()
    assert done == ["next"]
    assert "an event of a connection failed" in caplog.text


def test_a_connection_is_read_again_when_the_last_holder_lets_go():
    reader = Reader()
    reading = Reading(reader)
    for step, holder in ((reading.hold, "a"), (reading.hold, "b"), (reading.hold, "a"), (reading.release, "a")):
        step(holder)
    assert reader.calls == ["pause"]
    reading.release("a")
    reading.release("b")
    assert reader.calls == ["pause", "resume"]
