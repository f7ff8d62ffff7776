import inspect
import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from mediation.errors import MediationError, PayloadError
from mediation.message import MessageContext
from mediation.payloads.xml import to_text
from mediation.transformation.processor import PROCESSOR
from tests.mediation.mediators.support import SOAP, compilation, json, mediator, message, mistakes, soap
from tests.mediation.transformation.support import entry, module, root

WRAP = root('<wrapped><xsl:copy-of select="node()"/></wrapped>')
ENVELOPE = f'<e:Envelope xmlns:e="{SOAP}"><e:Body><new/></e:Body></e:Envelope>'


@pytest_asyncio.fixture(autouse=True)
async def processor() -> AsyncIterator[None]:
    yield
    await PROCESSOR.aclose()


async def run(xml: str, ctx: MessageContext, text: str = WRAP) -> MessageContext:
    ctx.environment.deploy(entry("k", text))
    outcome = mediator(xml).mediate(ctx)
    assert inspect.isawaitable(outcome)
    assert await outcome is True
    return ctx


def body(ctx: MessageContext) -> str:
    return "".join(to_text(child) for child in ctx.payload.body)


@pytest.mark.parametrize("tag", ["xslt", "fastXSLT"])
async def test_the_first_element_of_the_body_is_transformed(tag: str):
    assert body(await run(f'<{tag} key="k"/>', soap("<a/><b/>"))) == "<wrapped><a/></wrapped><b/>"


