from __future__ import annotations

from mediation.outbox import Outbox
from tests.mediation.support import RecordingConnection


def slow() -> RecordingConnection:
    connection = RecordingConnection()
    connection.writable = False
    return connection


def test_a_client_that_keeps_up_gets_everything_at_once() -> None:
    connection = RecordingConnection()
    Outbox(connection, 10, drops=True).send("x" * 100)

    assert connection.frames == ["x" * 100]


def test_the_oldest_messages_are_dropped_for_a_slow_one() -> None:
    connection = slow()
    outbox = Outbox(connection, 10, drops=True)
    for number in range(5):
        outbox.send(str(number) * 4)
    assert (connection.frames, outbox.writable, outbox.dropped) == ([], True, 3)

    connection.writable = True
    outbox.resume()

    assert connection.frames == ["3333", "4444"]
    outbox.send("5")
    assert connection.frames[-1] == "5"


def test_or_the_slow_one_is_closed() -> None:
    connection = slow()
    outbox = Outbox(connection, 10, drops=False)
    for _ in range(3):
        outbox.send(b"xxxx")

    assert connection.close_frame == (1013, "reads too slowly")
    outbox.send(b"too late")
    outbox.resume()
    assert connection.frames == []


def test_a_close_comes_behind_what_waits() -> None:
    connection = slow()
    outbox = Outbox(connection, 10, drops=True)
    outbox.send("last words")

    outbox.close(1000, "bye")

    assert (connection.frames, connection.close_frame) == (["last words"], (1000, "bye"))
