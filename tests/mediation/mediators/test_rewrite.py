"""``<rewrite>``: rules change the address, part by part."""

from __future__ import annotations

import pytest

from mediation.errors import MediationError
from tests.mediation.mediators.support import mediator, message, mistakes


def rule(actions: str, condition: str = "") -> str:
    inside = f"<condition>{condition}</condition>" if condition else ""
    return f"<rewriterule>{inside}{actions}</rewriterule>"


def rewritten(to: str | None, rules: str, **properties: str) -> str | None:
    ctx = message(**properties)
    ctx.to = to
    assert mediator(f"<rewrite>{rules}</rewrite>").mediate(ctx) is True
    return ctx.to


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ('<action fragment="protocol" value="https"/>', "https://host:80/a/b?c=d"),
        ('<action fragment="host" value="other"/>', "http://other:80/a/b?c=d"),
        ('<action fragment="host" type="append" value=".org"/>', "http://host.org:80/a/b?c=d"),
        ('<action fragment="port" value="9000"/>', "http://host:9000/a/b?c=d"),
        ('<action fragment="port" type="remove"/>', "http://host/a/b?c=d"),
        ('<action fragment="port" type="replace" regex="\\w.*" value="9000"/>', "http://host:9000/a/b?c=d"),
        ('<action fragment="path" type="prepend" value="/services"/>', "http://host:80/services/a/b?c=d"),
        ('<action fragment="path" type="append" value="/c"/>', "http://host:80/a/b/c?c=d"),
        ('<action fragment="path" type="replace" regex="/(a)/" value="/x$1/"/>', "http://host:80/xa/b?c=d"),
        ('<action fragment="query" type="append" value="e=f"/>', "http://host:80/a/b?c=d&amp;e=f"),
        ('<action fragment="query" type="prepend" value="e=f"/>', "http://host:80/a/b?e=f&amp;c=d"),
        ('<action type="remove-query-param" value="c"/>', "http://host:80/a/b"),
        ('<action fragment="query" type="remove"/>', "http://host:80/a/b"),
        ('<action fragment="ref" value="top"/>', "http://host:80/a/b?c=d#top"),
        ('<action type="append" value="http://new/"/>', "http://new/"),
        ('<action fragment="host" xpath="get-property(\'h\')"/>', "http://from-property:80/a/b?c=d"),
        ('<action value="http://{h}/{none}" resolve="true"/>', "http://from-property/{none}"),
    ],
)
def test_actions(action: str, after: str) -> None:
    found = rewritten("http://host:80/a/b?c=d", rule(action), h="from-property")
    assert found == after.replace("&amp;", "&")


def test_rules_see_what_those_before_them_have_made() -> None:
    first = rule('<action fragment="protocol" value="https"/>', '<equal type="url" source="protocol" value="http"/>')
    second = rule('<action fragment="port" value="8243"/>', '<equal type="url" source="protocol" value="https"/>')
    third = rule('<action fragment="host" value="no"/>', '<equal type="url" source="protocol" value="http"/>')
    assert rewritten("http://host/", first + second + third) == "https://host:8243/"


def test_properties_may_stand_in_for_the_address() -> None:
    ctx = message(given="http://a/b")
    ctx.to = "http://stays/"
    rules = rule('<action fragment="host" value="c"/>')
    mediator(f'<rewrite inProperty="given" outProperty="made">{rules}</rewrite>').mediate(ctx)
    assert (ctx.to, ctx.properties["made"]) == ("http://stays/", "http://c/b")


def test_a_message_without_an_address_gets_one() -> None:
    assert rewritten(None, rule('<action value="http://x/"/>')) == "http://x/"


def test_a_port_that_is_no_number_is_a_fault() -> None:
    with pytest.raises(MediationError, match='the port "x"'):
        rewritten("http://h/", rule('<action fragment="port" value="x"/>'))


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (rule(""), "<action>"),
        (rule('<action type="set"/>'), '"value" or "xpath"'),
        (rule('<action type="replace" fragment="path" value="x"/>'), '"regex"'),
        (rule('<action fragment="scheme" value="x"/>'), "is not one of"),
        (rule('<action value="x"/>', "<equal/>"), "equal"),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(f"<rewrite>{xml}</rewrite>")[0]
