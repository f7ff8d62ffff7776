"""Groups, and the room that they wait in."""

from __future__ import annotations

import pytest

from mediation import aggregation
from mediation.aggregation import ROOM, Group, Groups
from mediation.errors import MediationError
from tests.mediation.mediators.support import message


@pytest.fixture(autouse=True)
async def nobody_waits():
    yield
    ROOM.clear("test")
    assert len(ROOM) == 0


def never(group: Group) -> None:
    raise AssertionError("the group has timed out")


async def test_a_message_in_a_group_keeps_what_it_belongs_to_from_ending():
    ctx = message()
    group = Groups().open("key", 60, never)

    group.add(ctx)
    assert ctx.unfinished
    group.disband()

    assert not ctx.unfinished
    assert len(ROOM) == 0


async def test_disbanding_once_is_enough():
    ctx = message()
    group = Groups().open("key", None, never)
    group.add(ctx)

    group.disband()
    group.disband()

    assert not ctx.unfinished


async def test_a_group_is_found_by_its_key_until_it_is_closed():
    groups = Groups()
    group = groups.open("key", None, never)
    assert groups.get("key") is group

    group.close(["origin"])

    assert groups.get("key") is None
    assert groups.was_completed("origin")


async def test_a_group_that_is_disbanded_leaves_a_newer_one_of_its_key_alone():
    groups = Groups()
    old = groups.open("key", None, never)
    old.close([])
    new = groups.open("key", None, never)

    old.disband()

    assert groups.get("key") is new


async def test_only_so_many_completed_groups_are_remembered(monkeypatch):
    monkeypatch.setattr(aggregation, "REMEMBERED", 2)
    groups = Groups()
    for origin in "abc":
        groups.open(origin, None, never).close([origin])

    assert [groups.was_completed(origin) for origin in "abc"] == [False, True, True]


async def test_a_group_that_nobody_could_enter_is_forgotten(monkeypatch):
    monkeypatch.setattr(ROOM, "limit", 0)
    groups = Groups()

    with pytest.raises(MediationError):
        groups.open("key", None, never).add(message())

    assert groups.get("key") is None


async def test_clearing_an_empty_room_says_nothing(caplog):
    ROOM.clear("stopping")

    assert caplog.messages == []
