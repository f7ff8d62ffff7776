import json as stdlib_json
import logging

import pytest
from lxml import etree

from mediation.errors import MediationError, PayloadError
from mediation.message import MessageContext
from tests.mediation.mediators.support import json, mediator, message, mistakes, soap

ORDER = "<m:order xmlns:m='urn:m'><m:id kind='old'>1</m:id><m:note/></m:order>"


def enrich(source: str, target: str, ctx: MessageContext) -> MessageContext:
    assert mediator(f"<enrich><source {source}<target {target}</enrich>").mediate(ctx) is True
    return ctx


def body(ctx: MessageContext) -> str:
    """The children of the Body, without the declarations of the prefix m."""
    text = "".join(etree.tostring(child, encoding="unicode") for child in ctx.payload.body)
    return text.replace(' xmlns:m="urn:m"', "").replace(
        ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"', ""
    )


# -- XML

INLINE_XML = 'type="inline"><m:new/></source>'


@pytest.mark.parametrize(
    ("source", "target", "result"),
    [
        (INLINE_XML, 'xpath="//m:id"/>', "<m:order><m:new/><m:note/></m:order>"),
        (
            INLINE_XML,
            'xpath="//m:id" action="child"/>',
            '<m:order><m:id kind="old">1<m:new/></m:id><m:note/></m:order>',
        ),
        (
            INLINE_XML,
            'xpath="//m:id" action="sibling"/>',
            '<m:order><m:id kind="old">1</m:id><m:new/><m:note/></m:order>',
        ),
        (INLINE_XML, 'xpath="//m:id/text()"/>', '<m:order><m:id kind="old"><m:new/></m:id><m:note/></m:order>'),
        (INLINE_XML, 'type="body"/>', "<m:new/>"),
        (INLINE_XML, 'type="body" action="sibling"/>', '<m:order><m:id kind="old">1</m:id><m:note/></m:order><m:new/>'),
        (INLINE_XML, 'type="body" action="child"/>', '<m:order><m:id kind="old">1</m:id><m:note/><m:new/></m:order>'),
        (
            'type="inline">two words</source>',
            'xpath="//m:id"/>',
            '<m:order><m:id kind="old">two words</m:id><m:note/></m:order>',
        ),
        (
            'type="inline">new</source>',
            'xpath="//m:id/@kind"/>',
            '<m:order><m:id kind="new">1</m:id><m:note/></m:order>',
        ),
        (
            'type="inline">9</source>',
            'xpath="//m:id/text()"/>',
            '<m:order><m:id kind="old">9</m:id><m:note/></m:order>',
        ),
        (
            'xpath="//m:id"/>',
            'xpath="//m:note" action="child"/>',
            '<m:order><m:id kind="old">1</m:id><m:note><m:id kind="old">1</m:id></m:note></m:order>',
        ),
        (
            'xpath="//m:id" clone="false"/>',
            'xpath="//m:note" action="child"/>',
            '<m:order><m:note><m:id kind="old">1</m:id></m:note></m:order>',
        ),
        (
            'xpath="string(//m:id)"/>',
            'xpath="//m:note"/>',
            '<m:order><m:id kind="old">1</m:id><m:note>1</m:note></m:order>',
        ),
        ('xpath="//m:id"/>', 'type="body"/>', '<m:id kind="old">1</m:id>'),
        (
            'type="body"/>',
            'xpath="//m:note"/>',
            '<m:order><m:id kind="old">1</m:id><m:order><m:id kind="old">1</m:id><m:note/></m:order></m:order>',
        ),
    ],
)
def test_xml_goes_from_the_source_to_the_target(source: str, target: str, result: str):
    ctx = enrich(source, target, soap(ORDER))
    assert body(ctx) == result
    assert ctx.payload.modified


def test_text_around_a_replaced_element_stays():
    assert (
        body(enrich(INLINE_XML, 'xpath="//m:b"/>', soap("<m:a xmlns:m='urn:m'>x<m:b/>y</m:a>")))
        == "<m:a>x<m:new/>y</m:a>"
    )


def test_only_the_first_child_of_the_body_is_replaced():
    assert body(enrich(INLINE_XML, 'type="body"/>', soap("<a/><b/>"))) == "<m:new/><b/>"


def test_xml_becomes_the_body_of_a_message_without_one():
    ctx = enrich(INLINE_XML, 'type="body"/>', message())
    assert ctx.payload.format()[0] == b'<m:new xmlns:m="urn:m"/>'


