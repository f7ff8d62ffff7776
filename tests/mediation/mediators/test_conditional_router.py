from __future__ import annotations

import pytest

from mediation.headers import Headers
from mediation.message import MessageContext

from .support import mediator, message, mistakes, with_client


def route(condition: str, mark: str, attributes: str = "", inside: str = "") -> str:
    note = f'<property name="taken" expression="fn:concat($ctx:taken, \'{mark}\')"/>'
    target = f"<target><sequence>{note}{inside}</sequence></target>"
    return f"<conditionalRoute {attributes}><condition>{condition}</condition>{target}</conditionalRoute>"


def header(value: str) -> str:
    return f'<match type="header" source="Country" regex="{value}"/>'


def run(routes: str, attributes: str = "") -> tuple[bool, MessageContext]:
    ctx = message("<a/>", "application/xml")
    ctx.to = "http://host/services/Stock?urgent=yes"
    ctx.headers = Headers([("Country", "uk")])
    ctx.set("taken", "")
    with_client(ctx)
    goes_on = mediator(f"<conditionalRouter {attributes}>{routes}</conditionalRouter>").mediate(ctx)
    assert isinstance(goes_on, bool)
    return goes_on, ctx


def test_the_first_route_whose_condition_holds_is_taken():
    _, ctx = run(route(header("de"), "a") + route(header("u.*"), "b") + route(header("uk"), "c"))

    assert ctx.get("taken") == "b"


def test_a_route_may_let_the_next_ones_have_a_look():
    _, ctx = run(route(header("u.*"), "a", 'breakRoute="false"') + route(header("uk"), "b") + route(header("uk"), "c"))

    assert ctx.get("taken") == "ab"


@pytest.mark.parametrize("taken", ["uk", "de"])
@pytest.mark.parametrize(("attributes", "goes_on"), [("", False), ('continueAfter="true"', True)])
def test_whether_the_flow_goes_on_is_said_by_an_attribute(taken, attributes, goes_on):
    assert run(route(header(taken), "a"), attributes)[0] is goes_on


def test_conditions_on_the_address():
    path, parameter = (
        '<match type="url" source="path" regex="/services/.*"/>',
        '<equal type="param" source="urgent" value="YES"/>',
    )
    condition = f"<and>{path}{parameter}</and>"

    assert run(route(condition, "a"))[1].get("taken") == "a"


async def test_an_asynchronous_route_gets_a_copy():
    _, ctx = run(
        route(header("uk"), "a", 'asynchronous="true" breakRoute="false"', "<respond/>") + route(header("uk"), "b")
    )

    assert ctx.get("taken") == "b"
    assert [reply.get("taken") for reply in ctx.client.replies] == ["a"]


async def test_a_target_may_wait():
    ctx = message("<a/>", "application/xml")
    ctx.headers = Headers([("Country", "uk")])
    router = mediator(f'<conditionalRouter continueAfter="true">{route(header("uk"), "a")}</conditionalRouter>')
    object.__setattr__(router.routes[0].target.sequence, "mediators", (Later(),))

    assert await router.mediate(ctx) is True


class Later:
    def mediate(self, ctx):
        return self._wait()

    async def _wait(self):
        return False


GRAMMAR = [
    ("<conditionalRouter/>", "<conditionalRouter> needs a child <conditionalRoute>"),
    (
        "<conditionalRouter><conditionalRoute><target/></conditionalRoute></conditionalRouter>",
        "<conditionalRoute> needs a child <condition>",
    ),
    (
        f"<conditionalRouter><conditionalRoute><condition>{header('a')}</condition></conditionalRoute></conditionalRouter>",
        "<conditionalRoute> needs a child <target>",
    ),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