@pytest.mark.parametrize("looked_into", [True, False])
@pytest.mark.parametrize(
    ("raw", "content_type", "result"),
    [
        ("<a>é</a>", "application/xml", "<wrapped><a>é</a></wrapped>"),
        ("<?xml version='1.0' encoding='utf-8'?><a>é</a>", "text/xml; charset=utf-8", "<wrapped><a>é</a></wrapped>"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>é</a>", "text/xml", "<wrapped><a>é</a></wrapped>"),
        (
            f'<e:Envelope xmlns:e="{SOAP}"><e:Header><h/></e:Header><e:Body> <a/><b/></e:Body></e:Envelope>',
            "text/xml",
            None,
        ),
    ],
)
async def test_a_body_that_was_looked_into_gives_the_same(
    raw: str, content_type: str, result: str | None, looked_into: bool
):
    encoding = "iso-8859-1" if "iso" in raw else "utf-8"
    ctx = message(raw.encode(encoding), content_type)
    if looked_into:
        assert ctx.payload.first_child is not None
    body, sent_type = (await run('<xslt key="k"/>', ctx)).payload.format()
    assert sent_type == content_type.partition(";")[0] + "; charset=UTF-8"
    if result is None:
        declared = "<?xml version='1.0' encoding='utf-8'?>"
        result = declared + raw.replace("<a/>", "<wrapped><a/></wrapped>")
    assert body.decode() == result


@pytest.mark.parametrize("raw", [f'<e:Envelope xmlns:e="{SOAP}"><e:Body/></e:Envelope>', " "])
async def test_a_body_with_nothing_in_it_is_left_alone(raw: str, caplog: pytest.LogCaptureFixture):
    ctx = message(raw, "text/xml", entry("k", WRAP))
    outcome = mediator('<xslt key="k"/>').mediate(ctx)
    assert (await outcome if inspect.isawaitable(outcome) else outcome) is True
    assert "Found empty soap body" in caplog.text


async def test_a_body_that_cannot_be_read_is_told_as_that():
    with pytest.raises(PayloadError):
        await run('<xslt key="k"/>', message("<a>", "text/xml"))


async def test_the_result_leaves_in_the_type_of_the_message():
    ctx = await run('<xslt key="k"/>', message("<a>é</a>", "application/xml"))
    assert ctx.payload.format() == ("<wrapped><a>é</a></wrapped>".encode(), "application/xml; charset=UTF-8")


async def test_a_part_is_transformed_in_its_place():
    ctx = soap("<a>x<b/>y</a>")
    assert body(await run('<xslt key="k" source="//b"/>', ctx)) == "<a>x<wrapped><b/></wrapped>y</a>"


@pytest.mark.parametrize("source", ["/", "$env"])
async def test_the_envelope_can_be_the_source_even_with_an_empty_body(source: str):
    assert body(await run(f'<xslt key="k" source="{source}"/>', message(), root(ENVELOPE))) == "<new/>"


@pytest.mark.parametrize("source", ["$body", "$header"])
async def test_body_and_header_take_the_children_of_the_result(source: str):
    ctx = await run(f'<xslt key="k" source="{source}"/>', soap("<a/>", "<h/>"), root("<x>t<p/><q/></x>"))
    part = ctx.payload.body if source == "$body" else ctx.payload.header
    assert [child.tag for child in part] == ["p", "q"]


async def test_the_result_can_become_a_property():
    ctx = await run('<xslt key="k" target="t"/>', soap("<a/>"))
    assert to_text(ctx.get("t")) == "<wrapped><a/></wrapped>"
    assert not ctx.payload.modified


async def test_a_property_can_keep_the_result_as_text():
    ctx = soap("<a/>")
    ctx.set("transform.xslt.result.disableBuild", "true")
    assert (await run('<xslt key="k" target="t"/>', ctx)).get("t") == "<wrapped><a/></wrapped>"


async def test_text_leaves_as_plain_text():
    ctx = await run('<xslt key="k"/>', soap("<a/>"), root("a &lt; b", declarations='<xsl:output method="text"/>'))
    ctx.set("messageType", "text/plain", "axis2")
    assert ctx.payload.format("text/plain")[0] == b"a < b"


async def test_properties_are_parameters():
    xml = """<xslt key="k"><property name="a" value="it's"/><property name="b" expression="$ctx:b"/>
             <property name="c" expression="$ctx:missing"/></xslt>"""
    ctx = soap("<a/>")
    ctx.set("b", "2")
    parameters = "".join(f"""<xsl:param name="{name}" select="'default'"/>""" for name in "abc")
    result = await run(xml, ctx, root('<o a="{$a}" b="{$b}" c="{$c}"/>', declarations=parameters))
    assert body(result) == '<o a="it\'s" b="2" c="default"/>'


async def test_resources_are_included():
    ctx = soap("<a/>")
    ctx.environment.deploy(entry("conf:/common", module('<xsl:template match="/"><common/></xsl:template>')))
    xml = '<xslt key="k"><resource location="common.xsl" key="conf:/common"/></xslt>'
    assert body(await run(xml, ctx, module('<xsl:import href="common.xsl"/>'))) == "<common/>"


async def test_a_json_body_becomes_xml():
    ctx = await run('<xslt key="k"/>', json('{"a": 1}'), root("<o><n><xsl:value-of select='jsonObject/a'/></n></o>"))
    assert ctx.payload.json() == {"o": {"n": 1}}


async def test_a_stylesheet_that_changes_is_used_at_once():
    step = mediator('<xslt key="k"/>')
    for name in ("old", "new"):
        ctx = message("<a/>", "application/xml", entry("k", root(f"<{name}/>")))
        await step.mediate(ctx)
        assert body(ctx) == f"<{name}/>"


async def test_the_key_can_come_from_the_message():
    ctx = soap("<a/>")
    ctx.set("which", "k")
    assert body(await run("""<xslt key="{$ctx:which}"/>""", ctx)) == "<wrapped><a/></wrapped>"


def test_an_empty_body_is_left_alone(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert mediator('<xslt key="k"/>').mediate(message()) is True
    assert [record.message for record in caplog.records] == [
        "Found empty soap body, skipping XSLT transformation and continuing the mediation"
    ]


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<xslt key="nowhere"/>', WRAP),
        ('<xslt key="k"/>', "<not-a-stylesheet/>"),
        ('<xslt key="k"/>', root("words")),
        ('<xslt key="k" source="//missing"/>', WRAP),
        ('<xslt key="k" source="/"/>', WRAP),
        ('<xslt key="k"/>', module('<xsl:include href="file:///etc/passwd"/>')),
    ],
)
async def test_what_fails_says_which_stylesheet_and_why(xml: str, text: str):
    with pytest.raises(
        MediationError, match=r"^Unable to perform XSLT transformation using : \w+ against source .+ reason : .+"
    ):
        await run(xml, soap("<a/>"), text)


async def test_a_doctype_in_the_result_is_left_out():
    declarations = '<xsl:output doctype-system="http://localhost/x.dtd"/>'
    assert body(await run('<xslt key="k"/>', soap("<a/>"), root("<o/>", declarations=declarations))) == "<o/>"


def test_tuning_of_the_originals_is_remarked():
    xml = '<xslt key="k" useCache="false"><feature name="f" value="true"/><attribute name="a" value="1"/></xslt>'
    found = compilation(xml).findings
    assert [finding.message for finding in found] == [
        "useCache of <xslt> has no effect: what is compiled is kept until it changes",
        '<feature name="f"> of <xslt> has no effect',
        '<attribute name="a"> of <xslt> has no effect',
    ]


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<xslt/>", '<xslt> needs the attribute "key"'),
        (
            '<xslt key="k"><property name="p"/></xslt>',
            '<property name="p"> of a stylesheet needs a value or an expression',
        ),
        ('<xslt key="k"><resource key="r"/></xslt>', '<resource> needs the attribute "location"'),
    ],
)
def test_mistakes(xml: str, mistake: str):
    assert mistakes(xml) == [mistake]
