import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from mediation.errors import MediationError
from mediation.message import MessageContext
from mediation.transformation.processor import PROCESSOR
from tests.mediation.mediators.support import compilation, json, mediator, message, mistakes, soap
from tests.mediation.transformation.support import entry

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="a"><xs:complexType>
<xs:attribute name="n" type="xs:int"/><xs:attribute name="m" type="xs:int"/>
</xs:complexType></xs:element></xs:schema>"""
JSON = '<![CDATA[{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}]]>'
ON_FAIL = '<on-fail><property name="failed" value="true"/></on-fail>'


@pytest_asyncio.fixture(autouse=True)
async def processor() -> AsyncIterator[None]:
    yield
    await PROCESSOR.aclose()


async def validated(ctx: MessageContext, attributes: str = "", on_fail: str = ON_FAIL, key: str = "k") -> bool:
    """Whether the flow goes on."""
    ctx.environment.deploy(entry("k", JSON if ctx.payload.is_json or "json" in attributes else XSD))
    outcome = mediator(f'<validate {attributes}><schema key="{key}"/>{on_fail}</validate>').mediate(ctx)
    return await outcome if inspect.isawaitable(outcome) else outcome


@pytest.mark.parametrize("ctx", [soap('<a n="1"/>'), message('<a n="1"/>', "application/xml"), json('{"n": 1}')])
async def test_what_is_valid_goes_on(ctx: MessageContext):
    assert await validated(ctx) is True
    assert ctx.get("failed") is None
    assert not ctx.payload.modified


async def test_mistakes_of_xml_are_all_told():
    ctx = soap('<a n="x" m="y"/>')
    assert await validated(ctx) is True, "as <on-fail> ends"
    assert ctx.get("failed") == "true"
    assert len(ctx.get("ERROR_MESSAGE").splitlines()) == 2
    assert "'y' is not a valid value" in ctx.get("ERROR_DETAIL")
    assert ctx.get("ERROR_CODE") is None


async def test_the_first_mistake_of_json_is_told():
    ctx = json('{"n": "x"}')
    await validated(ctx)
    assert ctx.get("ERROR_MESSAGE") == '"x" is not of type "integer"'
    assert ctx.get("ERROR_DETAIL") == 'Error while validating Json message at /n: "x" is not of type "integer"'


@pytest.mark.parametrize("ctx", [soap("<b/>"), json("[]")])
async def test_the_flow_ends_if_on_fail_ends_it(ctx: MessageContext):
    assert await validated(ctx, on_fail="<on-fail><drop/></on-fail>") is False


async def test_a_part_can_be_validated():
    assert await validated(soap('<x><a n="1"/></x>'), 'source="//a"') is True
    ctx = json('{"part": {"n": 1}}')
    await validated(ctx, 'source="json-eval($.part)"')
    assert ctx.get("failed") is None


async def test_a_part_that_is_not_there_is_not_valid():
    ctx = soap("<x/>")
    await validated(ctx, 'source="//a"')
    assert ctx.get("failed") == "true"
    assert ctx.get("ERROR_MESSAGE") == "Error occurred while accessing source element: //a"


async def test_an_empty_body_is_not_valid():
    ctx = message()
    await validated(ctx)
    assert ctx.get("failed") == "true"


async def test_xml_can_be_validated_as_json():
    ctx = message("<n>x</n>", "application/xml")
    await validated(ctx, 'source="json-eval($)"')
    assert ctx.get("ERROR_MESSAGE") == '"x" is not of type "integer"'


async def test_a_schema_that_is_not_there_is_a_fault():
    with pytest.raises(MediationError, match=r"^No Schema is available with the key : nowhere$"):
        await validated(soap("<a/>"), key="nowhere")
    with pytest.raises(MediationError, match=r"^Can not find JSON Schema nowhere$"):
        await validated(json("{}"), key="nowhere")


async def test_a_schema_that_is_none_is_a_fault():
    ctx = soap("<a/>")
    ctx.environment.deploy(entry("bad", "<x/>"))
    with pytest.raises(MediationError, match=r"^Error creating a new schema objects for schemas : bad$"):
        await validated(ctx, key="bad")


async def test_a_schema_that_changes_is_used_at_once():
    step = mediator(f'<validate cache-schema="true"><schema key="k"/>{ON_FAIL}</validate>')
    for schema, failed in ((XSD, None), (XSD.replace('"n"', '"o"'), "true")):
        ctx = message('<a n="1"/>', "application/xml", entry("k", schema))
        await step.mediate(ctx)
        assert ctx.get("failed") == failed


def test_what_has_no_effect_is_remarked():
    xml = f'<validate cache-schema="false"><schema key="k"/><feature name="f" value="true"/>{ON_FAIL}</validate>'
    assert [finding.message for finding in compilation(xml).findings] == [
        "cache-schema of <validate> has no effect: what is compiled is kept until it changes",
        '<feature name="f"> of <validate> has no effect',
    ]


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        (f"<validate>{ON_FAIL}</validate>", "No schema specified for the validate mediator"),
        (
            '<validate><schema key="k"/></validate>',
            "A non-empty <on-fail> child element is required for the <validate> mediator",
        ),
        (
            '<validate><schema key="k"/><on-fail/></validate>',
            "A non-empty <on-fail> child element is required for the <validate> mediator",
        ),
    ],
)
def test_mistakes(xml: str, mistake: str):
    assert mistakes(xml) == [mistake]
