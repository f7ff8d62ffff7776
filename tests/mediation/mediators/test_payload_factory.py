import json as json_

import pytest

from mediation.errors import MediationError
from mediation.headers import Headers
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.mediators.support import compilation, json, mediator, message, mistakes, soap


def factory(format_: str, *args: str, media: str = "xml", attributes: str = "") -> str:
    return (
        f'<payloadFactory media-type="{media}" {attributes}><format xmlns:p="urn:p">{format_}</format>'
        f"<args>{''.join(args)}</args></payloadFactory>"
    )


def freemarker(template: str, *args: str, media: str = "json") -> str:
    return factory(f"<![CDATA[{template}]]>", *args, media=media, attributes='template-type="FreeMarker"')


def run(xml: str, ctx=None):
    """The message after the mediator."""
    ctx = ctx or message()
    assert mediator(xml).mediate(ctx) is True
    return ctx


def body(xml: str, ctx=None) -> str:
    """The body as a WebSocket frame would carry it."""
    ctx = run(xml, ctx)
    return ctx.payload.as_frame(ctx.get("messageType", "axis2"))


def arg(expression: str, attributes: str = "") -> str:
    return f'<arg expression="{expression}" {attributes}/>'


def argument(value: str, media: str, attributes: str = "") -> str:
    """What an argument with that value becomes in a template."""
    ctx = message(v=value)
    if 'evaluator="json"' in attributes:
        ctx = json(json_.dumps({"v": value}))
        return body(factory(_template(media), arg("$.v", attributes), media=media), ctx)
    return body(factory(_template(media), arg("$ctx:v", attributes), media=media), ctx)


def _template(media: str) -> str:
    return {"xml": '<a xmlns="">$1</a>', "json": '{"a": "$1"}', "text": "$1"}[media]


# -- results


def test_xml_replaces_the_content_of_the_soap_body():
    ctx = run(
        factory("<p:order><p:symbol>$1</p:symbol></p:order>", arg("//m:symbol")),
        soap("<m:symbol>IBM</m:symbol><m:x/>", "<m:h/>"),
    )

    assert [child.tag for child in ctx.payload.body] == ["{urn:p}order"]
    assert ctx.payload.first_child[0].text == "IBM"
    assert ctx.payload.header[0].tag == "{urn:m}h"


def test_xml_that_is_an_envelope_replaces_the_envelope():
    ctx = run(
        factory(
            '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><p:h/></e:Header><e:Body><p:a>$1</p:a></e:Body></e:Envelope>',
            '<arg value="1"/>',
        ),
        soap("<m:x/>"),
    )

    assert ctx.payload.soap_version == "soap12"
    assert ctx.payload.header[0].tag == "{urn:p}h"
    assert ctx.payload.first_child.text == "1"


def test_the_template_has_the_namespaces_of_where_it_stands():
    assert body(factory("<root><p:a/></root>")) == f'<root xmlns="{SYNAPSE_NS}" xmlns:p="urn:p"><p:a/></root>'


def test_what_only_indents_the_template_is_left_out():
    assert body(factory('\n <a xmlns="">\n  <b> x </b>\n  <c> </c>\n </a>\n')) == '<a xmlns=""><b> x </b><c/></a>'


def test_json_replaces_the_body():
    ctx = run(factory('{"symbol": "$1"}', arg("//m:symbol"), media="json"), soap("<m:symbol>IBM</m:symbol>"))

    assert ctx.payload.json() == {"symbol": "IBM"}


def test_text_replaces_the_body():
    assert body(factory("Hello $1\n", '<arg value="world"/>', media="text"), json("[1]")) == "Hello world"


@pytest.mark.parametrize(
    ("media", "came_as", "leaves_as"),
    [
        ("xml", "application/json", "application/xml"),
        ("xml", "text/plain", "application/xml"),
        ("xml", None, "application/xml"),
        ("json", "text/xml", "application/json"),
        ("text", "text/xml", "text/plain"),
    ],
)
def test_the_message_gets_the_content_type_of_its_new_body(media, came_as, leaves_as):
    ctx = message(None, came_as)
    ctx.headers = Headers([("Content-Type", came_as or "")])
    ctx.set("NO_ENTITY_BODY", True, "axis2")

    run(factory(_template(media), '<arg value="1"/>', media=media), ctx)

    assert ctx.get("messageType", "axis2") == ctx.headers.get("Content-Type") == leaves_as
    assert ctx.get("NO_ENTITY_BODY", "axis2") is None


@pytest.mark.parametrize("came_as", ["text/xml", "application/soap+xml", "application/xml"])
def test_some_xml_stays_the_same_xml(came_as):
    ctx = run(factory("<a/>"), message(None, f"{came_as}; charset=utf-8"))

    assert ctx.get("messageType", "axis2") is None


