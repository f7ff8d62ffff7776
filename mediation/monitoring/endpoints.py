"""Which endpoints do not take messages now, and people's wish that one should or should not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from mediation.endpoints.suspension import State
from mediation.models import EndpointSwitch
from mediation.transports.addresses import without_user

from .status import EndpointState

if TYPE_CHECKING:
    from mediation.endpoints.leaf import Leaf
    from mediation.environment import Environment


# -- what people want


def switch_off(names: Collection[str]) -> None:
    """Have no process send to these endpoints, until :func:`activate`. Survives restarts."""
    with transaction.atomic():
        for name in names:
            EndpointSwitch.objects.update_or_create(name=name, defaults={"off": True})


def activate(names: Collection[str]) -> None:
    """Have every process send to these endpoints again, suspended or switched off as they may be."""
    with transaction.atomic():
        for name in names:
            EndpointSwitch.objects.get_or_create(name=name)
        EndpointSwitch.objects.filter(name__in=names).update(off=False, activations=F("activations") + 1)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be done in one process."""

    off: frozenset[str] = frozenset()
    activate: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.off or self.activate)

    def fulfil(self, environment: Environment) -> None:
        """On the event loop; may be done again."""
        for name in self.activate:
            for leaf in _leaves(environment, name):
                leaf.suspension.activate()
        for name in self.off:
            for leaf in _leaves(environment, name):
                leaf.suspension.switch_off()


@dataclass(slots=True)
class SwitchReader:
    """Reads the wishes for one process. Used from one thread."""

    _activations: dict[str, int] | None = field(default=None, init=False)

    def read(self) -> Wishes:
        """What is wanted now; an activation is told once."""
        rows = list(EndpointSwitch.objects.values_list("name", "off", "activations"))
        known = self._activations
        self._activations = {name: activations for name, _, activations in rows}
        off = frozenset(name for name, is_off, _ in rows if is_off)
        if known is None:
            return Wishes(off)  # what was activated before this process began is active
        return Wishes(off, frozenset(name for name, _, number in rows if number > known.get(name, 0)))


# -- what is


def states(environment: Environment) -> tuple[EndpointState, ...]:
    """The endpoints by name that are not active in this process. May be called from any thread."""
    return tuple(
        EndpointState(name, leaf.name, without_user(leaf.address_text), leaf.suspension.state.value, _retry(leaf))
        for name in environment.deployed("endpoint")
        for leaf in _leaves(environment, name)
        if leaf.suspension.state is not State.ACTIVE
    )


def _retry(leaf: Leaf) -> datetime | None:
    at = leaf.suspension.retry_time
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _leaves(environment: Environment, name: str) -> Iterator[Leaf]:
    endpoint = environment.deployed("endpoint").get(name)
    return iter(()) if endpoint is None else endpoint.leaves()
