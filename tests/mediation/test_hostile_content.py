"""
What an attacker puts into a message becomes a fault of that message: soon, in bounded memory, and of no other one.

Rows of attacks, each through mediators as a configuration has them. What a single parser or engine does with more
inputs is in its own tests (``payloads``, ``expressions``, ``transformation``, ``scripting``).
"""

import asyncio
import inspect
import json as stdlib_json
import logging
import re
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import pytest_asyncio

from mediation import flow
from mediation.flow import Outcome
from mediation.message import MessageContext
from mediation.payloads import Payload
from mediation.transformation.processor import PROCESSOR
from mediation.transports.addresses import ADDRESSES
from mediation.transports.http import HTTP
from tests.mediation.http_backend import http_backend
from tests.mediation.mediators.support import compilation, mediator, mistakes
from tests.mediation.support import DictEnvironment
from tests.mediation.transformation.support import entry, module, root

ROOT = Path(__file__).parents[2]
READ_XML = '<property name="x" expression="//x"/>'
READ_JSON = '<property name="x" expression="json-eval($.x)"/>'


class Handler:
    """A fault sequence that does nothing."""

    def mediate(self, ctx: MessageContext) -> Outcome:
        return True


@pytest_asyncio.fixture(autouse=True)
async def processor() -> AsyncIterator[None]:
    yield
    await PROCESSOR.aclose()


async def mediated(xml: str, raw: bytes | str, content_type: str, *entries: str, **properties: str) -> MessageContext:
    """The message after one leg with that mediator."""
    ctx = MessageContext(DictEnvironment(*entries), Payload(raw, content_type), default=dict(properties))
    step = mediator(xml)
    outcome = flow.run_leg(step.mediate, ctx, Handler())
    if inspect.isawaitable(outcome):
        await outcome
    return ctx


def resident() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# -- entities, files and addresses in documents

ENTITIES = [
    '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
    '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><r>&x;</r>',
    '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><r/>',
    '<!DOCTYPE r SYSTEM "file:///etc/hostname"><r/>',
]


@pytest.mark.parametrize("document", ENTITIES)
@pytest.mark.parametrize("content_type", ["text/xml", "application/xml", "application/soap+xml", "application/unknown"])
async def test_entities_are_not_followed(document: str, content_type: str):
    ctx = await mediated(READ_XML, document, content_type)
    assert ctx.get("ERROR_CODE") == 601000


@pytest.mark.parametrize("document", ENTITIES)
async def test_entities_are_not_followed_in_a_part(document: str):
    body = f"--b\r\nContent-Type: text/xml\r\n\r\n{document}\r\n--b--"
    ctx = await mediated(READ_XML, body, "multipart/related; boundary=b")
    assert ctx.get("ERROR_CODE") == 601000


@pytest.mark.parametrize("document", ENTITIES)
async def test_entities_are_not_followed_in_text_that_becomes_xml(document: str):
    ctx = await mediated('<property name="x" expression="$ctx:text" type="OM"/>', "", "text/xml", text=document)
    assert ctx.get("ERROR_MESSAGE") is not None
    ctx = await mediated(
        '<enrich><source type="inline"><a>{$ctx:text}</a></source><target type="body"/></enrich>',
        "<r/>",
        "text/xml",
        text=document,
    )
    assert ctx.payload.first_child is None or len(ctx.payload.first_child) == 0, "at most, it is text"


# -- documents that grow

BOMBS = {
    "entities": '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><r>&b;</r>',
    "depth": "<a>" * 200_000,
    "attributes": "<a " + " ".join(f'a{number}=""' for number in range(20_000)),
    "section": "<a><![CDATA[" + "x" * 1_000_000,
}


