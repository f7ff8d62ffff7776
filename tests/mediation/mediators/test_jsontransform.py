import pytest

from mediation.errors import MediationError
from mediation.message import MessageContext
from tests.mediation.mediators.support import compilation, json, mediator, message, mistakes, soap
from tests.mediation.transformation.support import entry

SCHEMA = """<![CDATA[{"type": "object", "properties": {"n": {"type": "integer"}, "tags": {"type": "array"}},
"required": ["n"]}]]>"""


def transformed(xml: str, ctx: MessageContext) -> str:
    ctx.environment.deploy(entry("k", SCHEMA))
    assert mediator(xml).mediate(ctx) is True
    return ctx.payload.json_text()


def switches(**values: str) -> str:
    prefix = "synapse.commons.json.output."
    children = "".join(f'<property name="{prefix}{name}" value="{value}"/>' for name, value in values.items())
    return f"<jsontransform>{children}</jsontransform>"


def test_xml_is_converted_with_other_switches():
    ctx = soap("<r><n>007</n><m>7</m></r>")
    assert transformed(switches(autoPrimitive="false"), ctx) == '{"r":{"n":"007","m":"7"}}'
    assert ctx.payload.format("application/json")[0] == b'{"r":{"n":"007","m":"7"}}'


def test_a_json_body_is_converted_by_way_of_xml():
    assert transformed(switches(autoPrimitive="false"), json('{"n": 7}')) == '{"n":"7"}'


def test_the_type_of_the_message_stays():
    ctx = message("<r><n>7</n></r>", "application/xml")
    transformed(switches(autoPrimitive="false"), ctx)
    assert ctx.payload.media_type == "application/xml"


@pytest.mark.parametrize(
    "ctx", [json('{"n": "7", "tags": "a"}'), soap("<jsonObject><n>7</n><tags>a</tags></jsonObject>")]
)
def test_a_schema_puts_types_right(ctx: MessageContext):
    assert transformed('<jsontransform schema="k"/>', ctx) == '{"n":7,"tags":["a"]}'


def test_what_does_not_fit_is_a_fault():
    with pytest.raises(MediationError, match="is not of type"):
        transformed('<jsontransform schema="k"/>', json('{"n": "seven"}'))
    with pytest.raises(MediationError, match="required"):
        transformed('<jsontransform schema="k"/>', json("{}"))


def test_a_schema_that_is_not_there_is_a_fault():
    with pytest.raises(MediationError, match=r"^Schema does not exist in the specified location : nowhere$"):
        transformed('<jsontransform schema="nowhere"/>', json("{}"))


def test_an_empty_body_stays_empty():
    ctx = message()
    mediator(switches(autoPrimitive="false")).mediate(ctx)
    assert not ctx.payload.modified


def test_a_switch_without_effect_is_warned_of():
    [warning] = compilation(switches(xmloutAutoArray="false")).warnings
    assert warning.message == "synapse.commons.json.output.xmloutAutoArray has no effect on XML that becomes JSON"


def test_mistakes():
    assert mistakes("<jsontransform><property name='a'/></jsontransform>") == [
        "<property> of <jsontransform> needs a name and a value"
    ]
    [mistake] = mistakes(switches(autoPrimitive="perhaps"))
    assert "is not true or false" in mistake
