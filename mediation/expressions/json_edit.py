"""
Changes of JSON values, by location.

A value is shared by all who asked a message for it, so nothing is changed in place: each function returns another one,
which shares with the old one all that does not lie on the way to the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from .jsonpath import Location


def changed(value: Any, location: Location, change: Callable[[Any], Any]) -> Any:
    """The value with what lies at the location put through ``change``."""
    if not location:
        return change(value)
    step, rest = location[0], location[1:]
    copied = value.copy()
    copied[step] = changed(value[step], rest, change)
    return copied


def removed(value: Any, locations: Iterable[Location]) -> Any:
    """The value without what lies at the locations, which are in the order of the document and not the root."""
    for location in reversed(list(locations)):  # from the end, so that the indexes of those that are left stay true
        value = changed(value, location[:-1], partial(_without, step=location[-1]))
    return value


def renamed(members: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """An object with another name for a member, which moves to the end."""
    return _without(members, old) | {new: members[old]}


def _without(parent: Any, step: Any) -> Any:
    copied = parent.copy()
    del copied[step]
    return copied