@pytest.mark.parametrize("kind", BOMBS)
async def test_documents_that_grow_are_refused_soon(kind: str):
    before, started = resident(), time.perf_counter()
    ctx = await mediated(READ_XML, BOMBS[kind], "text/xml")
    assert ctx.get("ERROR_CODE") == 601000
    assert time.perf_counter() - started < 1
    assert resident() - before < 40 * 1024 * 1024


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("&".join(f"a{number}=1" for number in range(100_000)), "application/x-www-form-urlencoded"),
        ("--b\r\n\r\n\r\n" * 100_000 + "--b--", "multipart/form-data; boundary=b"),
        ("--b\r\n\r\n\r\n" * 100_000 + "--b--", "multipart/related; boundary=b"),
        ("--b\r\n" * 100_000, "multipart/form-data; boundary=b"),
    ],
)
async def test_forms_with_too_many_parts_are_refused_soon(body: str, content_type: str):
    started = time.perf_counter()
    ctx = await mediated(READ_XML, body, content_type)
    assert ctx.get("ERROR_CODE") == 601000
    assert time.perf_counter() - started < 1


# -- stylesheets and queries


@pytest.mark.parametrize(
    "text",
    [
        root("<o><xsl:copy-of select=\"document('file:///etc/hostname')\"/></o>"),
        root("<o><xsl:copy-of select=\"document('http://127.0.0.1:9/')\"/></o>"),
        root('<xsl:result-document href="file:///tmp/django-esb-canary"><o/></xsl:result-document>'),
        module('<xsl:include href="file:///etc/hostname"/>'),
        module('<xsl:import href="main"/>'),
    ],
)
async def test_stylesheets_reach_nothing(text: str):
    ctx = await mediated('<xslt key="main"/>', "<a/>", "text/xml", entry("main", text))
    assert ctx.get("ERROR_MESSAGE", "default").startswith("Unable to perform XSLT transformation")
    assert not await asyncio.to_thread(Path("/tmp/django-esb-canary").exists)


async def test_what_a_message_says_does_not_choose_what_a_stylesheet_reads():
    text = root('<o><xsl:copy-of select="document(string(/a))"/></o>')
    ctx = await mediated('<xslt key="main"/>', "<a>file:///etc/hostname</a>", "text/xml", entry("main", text))
    assert "out of reach" in ctx.get("ERROR_MESSAGE")


