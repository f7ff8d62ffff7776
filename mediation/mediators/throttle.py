"""``<throttle>``: refuse messages that are too many."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from lxml import etree

from mediation import flow, grammar
from mediation.errors import ConfigurationError, GrammarError, MediationError, SequenceNotFound
from mediation.grammar import Mediator, Node, Rule, elements, find, mediator, node
from mediation.properties import REMOTE_ADDR, REMOTE_HOST
from mediation.throttling import Policy, Throttle, read_policy

if TYPE_CHECKING:
    from mediation.compiler import Compiler
    from mediation.flow import Outcome
    from mediation.message import MessageContext


@node("onAccept")
class Branch(Node):
    steps: tuple[Mediator, ...] = grammar.mediators()


class PolicyRule(Rule):
    """``<policy>``: a policy inside, or the key of one; the field is a :class:`Policy`, the key or ``None``."""

    tags = ("policy",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Policy | str | None:
        found = find(element, "policy")
        if found is None:
            return None
        key = found.get("key")
        if key is not None:
            compiler.refer("localEntry", key, found)
            return key
        if next(elements(found), None) is None:
            raise GrammarError("<policy> needs a key or a policy inside", found.sourceline)
        return read_policy(found)


@mediator("throttle")
class ThrottleMediator(Mediator):
    """
    Let messages pass as long as they are not too many.

    ::

        <throttle id="A">
            <policy key="conf:/policy/throttle_policy.xml"/>
            <onAccept><send/></onAccept>
            <onReject><payloadFactory media-type="json">...</payloadFactory><respond/></onReject>
        </throttle>

    The policy limits how many messages are under way at a time, and how many an address or host sends in a unit of time
    (``docs/compatibility.md``, throttling). A message that is accepted runs through ``onAccept``, or goes on; one that
    is not runs through ``onReject``, or ends. Responses are accepted, not counted: none is needed in the response
    flow. Counts are those of one process.
    """

    id: str | None = grammar.attribute(None, name="id")
    on_accept_key: str | None = grammar.sequence_name("onAccept")
    on_reject_key: str | None = grammar.sequence_name("onReject")
    policy: Policy | str | None = dataclasses.field(metadata={"rule": PolicyRule()})
    on_accept: Branch | None = grammar.child("onAccept", Branch)
    on_reject: Branch | None = grammar.child("onReject", Branch)
    throttles: dict[Any, Throttle] = dataclasses.field(init=False, default_factory=dict)
    """What has been used, by the object that holds the policy: one, but two while an entry is changed."""

    def mediate(self, ctx: MessageContext) -> Outcome:
        if ctx.is_response or self.policy is None or self._accepts(ctx, self._throttle(ctx, self.policy)):
            return _run(ctx, self.on_accept_key, self.on_accept, otherwise=True)
        return _run(ctx, self.on_reject_key, self.on_reject, otherwise=False)

    def _accepts(self, ctx: MessageContext, throttle: Throttle) -> bool:
        address = str(ctx.axis2.get(REMOTE_ADDR) or getattr(ctx.client, "address", ""))
        if not throttle.begin():
            return False
        if not throttle.allows(address, str(ctx.axis2.get(REMOTE_HOST) or address)):
            throttle.end()
            return False
        ctx.branches.at_end(throttle.end)
        return True

    def _throttle(self, ctx: MessageContext, policy: Policy | str) -> Throttle:
        if isinstance(policy, Policy):
            return self.throttles.get(None) or self.throttles.setdefault(None, Throttle(policy))
        entry = ctx.environment.local_entry(policy)
        if entry is None:
            raise MediationError(f"Cannot find throttle policy with the key : {policy}")
        found = self.throttles.get(entry)
        if found is None:
            if not isinstance(entry.value, etree._Element):
                raise MediationError(f"the throttle policy {policy} is not XML")
            try:
                found = Throttle(read_policy(entry.value))
            except ConfigurationError as exc:
                raise MediationError(f"the throttle policy {policy} cannot be used: {exc.message}") from exc
            self.throttles.clear()
            self.throttles[entry] = found
        return found


def _run(ctx: MessageContext, key: str | None, branch: Branch | None, *, otherwise: bool) -> Outcome:
    if key is not None:
        sequence = ctx.environment.sequence(key)
        if sequence is None:
            raise SequenceNotFound(key)
        return flow.enter(sequence, key, ctx)
    return otherwise if branch is None else flow.run(branch.steps, ctx)
