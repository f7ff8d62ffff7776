"""
How many messages a caller may send: throttling policies and what has been used of them.

A policy is a ``wsp:Policy`` with a throttle assertion, in any of the namespaces that tools have written::

    <throttle:MediatorThrottleAssertion>
        <throttle:MaximumConcurrentAccess>10</throttle:MaximumConcurrentAccess>
        <wsp:Policy>
            <throttle:ID throttle:type="IP">other</throttle:ID>
            <wsp:Policy><throttle:Control><wsp:Policy>
                <throttle:MaximumCount>4</throttle:MaximumCount>
                <throttle:UnitTime>60000</throttle:UnitTime>
                <throttle:ProhibitTimePeriod>10000</throttle:ProhibitTimePeriod>
            </wsp:Policy></throttle:Control></wsp:Policy>
        </wsp:Policy>
    </throttle:MediatorThrottleAssertion>
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from lxml import etree

from mediation.errors import GrammarError

ASSERTIONS: Final = frozenset({"ThrottleAssertion", "MediatorThrottleAssertion", "ModuleThrottleAssertion"})
MAX_CALLERS: Final = 10_000
"""Of which a throttle knows what they have used; the one that was seen longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Quota:
    """
    What a caller may do.

    Attributes:
        maximum: messages in a unit of time; ``None`` for any number, 0 for none.
        unit: seconds.
        prohibited: seconds for which a caller that has exceeded the maximum is refused; 0: until its unit of time ends.
    """

    maximum: int | None
    unit: float = 0.0
    prohibited: float = 0.0


ALLOW: Final = Quota(None)
DENY: Final = Quota(0)


@dataclass(frozen=True, slots=True)
class Rule:
    """The quota of callers by address (``IP``) or host name (``DOMAIN``); ``other``: of all that no rule names."""

    kind: Literal["IP", "DOMAIN"]
    value: str
    quota: Quota

    def covers(self, address: str, host: str) -> bool:
        if self.kind == "DOMAIN":
            return host.lower() == self.value.lower() or host.lower().endswith(f".{self.value.lower().lstrip('*.')}")
        return _in_range(address, self.value)


@dataclass(frozen=True, slots=True)
class Policy:
    """
    Attributes:
        concurrent: messages under way at a time; ``None`` for any number.
        rules: in the order in which they are tried, those for ``other`` last.
    """

    concurrent: int | None
    rules: tuple[Rule, ...]

    def quota(self, address: str, host: str) -> Quota:
        for rule in self.rules:
            if rule.value == "other" or rule.covers(address, host):
                return rule.quota
        return ALLOW


def read_policy(element: etree._Element) -> Policy:
    """
    Raises:
        GrammarError: there is no throttle assertion in it, or a number is none.
    """
    assertion = next((each for each in element.iter("*") if _name(each) in ASSERTIONS), None)
    if assertion is None:
        raise GrammarError("the policy has no MediatorThrottleAssertion", element.sourceline)
    concurrent = next((each for each in assertion.iter("*") if _name(each) == "MaximumConcurrentAccess"), None)
    limit = None if concurrent is None else _number(concurrent)
    rules = list(_rules(assertion))
    return Policy(limit if limit else None, tuple(sorted(rules, key=lambda rule: rule.value == "other")))


def _rules(assertion: etree._Element) -> Iterator[Rule]:
    for identifier in assertion.iter("*"):
        if _name(identifier) != "ID":
            continue
        kind = next((str(value) for key, value in identifier.attrib.items() if str(key).endswith("type")), "IP")
        if kind not in ("IP", "DOMAIN"):
            raise GrammarError(f'the type "{kind}" of a throttle ID is not one of IP, DOMAIN', identifier.sourceline)
        scope = identifier.getparent()
        assert scope is not None
        yield Rule("IP" if kind == "IP" else "DOMAIN", (identifier.text or "").strip(), _quota(scope, identifier))


def _quota(scope: etree._Element, identifier: etree._Element) -> Quota:
    found = {_name(each): each for each in scope.iter("*")}
    if "Allow" in found:
        return ALLOW
    if "Deny" in found:
        return DENY
    if "MaximumCount" not in found or "UnitTime" not in found:
        raise GrammarError("a throttle ID needs Allow, Deny, or a MaximumCount and a UnitTime", identifier.sourceline)
    prohibited = found.get("ProhibitTimePeriod")
    return Quota(
        _number(found["MaximumCount"]),
        _number(found["UnitTime"]) / 1000,
        0.0 if prohibited is None else _number(prohibited) / 1000,
    )


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _number(element: etree._Element) -> int:
    text = (element.text or "").strip()
    if not text.isdecimal():
        raise GrammarError(f'<{_name(element)}> "{text}" is not a whole number', element.sourceline)
    return int(text)


def _in_range(address: str, wanted: str) -> bool:
    """One address, ``FIRST-LAST``, ``10.1.*.*`` or a network such as ``10.1.0.0/16``."""
    if wanted == address:
        return True
    try:
        own = ipaddress.ip_address(address)
        if "-" in wanted:
            first, last = (ipaddress.ip_address(each.strip()) for each in wanted.split("-", 1))
            return own.version == first.version == last.version and int(first) <= int(own) <= int(last)
        if "*" in wanted:
            parts = zip(address.split("."), wanted.split("."), strict=True)
            return all(part in (mine, "*") for mine, part in parts)
        return "/" in wanted and own in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


class _Use:
    """What one caller has used of its quota."""

    __slots__ = ("count", "refused_until", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.count = 0
        self.refused_until = 0.0


class Throttle:
    """
    What has been used of one policy in this process. Used on the event loop only.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self.policy = policy
        self._clock = clock
        self._under_way = 0
        self._callers: OrderedDict[str, _Use] = OrderedDict()

    def begin(self) -> bool:
        """Take one of the places for messages under way; whether there was one. Give it back with :meth:`end`."""
        if self.policy.concurrent is not None and self._under_way >= self.policy.concurrent:
            return False
        self._under_way += 1
        return True

    def end(self) -> None:
        self._under_way -= 1

    def allows(self, address: str, host: str) -> bool:
        """Whether the caller may send one more message now; counts it if so."""
        quota = self.policy.quota(address, host)
        if quota.maximum is None:
            return True
        if quota.maximum == 0:
            return False
        now = self._clock()
        use = self._callers.pop(address, None) or _Use(now)
        self._callers[address] = use
        if len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)
        if now < use.refused_until:
            return False
        if now - use.since >= quota.unit:
            use.since, use.count = now, 0
        if use.count >= quota.maximum:
            use.refused_until = now + quota.prohibited if quota.prohibited else use.since + quota.unit
            return False
        use.count += 1
        return True