async def test_a_transformation_that_takes_too_long_holds_up_nobody(settings):
    settings.ESB_TRANSFORM_SECONDS = 1.0
    nested = '<xsl:for-each select="//b">' * 3 + "." + "</xsl:for-each>" * 3
    entries = (entry("slow", root(f"<o>{nested}</o>")), entry("fast", root("<o/>")))
    document = "<a>" + "<b/>" * 2000 + "</a>"
    bomb = asyncio.create_task(mediated('<xslt key="slow"/>', document, "text/xml", *entries))
    times = []
    while not bomb.done():
        started = time.perf_counter()
        ctx = await mediated('<xslt key="fast"/>', "<a/>", "text/xml", *entries)
        assert ctx.get("ERROR_MESSAGE") is None
        times.append(time.perf_counter() - started)
    assert "longer than" in (await bomb).get("ERROR_MESSAGE")
    assert sorted(times)[len(times) * 9 // 10] < 0.1


# -- what a message says in places of the configuration


@pytest.mark.parametrize("value", ["' or '1'='1", "'] | //* | //x['", "1]|//*|//a["])
async def test_a_value_is_no_part_of_an_expression(value: str):
    xml = '<property name="found" expression="//x[@n=$ctx:value]"/>'
    ctx = await mediated(xml, "<r><x n='1'/></r>", "application/xml", value=value)
    assert ctx.get("found") == ""
    xml = """<property name="found" expression="json-eval($.x[?(@.n == '{$ctx:value}')].n)"/>"""
    ctx = await mediated(xml, '{"x": [{"n": "1"}]}', "application/json", value=value)
    assert ctx.get("found") in ("[]", None)


@pytest.mark.parametrize("value", ['","admin":true,"x":"', '"}', "\\", '\\","a":"'])
async def test_a_value_adds_nothing_to_json(value: str):
    xml = '<enrich><source type="inline">{"name": "{$ctx:value}"}</source><target type="body"/></enrich>'
    ctx = await mediated(xml, "{}", "application/json", value=value)
    assert stdlib_json.loads(ctx.payload.json_text()) == {"name": value}


@pytest.mark.parametrize("value", ["</name><admin/><name>", "<!--", "]]>", '" admin="true'])
async def test_a_value_adds_nothing_to_xml(value: str):
    inline = '<r xmlns="" a="{$ctx:value}"><n>{$ctx:value}</n></r>'
    xml = f'<enrich><source type="inline">{inline}</source><target type="body"/></enrich>'
    ctx = await mediated(xml, "<x/>", "application/xml", value=value)
    assert [part.tag for part in ctx.payload.first_child.iter()] == ["r", "n"]
    assert ctx.payload.first_child.attrib == {"a": value}


# -- patterns


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(\\w+\\s?)*b"])
async def test_patterns_of_schemas_end(pattern: str):
    xsd = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"><xs:simpleType>'
        f'<xs:restriction base="xs:string"><xs:pattern value="{pattern}"/></xs:restriction>'
        "</xs:simpleType></xs:element></xs:schema>"
    )
    schema = f"<![CDATA[{stdlib_json.dumps({'pattern': pattern})}]]>"
    xml = '<validate><schema key="k"/><on-fail><property name="invalid" value="true"/></on-fail></validate>'
    started = time.perf_counter()
    text = "a" * 5000
    for raw, content_type, held in ((f"<a>{text}</a>", "text/xml", xsd), (f'"{text}"', "application/json", schema)):
        ctx = await mediated(xml, raw, content_type, entry("k", held))
        assert ctx.get("invalid") == "true" or ctx.get("ERROR_MESSAGE")
    assert time.perf_counter() - started < 8


# -- JSON


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"x":' * 100_000,
        f"[{'9' * 5000}]",
        "[NaN]",
        "[Infinity]",
        '["\\ud800"]',
        '{"x": 1',
        "\x00",
        '["\x00"]',
    ],
)
@pytest.mark.parametrize(
    "xml",
    [
        READ_JSON,
        '<enrich><source type="body"/><target type="property" property="p"/></enrich>',
        '<enrich><source type="inline">{"a": 1}</source><target xpath="json-eval($)" action="child"/></enrich>',
        '<jsontransform schema="k"/>',
    ],
)
async def test_json_that_is_none_is_a_fault(text: str, xml: str, caplog: pytest.LogCaptureFixture):
    ctx = await mediated(xml, text, "application/json", entry("k", '<![CDATA[{"type": "object"}]]>'))
    assert ctx.get("ERROR_CODE") == 601000
    assert "Traceback" not in caplog.text


async def test_many_members_cost_no_more_than_they_are():
    text = "{" + ",".join(f'"a{number}":{number}' for number in range(200_000)) + "}"
    started = time.perf_counter()
    ctx = await mediated(
        '<enrich><source type="inline">1</source><target xpath="json-eval($.a7)"/></enrich>', text, "application/json"
    )
    assert ctx.get("ERROR_MESSAGE") is None
    assert time.perf_counter() - started < 3


# -- logs


