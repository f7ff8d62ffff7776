"""``<script>``: JavaScript that reads and changes the message, and cannot do more than that."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mediation.errors import MediationError
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS, to_text
from mediation.scripting.engine import ENGINE
from tests.mediation.mediators.support import json, mediator, message, mistakes

QUOTE = '<m:quote xmlns:m="urn:m"><m:symbol id="7">IBM</m:symbol><m:last>82.5</m:last></m:quote>'


@pytest.fixture(autouse=True)
async def engine() -> AsyncIterator[None]:
    yield
    await ENGINE.aclose()


def script(text: str, **attributes: str) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<script language="js"{more}><![CDATA[{text}]]></script>'


async def run(text: str, ctx: MessageContext, **attributes: str) -> bool:
    outcome = mediator(script(text, **attributes)).mediate(ctx)
    assert inspect.isawaitable(outcome)
    return await outcome


def xml(text: str = QUOTE) -> MessageContext:
    return message(text, "application/xml")


async def prop(text: str, ctx: MessageContext | None = None) -> Any:
    """The property ``p``, which the script sets."""
    ctx = ctx or xml()
    assert await run(text, ctx) is True
    return ctx.properties["p"]


# -- XML


async def test_xml_is_read_with_e4x() -> None:
    assert await prop("mc.setProperty('p', mc.getPayloadXML()..*::symbol.toString())") == "IBM"


async def test_a_new_body_is_made_of_a_literal() -> None:
    ctx = xml()
    await run(
        """var symbol = mc.getPayloadXML()..*::symbol.toString();
           var price = mc.getPayloadXML()..*::last.toString();
           mc.setPayloadXML(
               <r:check xmlns:r="urn:r"><r:code a={symbol}>{symbol}</r:code><r:price>{price}</r:price></r:check>);
        """,
        ctx,
    )
    assert ctx.payload.format()[0].decode() == (
        '<r:check xmlns:r="urn:r"><r:code a="IBM">IBM</r:code><r:price>82.5</r:price></r:check>'
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("x.b.length()", 2),
        ("x.b[1].toString()", "2"),
        ("x.@id.toString()", "7"),
        ("x.b.(@k == 'v').toString()", "2"),
        ("x.c.d == 'deep'", True),
        ("x..d.length()", 1),
        ("x.name().localName", "a"),
        ("x.c.toXMLString()", "<c><d>deep</d></c>"),
        ("x.b[0] * 3", 3),
        ("x.nothing.length()", 0),
        ("x.nothing.toString()", ""),
        ("x.c.d.split('e').length", 3),
        ("String(x.*.length())", "3"),
        ("x.hasComplexContent()", True),
        ("'' + x.b[0] + '!'", "1!"),
        ("x.b[0].parent().@id == 7", True),
    ],
)
async def test_values_of_xml(expression: str, value: Any) -> None:
    source = '<a id="7"><b>1</b><b k="v">2</b><c><d>deep</d></c></a>'
    assert await prop(f"var x = mc.getPayloadXML(); mc.setProperty('p', {expression})", xml(source)) == value


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ("x.b = 5", "<a><b>5</b><c/></a>"),
        ("x.@id = 'i'", '<a id="i"><b>1</b><c/></a>'),
        ("x.d = <e>f</e>", "<a><b>1</b><c/><e>f</e></a>"),
        ("x.c.f = 'g'", "<a><b>1</b><c><f>g</f></c></a>"),
        ("delete x.b", "<a><c/></a>"),
        ("x.appendChild(<z/>)", "<a><b>1</b><c/><z/></a>"),
        ("x.c += <c>2</c>", "<a><b>1</b><c/><c>2</c></a>"),
        ("x.b = 'a & <b>'", "<a><b>a &amp; &lt;b&gt;</b><c/></a>"),
        ("x.prependChild(<y/>); x.c.setName('k')", "<a><y/><b>1</b><k/></a>"),
        ("for each (var e in x.*) e.@n = 'm'", '<a><b n="m">1</b><c n="m"/></a>'),
    ],
)
async def test_xml_is_changed(change: str, result: str) -> None:
    ctx = xml("<a><b>1</b><c/></a>")
    await run(f"var x = mc.getPayloadXML(); {change}; mc.setPayloadXML(x);", ctx)
    assert to_text(ctx.payload.first_child) == result  # type: ignore[arg-type]


async def test_a_list_is_built_element_by_element() -> None:
    ctx = json('{"results": [{"id": 1, "types": ["bar", "food"]}, {"id": 2, "types": []}]}')
    await run(
        """payload = mc.getPayloadJSON();
           var response = <locations/>;
           for (i = 0; i < payload.results.length; ++i) {
               var elem = payload.results[i];
               response.locations += <location><id>{elem.id}</id><tags>{elem.types}</tags></location>
           }
           mc.setPayloadXML(response);""",
        ctx,
    )
    assert to_text(ctx.payload.first_child) == (  # type: ignore[arg-type]
        "<locations><location><id>1</id><tags>bar,food</tags></location>"
        "<location><id>2</id><tags/></location></locations>"
    )


async def test_a_body_without_xml_is_null() -> None:
    assert await prop("mc.setProperty('p', mc.getPayloadXML() === null)", message()) is True


# -- JSON


async def test_json_comes_and_goes_as_an_object() -> None:
    ctx = json('{"a": [1, 2], "b": "c"}')
    await run("var p = mc.getPayloadJSON(); p.a.push(3); delete p.b; mc.setPayloadJSON(p);", ctx)
    assert ctx.payload.json_text() == '{"a":[1,2,3]}'
    assert ctx.axis2["messageType"] == "application/json"


async def test_json_text() -> None:
    assert await prop("mc.setProperty('p', JSON.parse(mc.getPayloadText()).b)", json('{"b": "c"}')) == "c"


async def test_a_json_body_is_not_lost_by_a_script_that_does_not_touch_it() -> None:
    ctx = json('{ "a" : 1 }')
    await run("var x = 1", ctx)
    assert ctx.payload.raw == '{ "a" : 1 }'


# -- the message


async def test_properties_of_all_scopes() -> None:
    ctx = xml()
    ctx.properties["in"] = "x"
    ctx.headers.set("X-In", "h")
    await run(
        """mc.setProperty('a', mc.getProperty('in') + mc.getProperty('x-in', 'transport'));
           mc.setProperty('HTTP_SC', 201, 'axis2'); mc.setProperty('X-Out', 'o', 'transport');
           mc.removeProperty('in'); mc.setProperty('none', mc.getProperty('nothing') === null);
           mc.setProperty('x', <b>1</b>); mc.setProperty('o', {k: [1]});""",
        ctx,
    )
    assert ctx.properties["a"] == "xh"
    assert ctx.axis2["HTTP_SC"] == 201
    assert ctx.headers.get("X-Out") == "o"
    assert "in" not in ctx.properties
    assert ctx.properties["none"] is True
    assert to_text(ctx.properties["x"]) == "<b>1</b>"
    assert ctx.properties["o"] == '{"k":[1]}'


async def test_addresses_headers_and_variables() -> None:
    ctx = xml()
    ctx.variables["v"] = 4
    await run(
        """mc.setTo('http://x/'); mc.addHeader(true, <h:id xmlns:h="urn:h">1</h:id>);
           mc.setVariable('w', mc.getVariable('v') * 2);
           mc.setProperty('id', mc.getMessageID()); mc.setProperty('to', mc.getTo().getAddress());""",
        ctx,
    )
    assert ctx.to == "http://x/"
    assert ctx.variables["w"] == 8
    assert ctx.properties["id"] == ctx.message_id
    assert ctx.properties["to"] == "http://x/"
    assert ctx.payload.header is not None
    assert 'mustUnderstand="1"' in to_text(ctx.payload.header[0])


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [("mc.getPayloadXML()..*::symbol != 'IBM'", False), ("true", True), ("0", True), ("var f = false;", True)],
)
async def test_false_ends_the_flow(text: str, goes_on: bool) -> None:
    assert await run(text, xml()) is goes_on


async def test_a_function_of_a_local_entry_with_an_include() -> None:
    called = '<x><![CDATA[function go(mc, n) { mc.setProperty("p", twice(n)); }]]></x>'
    entries = [
        f'<localEntry xmlns="{SYNAPSE_NS}" key="lib">function twice(x) {{ return 2 * x; }}</localEntry>',
        f'<localEntry xmlns="{SYNAPSE_NS}" key="s">{called}</localEntry>',
    ]
    ctx = message(QUOTE, "application/xml", *entries)
    found = mediator(
        '<script language="js" key="s" function="go"><include key="lib"/>'
        '<inputs><argument name="n" type="INTEGER" value="21"/></inputs></script>'
    )
    outcome = found.mediate(ctx)
    assert inspect.isawaitable(outcome)
    assert await outcome is True
    assert ctx.properties["p"] == 42


@pytest.mark.parametrize(
    ("text", "body"), [("({a: 1})", '{"a":1}'), ("'plain'", "plain"), ("<a><b/></a>", "<a><b/></a>")]
)
async def test_the_result_becomes_the_body(text: str, body: str) -> None:
    ctx = xml()
    await run(text, ctx, target="body")
    assert ctx.payload.format(ctx.axis2.get("messageType"))[0].decode() == body


async def test_the_result_becomes_a_variable() -> None:
    ctx = xml()
    await run("[1, 2]", ctx, target="variable", target_variable="v")
    assert ctx.variables["v"] == [1, 2]


async def test_what_a_script_logs_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    await run("mc.getServiceLog().warn('careful'); print('hello')", xml())
    assert [(record.levelname, record.message) for record in caplog.records if record.name == "mediation.script"] == [
        ("WARNING", "careful"),
        ("INFO", "hello"),
    ]


async def test_what_a_script_logs_of_a_message_forges_no_line(caplog: pytest.LogCaptureFixture) -> None:
    ctx = xml()
    ctx.properties["name"] = "a\n[2026] ERROR forged\x1b[2J"
    await run("print(mc.getProperty('name'))", ctx)
    [line] = [record.message for record in caplog.records if record.name == "mediation.script"]
    assert line == "a\\n[2026] ERROR forged\\x1b[2J"


async def test_a_number_that_json_has_not_reaches_the_script_as_text() -> None:
    ctx = xml()
    ctx.properties["n"] = float("nan")
    assert await prop("mc.setProperty('p', mc.getProperty('n'))", ctx) == "NaN"


# -- limits


async def test_a_failure_names_the_script_and_leaves_the_message_as_it_was() -> None:
    ctx = xml()
    with pytest.raises(MediationError, match=r"returned an error executing the inlined js script .*line 2: .*boo"):
        await run("mc.setProperty('p', 1);\nthrow new Error('boo');", ctx)
    assert "p" not in ctx.properties


@pytest.mark.parametrize(
    "text",
    [
        "while (true) ;",
        "/(a+)+$/.test('a'.repeat(60) + 'b')",
        "var a = []; while (true) a.push('x'.repeat(100000));",
        "function f() { f(); } f();",
        "'x'.repeat(1e9)",
    ],
)
async def test_what_runs_wild_is_stopped_and_the_next_script_runs(
    text: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ESB_SCRIPT_SECONDS = 0.3
    with pytest.raises(MediationError, match="script engine returned an error"):
        await run(text, xml())
    assert await prop("mc.setProperty('p', 'well')") == "well"


@pytest.mark.parametrize(
    "text", ["std", "os", "require('fs')", "import('fs').x.y", "process.env", "fetch('http://x')", "__parse('<a/>')"]
)
async def test_there_is_no_way_out(text: str) -> None:
    with pytest.raises(MediationError):
        await run(text, xml())


async def test_messages_do_not_see_what_others_left_behind() -> None:
    await run("leaked = 1; var other = 2;", xml())
    assert await prop("mc.setProperty('p', typeof leaked + typeof other)") == "undefinedundefined"
    text = "mc.setProperty('p', typeof once); var once = 1;"
    assert await prop(text) == "undefined"
    assert await prop(text) == "undefined"


async def test_a_doctype_is_refused() -> None:
    with pytest.raises(MediationError, match="DOCTYPE"):
        await run("mc.setPayloadXML(new XML('<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>'))", xml())


# -- deployment


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<script language="rb">x</script>', 'language="rb"'),
        (script("java.lang.System.exit(1)"), "uses Java"),
        (script("var x = ;"), "cannot be compiled"),
        ('<script language="js" function="f"/>', "without 'key'"),
        ("<script>x</script>", '"language"'),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(xml)[0]
