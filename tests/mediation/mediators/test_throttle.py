"""``<throttle>``: what is too much is refused, and counted anew when its time has come."""

from __future__ import annotations

import pytest

from mediation.errors import MediationError
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.mediators.support import mediator, message, mistakes

THROTTLE = "http://www.wso2.org/products/wso2commons/throttle"


def rule(value: str, control: str, kind: str = "IP") -> str:
    return (
        f'<wsp:Policy><t:ID t:type="{kind}">{value}</t:ID><wsp:Policy><t:Control><wsp:Policy>{control}</wsp:Policy>'
        "</t:Control></wsp:Policy></wsp:Policy>"
    )


def count(maximum: int, unit: int = 60_000, prohibited: int = 0) -> str:
    return (
        f"<t:MaximumCount>{maximum}</t:MaximumCount><t:UnitTime>{unit}</t:UnitTime>"
        f"<t:ProhibitTimePeriod>{prohibited}</t:ProhibitTimePeriod>"
    )


def policy(content: str) -> str:
    return (
        f'<wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:t="{THROTTLE}">'
        f"<t:MediatorThrottleAssertion>{content}</t:MediatorThrottleAssertion></wsp:Policy>"
    )


def throttle(content: str, branches: str = "") -> str:
    return f'<throttle id="A"><policy>{policy(content)}</policy>{branches}</throttle>'


def caller(address: str = "10.0.0.1", host: str = "", *entries: str) -> MessageContext:
    ctx = message(None, None, *entries)
    ctx.axis2 |= {"REMOTE_ADDR": address, "REMOTE_HOST": host or address}
    return ctx


def test_a_caller_may_send_its_number_of_messages_and_others_theirs() -> None:
    found = mediator(throttle(rule("other", count(2))))
    assert [found.mediate(caller()) for _ in range(4)] == [True, True, False, False]
    assert found.mediate(caller("10.0.0.2")) is True


@pytest.mark.parametrize(
    ("value", "address", "covered"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1-10.0.0.9", "10.0.0.5", True),
        ("10.0.0.1-10.0.0.9", "10.0.0.10", False),
        ("10.0.*.*", "10.0.7.8", True),
        ("10.0.0.0/24", "10.0.1.1", False),
        ("not an address", "10.0.0.1", False),
    ],
)
def test_rules_for_addresses(value: str, address: str, covered: bool) -> None:
    found = mediator(throttle(rule(value, "<t:Deny/>")))
    assert found.mediate(caller(address)) is not covered


def test_a_rule_for_a_domain_goes_before_the_one_for_others() -> None:
    found = mediator(throttle(rule("other", "<t:Deny/>") + rule("example.org", "<t:Allow/>", "DOMAIN")))
    assert found.mediate(caller("10.0.0.1", "a.example.org")) is True
    assert found.mediate(caller("10.0.0.1", "b.example.com")) is False


def test_messages_under_way_are_limited_until_they_have_ended() -> None:
    found = mediator(throttle("<t:MaximumConcurrentAccess>2</t:MaximumConcurrentAccess>"))
    messages = [caller() for _ in range(3)]
    assert [found.mediate(ctx) for ctx in messages] == [True, True, False]
    assert messages[0].unfinished
    messages[0].end()
    assert found.mediate(caller()) is True
    assert found.mediate(caller()) is False


def test_branches_run_and_decide() -> None:
    accept, reject = '<property name="p" value="yes"/>', '<property name="p" value="no"/><drop/>'
    branches = f"<onAccept>{accept}</onAccept><onReject>{reject}</onReject>"
    found = mediator(throttle(rule("other", count(1)), branches))
    first, second = caller(), caller()
    assert (found.mediate(first), found.mediate(second)) == (True, False)
    assert (first.properties["p"], second.properties["p"]) == ("yes", "no")


def test_branches_may_be_sequences() -> None:
    sequence = f'<sequence xmlns="{SYNAPSE_NS}" name="no"><property name="p" value="no"/></sequence>'
    xml = f'<throttle id="A" onReject="no"><policy>{policy(rule("other", "<t:Deny/>"))}</policy></throttle>'
    ctx = caller("10.0.0.1", "", sequence)
    assert mediator(xml).mediate(ctx) is True
    assert ctx.properties["p"] == "no"


def test_responses_pass() -> None:
    found = mediator(throttle(rule("other", "<t:Deny/>")))
    ctx = caller()
    ctx.is_response = True
    assert found.mediate(ctx) is True


def test_without_a_policy_everything_passes() -> None:
    assert mediator('<throttle id="A"/>').mediate(caller()) is True


def test_the_policy_may_be_an_entry() -> None:
    entry = f'<localEntry xmlns="{SYNAPSE_NS}" key="p">{policy(rule("other", count(1)))}</localEntry>'
    found = mediator('<throttle id="A"><policy key="p"/></throttle>')
    ctx = caller("10.0.0.1", "", entry)
    assert [found.mediate(ctx), found.mediate(ctx)] == [True, False]
    with pytest.raises(MediationError, match="Cannot find throttle policy with the key : p"):
        found.mediate(caller())


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<throttle id="A"><policy/></throttle>', "key or a policy"),
        ('<throttle id="A"><policy><x/></policy></throttle>', "no MediatorThrottleAssertion"),
        (throttle(rule("other", "<t:MaximumCount>x</t:MaximumCount><t:UnitTime>1</t:UnitTime>")), "not a whole number"),
        (throttle(rule("other", "<t:MaximumCount>1</t:MaximumCount>")), "UnitTime"),
        (throttle(rule("x", "<t:Deny/>", "USER")), "not one of IP, DOMAIN"),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(xml)[0]