HOSTILE = ["a\r\nINFO forged", "\x1b[2J", "\u202e", "%s{0}", "\x85\u2028", "x" * 1_000_000]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/xml"])
async def test_a_message_in_the_log_is_one_line_of_bounded_length(
    value: str, content_type: str, caplog: pytest.LogCaptureFixture
):
    bodies = {"application/json": stdlib_json.dumps(value, ensure_ascii=False), "text/plain": value}
    xml = """<log level="full"/><log level="headers"/><log level="custom"><property name="p" expression="$ctx:p"/>
        <property name="q" expression="$trp:X-Q"/></log><log><message>${props.synapse.p}</message></log>"""
    ctx = MessageContext(DictEnvironment(), Payload(bodies.get(content_type, f"<a>{escape(value)}</a>"), content_type))
    ctx.set("p", value)
    ctx.headers.set("X-Q", value)
    ctx.to = ctx.action = f"/{value}"
    with caplog.at_level(logging.DEBUG):
        for step in compilation(xml).artifact.mediators:
            flow.run_leg(step.mediate, ctx, Handler())
    lines = [record for record in caplog.records if record.name == "mediation.mediators.log"]
    assert len(lines) == 4 or content_type != "application/json"
    for record in lines:
        message = record.getMessage()
        assert re.search("[\r\n\x1b\x85\u2028\u202e]", message) is None
        assert len(message) < 5 * 70_000


@pytest.mark.parametrize("value", HOSTILE)
async def test_what_mediators_log_stays_on_a_line(value: str, caplog: pytest.LogCaptureFixture):
    xml = '<enrich><source type="body"/><target type="property" property="p" action="child"/></enrich>'
    with caplog.at_level(logging.DEBUG):
        await mediated(xml, stdlib_json.dumps(value), "application/json", p=stdlib_json.dumps(value))
    assert caplog.records
    for record in caplog.records:
        message = record.getMessage()
        assert re.search("[\r\n\x1b\x85\u2028\u202e]", message) is None
        assert len(message) < 5000


# -- addresses

OTHER_ADDRESSES = [
    "http://127.0.0.1:{canary}/ok/x",
    "http://localhost:{canary}/ok",
    "http://[::ffff:127.0.0.1]:{canary}/ok",
    "http://2130706433:{canary}/ok",
    "http://0177.0.0.1:{canary}/ok",
    "http://0x7f.1:{canary}/ok",
    "http://127.1:{canary}/ok",
    "http://127.0.0.1:{good}@127.0.0.1:{canary}/ok",
    "http://127.0.0.1:{good}#@127.0.0.1:{canary}/ok",
    "http://127.0.0.1:{canary}\\@127.0.0.1:{good}/ok",
    "http://127.0.0.1:{good}/ok/../admin",
    "http://127.0.0.1:{good}/ok/..%2fadmin",
    "http://127.0.0.1:{good}/ok/%252e%252e/admin",
    "http://127.0.0.1:{good}//evil/ok",
    "http://127.0.0.1:{good}/",
    "https://127.0.0.1:{canary}/ok",
    "ws://127.0.0.1:{canary}/ok",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/hostname",
    "gopher://127.0.0.1:{canary}/ok",
    "//127.0.0.1:{canary}/ok",
    "127.0.0.1:{canary}/ok",
]
NAMING = {
    "address": '<endpoint><address uri="${to}"/></endpoint>',
    "http": '<endpoint><http method="post" uri-template="{uri.var.to}"/></endpoint>',
    "default": "<endpoint><default/></endpoint>",
    "recipient list": "<endpoint><recipientlist><endpoints value=\"{get-property('to')}\"/></recipientlist></endpoint>",
}


@pytest.mark.parametrize("kind", NAMING)
async def test_messages_go_only_where_they_may(kind: str):
    async with http_backend() as canary, http_backend() as good:
        ports = {"canary": canary.url.rpartition(":")[2].strip("/"), "good": good.url.rpartition(":")[2].strip("/")}
        ADDRESSES.allow([f"http://127.0.0.1:{ports['good']}/ok"])
        delivered = 0
        try:
            for template in (*OTHER_ADDRESSES, "http://127.0.0.1:{good}/ok/x"):
                uri = template.format(**ports)
                ctx = MessageContext(DictEnvironment(), Payload("<a/>", "text/xml"))
                ctx.to = uri
                ctx.set("to", uri)
                ctx.set("uri.var.to", uri)
                outcome = flow.run_leg(mediator(f"<call>{NAMING[kind]}</call>").mediate, ctx, Handler())
                if inspect.isawaitable(outcome):
                    await outcome
                await ctx.branches.join()
                delivered += ctx.get("ERROR_CODE") is None
        finally:
            ADDRESSES.allow(())
            await HTTP.aclose()
        assert canary.seen == []
        assert len(good.seen) == delivered
        # A URI template escapes the backslash, so what is in front of it can only be a user's name and password.
        assert [seen.target for seen in good.seen] == (["/ok", "/ok/x"] if kind == "http" else ["/ok/x"])