def test_each_message_gets_its_own_copy_of_the_inline_element():
    step = mediator(f'<enrich><source {INLINE_XML}<target xpath="//m:note" action="child"/></enrich>')
    first, second = soap(ORDER), soap(ORDER)
    step.mediate(first)
    step.mediate(second)
    assert body(first) == body(second)


def test_expressions_in_inline_xml_are_filled_in_as_text_or_as_elements():
    ctx = soap(ORDER)
    ctx.set("text", 'a < b "c"')
    enrich(
        'type="inline"><m:new at="{$ctx:text}"><m:t>{$ctx:text}</m:t>{//m:note}</m:new></source>', 'type="body"/>', ctx
    )
    assert body(ctx) == '<m:new at="a &lt; b &quot;c&quot;"><m:t>a &lt; b "c"</m:t><m:note/></m:new>'


def test_a_local_entry_is_copied_for_each_message():
    entry = '<localEntry key="e" xmlns="http://ws.apache.org/ns/synapse"><x:a xmlns:x="urn:x"/></localEntry>'
    step = mediator('<enrich><source type="inline" key="e" clone="false"/><target type="body"/></enrich>')
    for _ in range(2):
        ctx = message("<x/>", "application/xml", entry)
        step.mediate(ctx)
        assert ctx.payload.first_child.tag == "{urn:x}a"


def test_a_body_kept_in_a_property_comes_back():
    ctx = enrich('type="body"/>', 'type="property" property="kept"/>', soap(ORDER))
    kept = ctx.get("kept")
    assert [element.tag for element in kept] == ["{urn:m}order"]
    ctx.payload.replace_body(etree.Element("other"))
    enrich('type="property" property="kept"/>', 'type="body"/>', ctx)
    enrich('type="inline">2</source>', 'xpath="//m:id"/>', ctx)
    assert body(ctx) == '<m:order><m:id kind="old">2</m:id><m:note/></m:order>'
    assert kept[0][0].text == "1", "what is in the message is a copy"


def test_an_envelope_kept_in_a_property_comes_back():
    ctx = enrich('type="envelope"/>', 'type="property" property="kept"/>', soap(ORDER, "<m:h/>"))
    ctx.payload.replace_envelope(soap("<other/>").payload.envelope)
    enrich('type="property" property="kept"/>', 'type="envelope"/>', ctx)
    assert body(ctx).startswith("<m:order>")
    assert ctx.payload.header is not None


def test_what_is_no_envelope_does_not_become_one():
    with pytest.raises(MediationError, match="A SOAPEnvelope is expected"):
        enrich(INLINE_XML, 'type="envelope"/>', soap(ORDER))


def test_text_in_a_property_is_text():
    ctx = enrich('xpath="//m:id/text()"/>', 'type="property" property="id"/>', soap(ORDER))
    assert ctx.get("id") == "1"


def test_a_child_is_added_to_xml_in_a_property():
    ctx = enrich(INLINE_XML, 'type="property" property="p" action="child"/>', message(p=etree.XML("<a/>")))
    assert etree.tostring(ctx.get("p"), encoding="unicode") == '<a><m:new xmlns:m="urn:m"/></a>'


def test_a_property_of_another_scope_is_a_target():
    ctx = soap(ORDER)
    held = etree.XML("<content/>")
    ctx.set("held", held, "operation")
    enrich('xpath="//m:note"/>', """xpath="get-property('operation', 'held')" action="child"/>""", ctx)
    assert len(ctx.get("held", "operation")) == 1
    assert len(held) == 0, "other messages of the exchange may hold the old element"


def test_a_header_block_is_added():
    ctx = enrich(INLINE_XML, 'xpath="$header" action="child"/>', soap(ORDER, "<m:h/>"))
    assert [block.tag for block in ctx.payload.header] == ["{urn:m}h", "{urn:m}new"]


def test_an_empty_source_changes_nothing(caplog: pytest.LogCaptureFixture):
    ctx = enrich('xpath="//m:missing"/>', 'xpath="//m:id"/>', soap(ORDER))
    assert not ctx.payload.modified
    assert [record.message for record in caplog.records] == [
        "Specified node by xpath cannot be found.",
        "Cannot Enrich message from an empty source.",
    ]


