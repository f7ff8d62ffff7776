"""``<call-template>``."""

import asyncio
from typing import Any

import pytest

from mediation.errors import MissingTemplateParameter, TemplateNotFound, TooManySteps
from mediation.grammar import MEDIATORS, Mediator, node
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import DictEnvironment

from . import support


def template(name: str, parameters: str, body: str) -> str:
    declared = "".join(f'<parameter name="{each}"/>' for each in parameters.split())
    return f'<template xmlns="{SYNAPSE_NS}" name="{name}">{declared}<sequence>{body}</sequence></template>'


def parameter(value: str, name: str = "p") -> str:
    return f'<with-param name="{name}" value="{value}"/>'


def call(parameters: str = "", target: str = "t") -> Mediator:
    return support.mediator(f'<call-template target="{target}">{parameters}</call-template>')


def body(xml: str, *templates: str) -> MessageContext:
    return MessageContext(DictEnvironment(*templates), Payload(xml, "application/xml"))


SET_P = '<property name="seen" expression="$func:p"/>'


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("text", "text"),
        ("", ""),
        ("{get-property('x')}", "of the caller"),
        ("{//m:a/@id}", "7"),
        ("{count(//m:b)}", "2.0"),
        ("{{get-property('x')}}", "of the template"),
        ("{json-eval($.none)}", ""),
    ],
)
def test_a_parameter_is_text_or_an_expression(value: str, seen: str):
    inside = f'<property name="x" value="of the template"/>{SET_P}'
    ctx = body('<m:a xmlns:m="urn:m" id="7"><m:b>1</m:b><m:b>2</m:b></m:a>', template("t", "p", inside))
    ctx.set("x", "of the caller")

    assert call(parameter(value)).mediate(ctx) is True
    assert ctx.get("seen") == seen


def test_an_element_is_handed_over_as_an_element():
    inside = '<property name="seen" expression="$func:p/m:b" xmlns:m="urn:m"/>'
    ctx = body('<m:a xmlns:m="urn:m"><m:b>1</m:b></m:a>', template("t", "p", inside))

    call(parameter("{//m:a}")).mediate(ctx)

    assert ctx.get("seen") == "1"


def test_an_expression_that_finds_nothing_gives_no_value():
    ctx = body("<a/>", template("t", "p", "<property name=\"seen\" expression=\"fn:concat('[', $func:p, ']')\"/>"))

    call(parameter("{//none}")).mediate(ctx)

    assert ctx.get("seen") == "[]"


def test_templates_nest_and_each_sees_its_own_parameters():
    outer = f'<call-template target="inner">{parameter("{fn:concat($func:p, 1)}")}</call-template>'
    ctx = body(
        "<a/>",
        template("t", "p", f'{outer}<property name="after" expression="$func:p"/>'),
        template("inner", "p", SET_P),
    )

    call(parameter("outer")).mediate(ctx)

    assert (ctx.get("seen"), ctx.get("after")) == ("outer1", "outer")


def test_the_flow_ends_with_a_template_that_ends_it():
    assert call().mediate(body("<a/>", template("t", "", "<drop/>"))) is False


def test_a_template_that_is_not_there_is_a_fault():
    with pytest.raises(TemplateNotFound, match=r"^Sequence template nowhere cannot be found$"):
        call(target="nowhere").mediate(body("<a/>"))


def test_a_missing_mandatory_parameter_is_a_fault_with_its_own_code():
    xml = f'<template xmlns="{SYNAPSE_NS}" name="t"><parameter name="p" isMandatory="true"/><sequence/></template>'
    text = "Neither a value nor default value is provided for mandatory parameter: p in seq-template t"

    with pytest.raises(MissingTemplateParameter, match=text) as failure:
        call().mediate(body("<a/>", xml))

    assert failure.value.code == 500101


def test_a_template_that_calls_itself_is_stopped():
    with pytest.raises(TooManySteps):
        call().mediate(body("<a/>", template("t", "", '<call-template target="t"/>')))


def test_on_error_names_a_fault_sequence_that_sees_what_the_caller_sees():
    env = DictEnvironment(
        template("t", "p", '<sequence key="nowhere"/>'),
        handler='<property name="seen" expression="get-property(\'ERROR_MESSAGE\')"/>'
        '<property name="parameter" expression="$func:p"/>',
    )
    ctx = MessageContext(env)
    calling = support.mediator(f'<call-template target="t" onError="handler">{parameter("x")}</call-template>')

    assert calling.mediate(ctx) is False
    assert ctx.get("seen") == "Sequence named nowhere cannot be found"
    assert ctx.get("parameter") is None


@node("test-waits")
class Waits(Mediator):
    """Waits for one turn of the event loop."""

    def mediate(self, ctx: MessageContext) -> Any:
        return self._wait()

    async def _wait(self) -> bool:
        await asyncio.sleep(0)
        return True


async def test_parameters_outlast_a_mediator_that_waits(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(MEDIATORS, "test-waits", Waits)
    ctx = body("<a/>", template("t", "p", f"<test-waits/>{SET_P}"))

    outcome = call(parameter("x")).mediate(ctx)

    assert not isinstance(outcome, bool)
    assert await outcome is True
    assert (ctx.get("seen"), ctx.functions) == ("x", ())


def test_the_template_is_a_reference():
    compilation = support.compilation('<call-template target="t"/>')

    assert [(each.kind, each.name) for each in compilation.references] == [("template", "t")]
