from __future__ import annotations

import pytest

from mediation.message import MessageContext

from .support import mediator, message, mistakes


def route(condition: str, mark: str) -> str:
    note = f'<property name="taken" expression="fn:concat($ctx:taken, \'{mark}\')"/>'
    return f"<route {condition}><target><sequence>{note}</sequence></target></route>"


def run(routes: str, attributes: str = "") -> tuple[bool, MessageContext]:
    ctx = message("<a><b>IBM</b></a>", "application/xml")
    ctx.set("taken", "")
    goes_on = mediator(f"<router {attributes}>{routes}</router>").mediate(ctx)
    assert isinstance(goes_on, bool)
    return goes_on, ctx


TAKEN = [
    ('expression="//b"', True),
    ('expression="//c"', False),
    ('expression="//b" match="IBM|MSFT"', True),
    ('expression="//b" match="IB"', False),
    ('expression="$ctx:nothing" match=".*"', False),
]


@pytest.mark.parametrize(("condition", "taken"), TAKEN)
def test_a_route_is_taken_if_there_is_a_value_that_matches(condition, taken):
    assert run(route(condition, "a"))[1].get("taken") == ("a" if taken else "")


def test_the_first_one_breaks():
    assert run(route('expression="//b"', "a") + route('expression="//b"', "b"))[1].get("taken") == "a"


def test_unless_it_says_no():
    routes = route('expression="//b" breakRouter="false"', "a") + route('expression="//b"', "b")

    assert run(routes)[1].get("taken") == "ab"


@pytest.mark.parametrize(
    ("expression", "attributes", "goes_on"),
    [("//b", "", False), ("//b", 'continueAfter="true"', True), ("//c", "", True)],
)
def test_what_no_route_takes_passes_by(expression, attributes, goes_on):
    assert run(route(f'expression="{expression}"', "a"), attributes)[0] is goes_on


@pytest.mark.parametrize(("broken", "taken"), [("true", "a"), ("false", "b")])
async def test_a_target_may_wait(broken, taken):
    ctx = message("<a><b/></a>", "application/xml")
    ctx.set("taken", "")
    routes = route(f'expression="//b" breakRouter="{broken}"', "a") + route('expression="//b"', "b")
    router = mediator(f'<router continueAfter="true">{routes}</router>')
    object.__setattr__(router.routes[0].target.sequence, "mediators", (Later(),))

    assert await router.mediate(ctx) is True
    assert ctx.get("taken") == ("" if taken == "a" else "b")


class Later:
    def mediate(self, ctx):
        return self._wait()

    async def _wait(self):
        return True


GRAMMAR = [
    ("<router/>", "<router> needs a child <route>"),
    ('<router><route expression="//b"/></router>', "<route> needs a child <target>"),
    ("<router><route><target/></route></router>", '<route> needs the attribute "expression"'),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