def test_message_type_says_what_the_message_was():
    ctx = message(None, "application/json")
    ctx.set("messageType", "text/xml", "axis2")

    run(factory("<a/>"), ctx)

    assert ctx.get("messageType", "axis2") == "text/xml"


# -- arguments


@pytest.mark.parametrize(
    ("media", "attributes", "value", "result"),
    [
        # text is escaped for where it goes
        ("xml", "", "a<b & \"c\" 'd'", "a&lt;b &amp; \"c\" 'd'"),
        ("xml", "", "a\x01b", "ab"),
        ("json", "", 'say "hi"\\\n\t\x01', 'say \\"hi\\"\\\\\\n\\t\\u0001'),
        ("json", "", "$1 costs $2", "$1 costs $2"),
        ("text", "", "<a & b>", "<a & b>"),
        # XML stays XML, and becomes JSON in JSON
        ("xml", "", "<b>1</b><b/>", "<b>1</b><b/>"),
        ("xml", "", "<b>", "&lt;b&gt;"),
        ("text", "", "<b>1</b>", "<b>1</b>"),
        # JSON becomes XML in XML only if it came by JSONPath
        ("xml", "", '{"b": 1}', '{"b": 1}'),
        ("xml", 'evaluator="json"', '{"b": 1, "c": [2, 3]}', "<b>1</b><c>2</c><c>3</c>"),
        ("xml", 'evaluator="json"', "[draft] title", "[draft] title"),
        ("xml", 'evaluator="json" literal="true"', '{"b": "&"}', '{"b": "&amp;"}'),
        ("json", 'literal="true"', '{\n"b": 1}', '{\\n\\"b\\": 1}'),
        ("json", 'literal="true"', "<b/>", "<b/>"),
        ("json", 'evaluator="json"', "<b/>", "<b/>"),
        ("json", "", '[draft] "title"', '[draft] \\"title\\"'),
    ],
)
def test_an_argument_takes_the_form_of_the_template(media, attributes, value, result):
    before, after = _template(media).split("$1")
    assert argument(value, media, attributes) == f"{before}{result}{after}"


@pytest.mark.parametrize(
    ("value", "result"),
    [("<b>1</b><c/>", {"b": 1, "c": None}), ('{"b": [1]}', {"b": [1]}), ("[1]", [1]), ("7", 7), ("true", True)],
)
def test_structures_and_literals_go_into_json_without_quotes(value, result):
    assert json_.loads(body(factory('{"a": $1}', arg("$ctx:v"), media="json"), message(v=value))) == {"a": result}


def test_an_element_goes_into_json_as_an_object():
    ctx = soap("<m:order><m:id>7</m:id><m:tag>a</m:tag><m:tag>b</m:tag></m:order>")

    assert json_.loads(body(factory("$1", arg("//m:order"), media="json"), ctx)) == {
        "order": {"id": 7, "tag": ["a", "b"]}
    }


def test_a_json_path_may_be_bare():
    ctx = json('{"a": {"b": "x"}}')

    assert (
        body(
            factory(
                "$1$2$3",
                *(arg(path, 'evaluator="json"') for path in ("$.a.b", "json-eval($.a.b)", "a.b")),
                media="text",
            ),
            ctx,
        )
        == "xxx"
    )


def test_a_value_is_escaped_for_xml_unless_it_is_xml():
    args = '<arg value="a &amp; b"/>', '<arg value="&lt;b/&gt;"/>'

    assert body(factory('<a xmlns="">$1$2</a>', *args)) == '<a xmlns="">a &amp; b<b/></a>'
    assert body(factory("$1 $2", *args, media="text")) == "a &amp; b <b/>"


def test_a_missing_value_is_empty():
    assert body(factory("[$1]", arg("$ctx:missing"), media="json")) == "[]"


@pytest.mark.parametrize(("value", "result"), [("hi", '["hi"]'), ("12", "[12]"), ("true", "[true]"), ("", '[""]')])
def test_a_property_makes_strings_bring_their_own_quotes(value, result):
    ctx = message(v=value, QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON="true")

    assert body(factory("[$1]", arg("$ctx:v"), media="json"), ctx) == result


def test_ten_arguments_are_told_from_one():
    args = [f'<arg value="{number}"/>' for number in range(1, 11)]

    assert body(factory("$10 $1 $10", *args, media="text")) == "10 1 10"


def test_a_number_without_an_argument_stays_and_is_logged(caplog):
    assert body(factory("$1 $2 $0", '<arg value="1"/>', media="text")) == "1 $2 $0"
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
    assert caplog.messages[0] == "#replace. Mis-match detected between number of formatters and arguments: $2"