def test_a_target_that_is_not_there_is_a_fault():
    with pytest.raises(MediationError, match=r"^Invalid Target object to be enrich\.$"):
        enrich(INLINE_XML, 'xpath="//m:missing"/>', soap(ORDER))


def test_what_an_xpath_finds_in_a_property_is_no_target():
    ctx = soap(ORDER)
    ctx.set("held", etree.fromstring("<held><item/></held>"))
    with pytest.raises(MediationError, match=r"^Invalid Target object to be enrich\.$"):
        enrich(INLINE_XML, 'xpath="$ctx:held/item" action="child"/>', ctx)
    assert not ctx.payload.modified


@pytest.mark.parametrize("namespace", ["", 'xmlns="urn:default"'])
def test_an_element_cannot_move_into_itself(namespace):
    with pytest.raises(MediationError, match="an element into itself"):
        enrich(
            'xpath="//m:order" clone="false"/>',
            'xpath="//m:note" action="child"/>',
            soap(f"<x {namespace}>{ORDER}</x>"),
        )


def test_an_element_that_moves_keeps_its_default_namespace():
    ctx = message('<a xmlns="urn:a"><b><c/></b></a>', "application/xml")
    enrich('xpath="//*[local-name() = \'b\']" clone="false"/>', 'type="body"/>', ctx)
    assert ctx.payload.format(charset=None)[0] == b'<b xmlns="urn:a"><c/></b>'


def test_a_property_that_is_xml_makes_an_xml_body_of_json():
    ctx = json('{"a": 1}')
    ctx.set("p", etree.XML("<x><y>1</y></x>"))
    enrich('type="property" property="p"/>', 'type="body"/>', ctx)
    assert ctx.payload.json() == {"x": {"y": 1}}


# -- JSON

BODY = '{"id": 1.50, "order": {"lines": [1, 2]}, "tags": []}'


def result(ctx: MessageContext) -> object:
    return stdlib_json.loads(ctx.payload.json_text())


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ('type="inline">{"a": 1}</source>', 'xpath="json-eval($.order)"/>', {"id": 1.5, "order": {"a": 1}, "tags": []}),
        (
            'type="inline">word</source>',
            'xpath="json-eval($.id)"/>',
            {"id": "word", "order": {"lines": [1, 2]}, "tags": []},
        ),
        (
            'type="inline">{"a": 1}</source>',
            'xpath="json-eval($)" action="child"/>',
            {"id": 1.5, "order": {"lines": [1, 2]}, "tags": [], "a": 1},
        ),
        (
            'type="inline">7</source>',
            'xpath="json-eval($.order.lines)" action="child"/>',
            {"id": 1.5, "order": {"lines": [1, 2, 7]}, "tags": []},
        ),
        (
            'type="inline">7</source>',
            'xpath="json-eval($.order.lines[-1])"/>',
            {"id": 1.5, "order": {"lines": [1, 7]}, "tags": []},
        ),
        (
            'type="inline">7</source>',
            'xpath="json-eval($.order.lines[*])"/>',
            {"id": 1.5, "order": {"lines": [7, 7]}, "tags": []},
        ),
        ('xpath="json-eval($.order)"/>', 'type="body"/>', {"lines": [1, 2]}),
        (
            'xpath="json-eval($.order.lines)" clone="false"/>',
            'xpath="json-eval($.tags)"/>',
            {"id": 1.5, "order": {}, "tags": [1, 2]},
        ),
        (
            'xpath="json-eval($.order.lines)"/>',
            'xpath="json-eval($.order)"/>',
            {"id": 1.5, "order": [1, 2], "tags": []},
        ),
        (
            'type="body"/>',
            'xpath="json-eval($.tags)" action="child"/>',
            {"id": 1.5, "order": {"lines": [1, 2]}, "tags": [{"id": 1.5, "order": {"lines": [1, 2]}, "tags": []}]},
        ),
        (
            'type="inline">number</source>',
            'type="key" xpath="json-eval($.id)"/>',
            {"order": {"lines": [1, 2]}, "tags": [], "number": 1.5},
        ),
        (
            'xpath="json-eval($.id, $.order.lines[0])"/>',
            'type="body" action="remove"/>',
            {"order": {"lines": [2]}, "tags": []},
        ),
        ('xpath="json-eval($..lines)"/>', 'type="body" action="remove"/>', {"id": 1.5, "order": {}, "tags": []}),
        (
            'type="inline">1</source>',
            'xpath="json-eval($.missing)"/>',
            {"id": 1.5, "order": {"lines": [1, 2]}, "tags": []},
        ),
    ],
)
def test_json_goes_from_the_source_to_the_target(source: str, target: str, expected: object):
    assert result(enrich(source, target, json(BODY))) == expected