# -- flows without end


async def test_sequences_that_call_each_other_end():
    environment = DictEnvironment(a='<sequence key="b"/>', b='<sequence key="c"/>', c='<sequence key="a"/>')
    ctx = MessageContext(environment)
    flow.run_leg(environment.sequence("a").mediate, ctx, Handler())
    assert "does it call itself?" in ctx.get("ERROR_MESSAGE")


@pytest.mark.parametrize("twice", ["sequence", "sequential", "side by side"])
async def test_sequences_that_multiply_end(twice: str):
    inside = {
        "sequence": '<sequence key="a"/>' * 2,
        "sequential": '<clone sequential="true"><target sequence="a"/><target sequence="a"/></clone>',
        "side by side": '<clone><target sequence="a"/><target sequence="a"/></clone>',
    }[twice]
    environment = DictEnvironment(a=inside)
    ctx = MessageContext(environment)
    started = time.perf_counter()
    outcome = flow.run_leg(environment.sequence("a").mediate, ctx, Handler())
    if inspect.isawaitable(outcome):
        await asyncio.wait_for(outcome, 5)
    await asyncio.wait_for(ctx.branches.join(), 5)
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("body", "content_type", "expression"),
    [
        ("<r>" + "<x/>" * 100_000 + "</r>", "application/xml", "//x"),
        ("[" + ",".join(["1"] * 100_000) + "]", "application/json", "json-eval($)"),
    ],
)
async def test_parts_are_in_memory_one_after_the_other(body: str, content_type: str, expression: str):
    before, inside = resident(), '<property name="p" value="v"/>'
    xml = f'<iterate expression="{expression}"><target><sequence>{inside}</sequence></target></iterate>'
    ctx = await mediated(xml, body, content_type)
    await asyncio.wait_for(ctx.branches.join(), 20)
    assert resident() - before < 60 * 1024 * 1024


# -- the source


FORBIDDEN = {
    r"\bpickle\b|\bmarshal\b|\bshelve\b|yaml\.load\(|(?<![\w.])(eval|exec)\(": (),
    # One parser for all XML, and expressions that are compiled when they are deployed.
    r"\.xpath\(|etree\.(fromstring|parse|iterparse|XMLParser|HTML)\(|minidom|xml\.sax(?!\.saxutils)|xml\.etree": (
        "mediation/payloads/xml.py",
    ),
    r"\b(os\.system|subprocess)\b|shell=True": (
        "esbsite/management/commands/demo.py",
        "mediation/child_processes.py",
    ),
}
"""What no line has, but for those of the modules that are there for it."""


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_nothing_reads_objects_or_code_from_text(pattern: str):
    forbidden = re.compile(pattern)
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for package in ("mediation", "artifacts", "esbsite")
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in path.read_text().splitlines()
        if str(path.relative_to(ROOT)) not in FORBIDDEN[pattern]
        and forbidden.search(line)
        and "json-eval" not in line
        and not line.lstrip().startswith(("#", '"', "'"))
    ]
    assert found == []


def test_depth_of_configurations_is_bounded():
    assert any("nested" in mistake for mistake in mistakes("<in>" * 100 + "</in>" * 100))
    assert compilation("<in>" * 20 + "</in>" * 20).errors == ()
