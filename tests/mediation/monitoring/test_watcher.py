import threading

import pytest

from mediation.monitoring.watcher import Watcher
from tests.mediation.support import DictEnvironment


class Source:
    """A configuration that the test changes, or makes fail."""

    def __init__(self):
        self.number = 1
        self.trouble: Exception | None = None
        self.previous: list[object] = []

    def is_current(self, environment):
        if self.trouble:
            raise self.trouble
        return environment.generation == self.number

    def load(self, previous):
        self.previous.append(previous)
        environment = DictEnvironment()
        environment.generation = self.number
        return environment


class Follower:
    """What a watcher does, as events that a test can wait for."""

    def __init__(self, source: Source, poll_seconds: float = 0.005):
        self.applied: list[int] = []
        self.turned = threading.Condition()
        self.turns = 0
        self.reports = 0
        self.withdrawn = False
        self.report_trouble: Exception | None = None
        self.watcher = Watcher(
            source,
            poll_seconds=poll_seconds,
            apply=lambda environment: self.applied.append(environment.generation),
            report=self.report,
            looked=lambda: None,
            withdraw=self.withdraw,
        )
        self.watcher.start()

    def report(self):
        with self.turned:
            self.turns += 1
            self.turned.notify_all()
        if self.report_trouble:
            raise self.report_trouble
        self.reports += 1

    def withdraw(self):
        self.withdrawn = True

    def turn(self):
        """Wait until it has looked twice more: what was changed before is surely seen."""
        with self.turned:
            goal = self.turns + 2
            assert self.turned.wait_for(lambda: self.turns >= goal, timeout=5)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def follow(source):
    followers = []

    def start(**options) -> Follower:
        followers.append(Follower(source, **options))
        return followers[-1]

    yield start
    for follower in followers:
        follower.watcher.stop(5)


def test_each_generation_is_applied_once(source, follow):
    follower = follow()
    follower.turn()
    source.number = 2
    follower.turn()
    follower.turn()

    assert follower.applied == [1, 2]


def test_what_did_not_change_can_be_taken_from_the_last_one(source, follow):
    follower = follow()
    follower.turn()
    source.number = 2
    follower.turn()

    first, second = source.previous
    assert first is None
    assert second.generation == 1


def test_a_source_that_fails_is_tried_again_and_told_once(source, follow, caplog):
    follower = follow()
    follower.turn()
    source.trouble = RuntimeError("database is gone")
    follower.turn()
    follower.turn()
    source.number, source.trouble = 2, None
    with caplog.at_level("INFO"):
        follower.turn()

    assert follower.applied == [1, 2]
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "cannot read the configuration, trying again: RuntimeError: database is gone",
        "can read the configuration again",
    ]


def test_a_status_that_cannot_be_written_stops_nothing(source, follow):
    follower = follow()
    follower.report_trouble = RuntimeError("disk full")
    source.number = 2
    follower.turn()

    assert follower.applied[-1] == 2


def test_a_call_looks_at_once(source, follow):
    follower = follow(poll_seconds=3600)
    with follower.turned:
        assert follower.turned.wait_for(lambda: follower.turns >= 1, timeout=5)
        source.number = 2
        follower.watcher.wake()
        assert follower.turned.wait_for(lambda: follower.turns >= 2, timeout=5)

    assert follower.applied == [1, 2]


def test_the_status_is_taken_back_at_the_end(follow):
    follower = follow()
    follower.watcher.stop(5)

    assert follower.withdrawn
    assert not follower.watcher.is_alive()


def test_starting_over_takes_nothing_from_before(source, follow):
    follower = follow()
    follower.turn()
    follower.watcher.start_over()
    follower.turn()

    assert source.previous[-1] is None
    assert follower.applied == [1, 1]