def test_an_expression_of_synapse_is_a_source_of_json():
    ctx = enrich('xpath="${payload.order.lines}"/>', 'xpath="json-eval($.order)"/>', json(BODY))
    assert result(ctx)["order"] == [1, 2]


def test_numbers_keep_their_digits():
    ctx = enrich('type="inline">1</source>', 'xpath="json-eval($.tags)" action="child"/>', json(BODY))
    assert '"id":1.50' in ctx.payload.json_text()


def test_json_keeps_the_type_of_its_message():
    ctx = message(BODY, "application/vnd.order+json")
    enrich('type="inline">1</source>', 'xpath="json-eval($.id)"/>', ctx)
    assert ctx.payload.format()[1].startswith("application/vnd.order+json")


def test_a_frame_of_no_type_that_is_json_stays_json():
    ctx = message()
    ctx.payload = type(ctx.payload)(BODY, None, is_frame=True, guess=True)
    enrich('type="inline">1</source>', 'xpath="json-eval($.id)"/>', ctx)
    assert result(ctx)["id"] == 1


def test_what_was_read_before_does_not_change():
    ctx = json(BODY)
    before = ctx.payload.json()
    enrich('type="inline">1</source>', 'xpath="json-eval($.order.lines)" action="child"/>', ctx)
    assert before["order"]["lines"] == [1, 2]


def test_json_in_a_property_is_text():
    ctx = enrich('type="body"/>', 'type="property" property="kept"/>', json(BODY))
    assert ctx.get("kept") == '{"id":1.50,"order":{"lines":[1,2]},"tags":[]}'
    assert enrich('xpath="json-eval($.order)"/>', 'type="property" property="o"/>', ctx).get("o") == '{"lines":[1,2]}'


def test_a_string_in_a_property_has_no_quotes():
    ctx = enrich('xpath="json-eval($.name)"/>', 'type="property" property="p"/>', json('{"name": "a b"}'))
    assert ctx.get("p") == "a b"
    assert result(enrich('type="property" property="p"/>', 'xpath="json-eval($.name)"/>', ctx)) == {"name": "a b"}


def test_a_child_is_added_to_an_array_in_a_property():
    ctx = json('{"a": 1}')
    enrich('type="inline">[]</source>', 'type="property" property="p"/>', ctx)
    enrich('type="body"/>', 'type="property" property="p" action="child"/>', ctx)
    assert ctx.get("p") == '[{"a":1}]'


def test_paths_are_removed_from_a_property():
    ctx = json("{}")
    ctx.set("p", '{"a":1,"b":2}')
    enrich('xpath="json-eval($.a)"/>', 'type="property" property="p" action="remove"/>', ctx)
    assert ctx.get("p") == '{"b":2}'


def test_json_text_replaces_an_xml_body():
    ctx = soap(ORDER)
    ctx.set("p", '{"a":1}')
    enrich('type="property" property="p"/>', 'type="body"/>', ctx)
    assert ctx.payload.is_json
    assert ctx.payload.media_type == "text/xml", "messageType decides what leaves"


@pytest.mark.parametrize(
    ("inline", "expected"),
    [
        ('{"p": "{$ctx:p}"}', {"p": 'x "y"'}),
        ('{"p": {$ctx:p}}', {"p": 'x "y"'}),
        ('{"p": {$ctx:number}}', {"p": 3}),
        ('{"p": "{$ctx:number}"}', {"p": "3"}),
        ('{"p": {json-eval($.o)}}', {"p": {"a": 1}}),
        ('{"p": ${payload.o}, "q": "${payload.o.a} of {$ctx:number}"}', {"p": {"a": 1}, "q": "1 of 3"}),
    ],
)
def test_expressions_in_inline_json_are_filled_in(inline: str, expected: object):
    ctx = json('{"o": {"a": 1}}')
    ctx.set("p", 'x "y"')
    ctx.set("number", "3")
    assert result(enrich(f'type="inline">{inline}</source>', 'type="body"/>', ctx)) == expected


