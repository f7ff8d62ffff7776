import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from mediation.errors import MediationError
from mediation.mediators import xquery
from mediation.message import MessageContext
from mediation.payloads.xml import to_text
from mediation.transformation.processor import PROCESSOR
from tests.mediation.mediators.support import mediator, message, mistakes, soap
from tests.mediation.transformation.support import entry


@pytest_asyncio.fixture(autouse=True)
async def processor() -> AsyncIterator[None]:
    yield
    await PROCESSOR.aclose()


async def run(xml: str, ctx: MessageContext, text: str) -> MessageContext:
    ctx.environment.deploy(entry("q", f"<x><![CDATA[{text}]]></x>"))
    outcome = mediator(xml).mediate(ctx)
    assert inspect.isawaitable(outcome)
    assert await outcome is True
    return ctx


def body(ctx: MessageContext) -> str:
    return "".join(to_text(child) for child in ctx.payload.body)


async def test_an_element_replaces_the_first_one_of_the_body():
    assert body(await run('<xquery key="q"/>', soap("<a/><b/>"), "<o>{1 + 1}</o>")) == "<o>2</o><b/>"


async def test_no_blanks_are_put_between_elements():
    assert (
        body(await run('<xquery key="q"/>', soap("<a/>"), "<o><p><q/></p>{' '}<r/></o>")) == "<o><p><q/></p> <r/></o>"
    )


@pytest.mark.parametrize("query", ["<o>1</o>/text()", "<o p='1'/>/@p"])
async def test_a_text_or_attribute_becomes_the_text_of_the_target(query: str):
    assert body(await run('<xquery key="q" target="//b"/>', soap("<a><b>old</b></a>"), query)) == "<a><b>1</b></a>"


async def test_an_element_fills_an_empty_body():
    assert body(await run('<xquery key="q"/>', message(), "<o/>")) == "<o/>"


async def test_a_value_becomes_the_text_of_the_target():
    assert body(await run('<xquery key="q" target="//b"/>', soap("<a><b>old</b></a>"), "1 + 1")) == "<a><b>2</b></a>"


@pytest.mark.parametrize(
    ("type_", "value", "result"),
    [
        ("INT", "512337203", "512337203"),
        ("INTEGER", " 7 ", "7"),
        ("LONG", "7", "7"),
        ("SHORT", "7", "7"),
        ("BYTE", "7", "7"),
        ("DOUBLE", "1.5", "1.5"),
        ("FLOAT", "1.5", "1.5"),
        ("BOOLEAN", "true", "true"),
        ("STRING", " a &lt; b ", " a &lt; b "),
    ],
)
async def test_variables_have_types(type_: str, value: str, result: str):
    xml = f'<xquery key="q" target="//b"><variable name="v" type="{type_}" value="{value}"/></xquery>'
    ctx = await run(xml, soap("<a><b/></a>"), "declare variable $v external; <b>{$v}</b>")
    assert body(ctx) == f"<a><b>{result}</b></a>"


@pytest.mark.parametrize(("type_", "path"), [("ELEMENT", "$v/c"), ("DOCUMENT", "$v/b/c")])
async def test_a_variable_can_be_a_part_of_the_message(type_: str, path: str):
    xml = f'<xquery key="q"><variable name="v" type="{type_}" expression="//b"/></xquery>'
    ctx = await run(xml, soap("<a><b><c>1</c></b></a>"), f"declare variable $v external; <o>{{{path}/text()}}</o>")
    assert body(ctx) == "<o>1</o>"


async def test_a_variable_can_be_a_local_entry():
    ctx = soap("<a/>")
    ctx.environment.deploy(entry("rates", "<rates><eur>2</eur></rates>"))
    xml = '<xquery key="q"><variable name="v" type="DOCUMENT" key="rates"/></xquery>'
    assert body(await run(xml, ctx, "declare variable $v external; <o>{$v//eur * 2}</o>")) == "<o>4</o>"


async def test_no_result_changes_nothing():
    assert not (await run('<xquery key="q"/>', soap("<a/>"), "()")).payload.modified


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<xquery key="nowhere"/>', "1"),
        ('<xquery key="q"/>', "1 +"),
        ('<xquery key="q" target="//missing"/>', "1"),
        ('<xquery key="q"/>', "doc('file:///etc/hostname')"),
        ('<xquery key="q"><variable name="v" type="INT" value="words"/></xquery>', "declare variable $v external; $v"),
        ('<xquery key="q"><variable name="v" type="INT" key="nowhere"/></xquery>', "1"),
    ],
)
async def test_what_fails_is_a_fault(xml: str, text: str):
    with pytest.raises(MediationError, match=r"^Unable to execute the query") as failure:
        await run(xml, soap("<a/>"), text)
    assert str(Path.cwd()) not in failure.value.message


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<xquery/>", '<xquery> needs the attribute "key"'),
        (
            '<xquery key="q"><variable name="v" type="INT"/></xquery>',
            '<variable name="v"> needs a value, an expression or a key',
        ),
    ],
)
def test_mistakes(xml: str, mistake: str):
    assert mistakes(xml) == [mistake]


def test_it_needs_saxonche(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(xquery, "HAS_SAXON", False)
    [mistake] = mistakes('<xquery key="q"/>')
    assert "pip install saxonche" in mistake