# -- expressions in templates


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ('{"a": ${vars.number}}', '{"a": 123}'),
        ('{"a": "${vars.number}"}', '{"a": "123"}'),
        ('{"a": "no. ${vars.number}!"}', '{"a": "no. 123!"}'),
        ('{"a": "${payload.text}"}', r'{"a": "[x]\ny\"}"}'),
        ('{"a": ${payload.text}}', r'{"a": "[x]\ny\"}"}'),
        ('{"a": ${payload.yes}, "b": "${payload.yes}"}', '{"a": true, "b": "true"}'),
        ('{"a": ${payload.none}, "b": ${payload.digits}}', '{"a": null, "b": "007"}'),
        ('{"a": ${payload.pet}}', '{"a": {"type":"cat","tags":[1]}}'),
        ('{"a": "${payload.pet}"}', r'{"a": "{\"type\":\"cat\",\"tags\":[1]}"}'),
        ('{"a": ${vars.xml}}', '{"a": {"fruit":"apple"}}'),
        ('{"a": "${vars.xml}"}', '{"a": "<fruit>apple</fruit>"}'),
        (r'{"a\"": "${vars.number}"}', r'{"a\"": "123"}'),
        ('{"${vars.number}": $1}', '{"123": 1}'),
        ("${payload.pet}", '{"type":"cat","tags":[1]}'),
        ('{"a": "${vars.dollar}"}', '{"a": "$1 ${vars.number}"}'),
    ],
)
def test_expressions_in_a_json_template(template: str, result: str):
    assert body(factory(template, '<arg value="1"/>', media="json"), _pets()) == result


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ('<a xmlns="">${vars.angle}</a>', '<a xmlns="">123&lt;456</a>'),
        ('<a xmlns="">${payload.pet}</a>', '<a xmlns=""><type>cat</type><tags>1</tags></a>'),
        ('<a xmlns="">${vars.xml}</a>', '<a xmlns=""><fruit>apple</fruit></a>'),
        ('<a xmlns="" b="${payload.text}"/>', '<a xmlns="" b="[x] y&quot;}"/>'),
        ("<a xmlns=\"\">${vars.number &gt; 5 ? 'more' : 'less'}</a>", '<a xmlns="">more</a>'),
        ('<a xmlns="">${vars.number}$1</a>', '<a xmlns="">1231</a>'),
    ],
)
def test_expressions_in_an_xml_template(template: str, result: str):
    assert body(factory(template, '<arg value="1"/>'), _pets()) == result


def test_xpath_in_a_template_sees_the_prefixes_of_the_format():
    ctx = soap("<m:pet xmlns:m='urn:p'><name>Tom</name></m:pet>")

    assert body(
        factory('{"pet": ${xpath(\'//p:pet/name\')}, "n": "${xpath(\'//p:pet/name\')}"}', media="json"), ctx
    ) == ('{"pet": "Tom", "n": "Tom"}')


def test_expressions_in_a_text_template():
    assert body(factory("${vars.angle} ${payload.pet.type}", media="text"), _pets()) == "123<456 cat"


def _pets():
    ctx = json(
        r'{"text": "[x]\ny\"}", "yes": true, "none": null, "digits": "007", "pet": {"type": "cat", "tags": [1]}}'
    )
    ctx.variables.update(number=123, angle="123<456", xml="<fruit>apple</fruit>", dollar="$1 ${vars.number}")
    return ctx


# -- FreeMarker


def test_a_freemarker_template_sees_the_message():
    ctx = json('{"first": "Ada", "pets": [{"n": "Tom", "age": 4}, {"n": "Rex", "age": 1}], "none": null}')
    ctx.variables.update(id=1234, xml=[])
    ctx.set("uri.var.x", True)
    ctx.set("HTTP_SC", 200, "axis2")
    ctx.headers.set("X-Trace", "t")
    template = """{
      "name": "${payload.first}", "id": ${vars.id?c}, "p": "${ctx["uri.var.x"]}", "sc": ${axis2.HTTP_SC},
      "trace": "${trp["x-trace"]}", "arg": "${args.arg1}", "none": "${payload.none!"-"}", "arg2": "${args.arg2!}",
      "pets": [<#list payload.pets as pet>"${pet.n?upper_case} ${pet.age}"<#if pet_has_next>, </#if></#list>]
    }"""

    after = run(freemarker(template, '<arg value="one"/>'), ctx)

    assert after.payload.json() == {
        "name": "Ada",
        "id": 1234,
        "p": "true",
        "sc": 200,
        "trace": "t",
        "arg": "one",
        "none": "-",
        "arg2": "",
        "pets": ["TOM 4", "REX 1"],
    }