def test_a_missing_property_in_quotes_is_a_fault():
    with pytest.raises(MediationError):
        enrich('type="inline">{"p": "{$ctx:p}"}</source>', 'xpath="json-eval($)" action="child"/>', json("{}"))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ('xpath="json-eval($.missing)"/>', 'type="property" property="p"/>'),
        ('type="property" property="missing"/>', 'type="body"/>'),
        ('xpath="json-eval($.missing)"/>', 'type="body" action="remove"/>'),
        ('type="inline">x</source>', 'type="key" xpath="json-eval($.missing)"/>'),
        ('type="inline">{}</source>', 'type="key" xpath="json-eval($.id)"/>'),
        ('type="inline">{}</source>', 'xpath="json-eval($.missing)" action="child"/>'),
    ],
)
def test_a_path_that_leads_nowhere_is_a_fault(source: str, target: str):
    with pytest.raises(MediationError):
        enrich(source, target, json(BODY))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ('type="inline">1</source>', 'xpath="json-eval($.order)" action="sibling"/>'),
        ('type="inline">1</source>', 'xpath="json-eval($.order)" action="child"/>'),
        ('type="inline">1</source>', 'type="body"/>'),
        ('type="inline">{}</source>', 'type="body" action="child"/>'),
        ('type="inline">{}</source>', 'type="property" property="p" action="sibling"/>'),
        ('type="inline">{}</source>', 'type="property" property="p" action="child"/>'),
    ],
)
def test_what_json_cannot_do_is_logged_and_changes_nothing(source: str, target: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        assert result(enrich(source, target, json(BODY))) == stdlib_json.loads(BODY)
    assert len(caplog.records) == 1


def test_a_body_that_is_not_json_is_a_fault():
    with pytest.raises(PayloadError):
        enrich('type="body"/>', 'type="property" property="p"/>', json("{"))


def test_a_body_that_is_enriched_is_sent():
    ctx = message("{}", "application/json")
    ctx.set("NO_ENTITY_BODY", "true", "axis2")
    assert enrich('type="inline">{"a": 1}</source>', 'type="body"/>', ctx).get("NO_ENTITY_BODY", "axis2") is None


# -- grammar


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<enrich><target type='body'/></enrich>", "<enrich> needs a child <source>"),
        ("<enrich><source type='body'/></enrich>", "<enrich> needs a child <target>"),
        ("<enrich><source/><target type='body'/></enrich>", "xpath attribute is required for CUSTOM type"),
        ("<enrich><source type='inline'/><target type='body'/></enrich>", "XML element is required for INLINE type"),
        (
            "<enrich><source type='body'/><target type='inline'/></enrich>",
            '<target> type "inline" is not one of custom, envelope, body, property, key',
        ),
        (
            "<enrich><source type='inline'>1</source><target xpath='json-eval($)'/></enrich>",
            "Acting replace is not supported for root path in type custom. Please use type body action replace instead",
        ),
        (
            "<enrich><source type='body'/><target type='property' property='p' action='remove'/></enrich>",
            "Wrong combination of source type and target action",
        ),
        (
            "<enrich><source xpath='json-eval($.a)'/><target xpath='json-eval($.a)' action='remove'/></enrich>",
            "Wrong combination of target type and target action",
        ),
        (
            "<enrich><source type='body'/><target type='key' xpath='json-eval($.a)'/></enrich>",
            "Wrong combination of source type and target type",
        ),
        (
            "<enrich><source type='inline'>a</source><target type='key' action='child' xpath='json-eval(a)'/></enrich>",
            "Wrong combination of target type and target action",
        ),
        (
            "<enrich><source type='inline'>a</source><target type='envelope' action='child'/></enrich>",
            "Invalid target action",
        ),
    ],
)
def test_mistakes(xml: str, mistake: str):
    assert mistakes(xml) == [mistake]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("type='envelope'", "type='envelope'"),
        ("type='envelope'", "type='body'"),
        ("type='envelope'", "xpath='//a'"),
        ("type='body'", "type='envelope'"),
        ("type='body'", "type='body'"),
        ("xpath='//a'", "type='envelope'"),
    ],
)
def test_combinations_that_make_no_sense(source: str, target: str):
    xml = f"<enrich><source {source}/><target {target}/></enrich>"
    assert mistakes(xml) == ["Wrong combination of source and target type"]


def test_removing_xml_is_not_runnable():
    [mistake] = mistakes("<enrich><source xpath='//a'/><target type='body' action='remove'/></enrich>")
    assert "action remove for XML" in mistake