def test_a_freemarker_template_sees_xml_by_names():
    template = "<o><#list payload.order.item as item><i>${item.@id}: ${item}</i></#list></o>"
    ctx = soap('<m:order><m:item id="1">a</m:item><m:item id="2">b</m:item></m:order>')

    assert "<o><i>1: a</i><i>2: b</i></o>" in body(freemarker(template, media="xml"), ctx).replace(' xmlns=""', "")


def test_a_freemarker_template_sees_text():
    assert body(freemarker('{"t": "${payload}"}'), message("hello", "text/plain")) == '{"t": "hello"}'


def test_a_freemarker_template_that_misses_a_value_is_a_fault():
    with pytest.raises(MediationError, match=r"^Error parsing FreeMarking template$") as caught:
        run(freemarker("\n{${payload.none}}"), json("{}"))

    assert caught.value.detail == "line 2: a value is missing; use !, ?? or ?has_content where it may be"


def test_a_freemarker_template_may_lie_in_a_local_entry():
    entry = f'<localEntry xmlns="{SYNAPSE_NS}" key="t"><![CDATA[<#list 1..3 as i>${{i}}</#list>]]></localEntry>'
    xml = '<payloadFactory media-type="text" template-type="freemarker"><format key="t"/></payloadFactory>'

    assert body(xml, message(None, None, entry)) == "123"


def test_a_mistake_in_a_freemarker_template_has_its_line():
    (finding,) = compilation(freemarker("{\n\n<#macro x>}")).not_runnable

    assert finding.line == 3


# -- templates in local entries


@pytest.mark.parametrize(
    ("media", "content", "result"),
    [
        ("xml", '<a xmlns="">\n <b>$1</b>\n</a>', '<a xmlns=""><b>1</b></a>'),
        ("text", "Hello $1", "Hello 1"),
        ("json", "[$1]", "[1]"),
        ("json", "[${props.synapse.which}, $1]", '["t", 1]'),
    ],
)
def test_a_template_may_lie_in_a_local_entry(media, content, result):
    entry = f'<localEntry xmlns="{SYNAPSE_NS}" key="t">{content}</localEntry>'
    format_ = f'<payloadFactory media-type="{media}"><format key="{{$ctx:which}}"/>'
    xml = f'{format_}<args><arg value="1"/></args></payloadFactory>'

    assert body(xml, message(None, None, entry, which="t")) == result


def test_a_template_that_is_not_there_is_a_fault():
    with pytest.raises(MediationError, match=r"^Key nowhere not found$"):
        run('<payloadFactory><format key="nowhere"/></payloadFactory>')


# -- faults


@pytest.mark.parametrize(
    ("media", "template", "fault"),
    [
        ("xml", "<a b=''>$1</a>", "Error creating SOAP Envelope from source <a"),
        ("json", "nothing", "Error creating JSON Payload from source nothing"),
        ("json", "", "Error creating JSON Payload from source "),
    ],
)
def test_a_result_that_cannot_be_is_a_fault_and_leaves_the_body(media, template, fault):
    ctx = soap("<m:x/>")
    template = template.replace("b=''", 'b="$1"')

    with pytest.raises(MediationError) as caught:
        run(factory(template, arg("$ctx:v"), media=media), _with(ctx, v="<b/>"))

    assert caught.value.message.startswith(fault)
    assert not ctx.payload.modified


def _with(ctx, **properties):
    ctx.properties.update(properties)
    return ctx


def test_json_with_a_mistake_further_on_is_sent_as_it_is(caplog):
    assert argument("<hello/>", "json") == '{"a": "{"hello":null}"}'
    assert [record.levelname for record in caplog.records] == ["WARNING"]


# -- grammar


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<payloadFactory/>", "format element of payloadFactoryMediator is required"),
        ("<payloadFactory><format/></payloadFactory>", "<format> needs an element or text"),
        (factory("<a/>", "<arg/>"), "Unsupported arg type. value or expression attribute required"),
        (factory("<a/>", '<arg expression=" "/>'), "Attribute value for xpath cannot be empty"),
        (factory("<a/>", media="csv"), '<payloadFactory> media-type "csv" is not one of xml, json, text'),
        (
            factory("<a/>", attributes='template-type="velocity"'),
            '<payloadFactory> template-type "velocity" is not one of default, freemarker',
        ),
        (
            freemarker("{<#include 'x'>}"),
            "the FreeMarker directive <#include> is kept, but cannot run in this version",
        ),
        (
            factory('{"a": ${payload.}}', media="json"),
            'expression "payload." cannot be used: unexpected the end at 9',
        ),
        (
            factory("<a/>", arg("${payload.a}")),
            'expression "${payload.a}" cannot be used: synapse expressions do not run here; '
            "use it in the <format> itself",
        ),
    ],
)
def test_mistakes(xml, mistake):
    assert mistakes(xml) == [mistake]
