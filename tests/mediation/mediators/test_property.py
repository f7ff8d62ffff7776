import pytest
from lxml import etree

from mediation.errors import MediationError
from mediation.headers import Headers
from tests.mediation.mediators.support import json, mediator, message, mistakes, soap

CANNOT_CONVERT = (
    "Unknown type : {} for the property mediator or the property value cannot be converted into the specified type."
)


def run(xml: str, ctx=None):
    """The message after the mediator."""
    ctx = ctx or message()
    assert mediator(xml).mediate(ctx) is True
    return ctx


# -- values


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("STRING", " a ", " a "),
        ("STRING", "", ""),
        ("BOOLEAN", "TRUE", True),
        ("BOOLEAN", "yes", True),
        ("BOOLEAN", "1", True),
        ("BOOLEAN", "on", False),
        ("INTEGER", "-12", -12),
        ("INTEGER", "+12", 12),
        ("LONG", "9223372036854775807", 9223372036854775807),
        ("SHORT", "32767", 32767),
        ("FLOAT", "123.123", 123.123),
        ("DOUBLE", "1e3", 1000.0),
        ("JSON", '{ "a": [1, 2.50] }', '{"a":[1,2.50]}'),
        ("JSON", "hello", '"hello"'),
    ],
)
def test_a_value_has_its_type_whether_constant_or_evaluated(type_, text, value):
    escaped = text.replace('"', "&quot;")

    constant = run(f'<property name="p" value="{escaped}" type="{type_}"/>').get("p")
    evaluated = run(f'<property name="p" expression="$ctx:text" type="{type_}"/>', message(text=text)).get("p")

    assert constant == evaluated == value
    assert type(constant) is type(evaluated) is type(value)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("INTEGER", "x"),
        ("INTEGER", "1_000"),
        ("INTEGER", "2147483648"),
        ("SHORT", "32768"),
        ("LONG", "2.0"),
        ("DOUBLE", "1_0"),
        ("DOUBLE", ""),
        ("OM", "<a>"),
        ("OM", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        ("JSON", '{"a":'),
    ],
)
def test_what_does_not_convert_is_a_mistake_in_a_value_and_a_fault_from_an_expression(type_, text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")

    assert mistakes(f'<property name="p" value="{escaped}" type="{type_}"/>') == [CANNOT_CONVERT.format(type_)]
    with pytest.raises(MediationError) as caught:
        run(f'<property name="p" expression="$ctx:text" type="{type_}"/>', message(text=text))
    assert caught.value.message == CANNOT_CONVERT.format(type_)


@pytest.mark.parametrize("type_", ["INTEGER", "SHORT"])
def test_a_number_of_xpath_becomes_a_whole_number_but_a_value_with_a_fraction_does_not(type_):
    ctx = run(f'<property name="p" expression="count(//m:a)" type="{type_}"/>', soap("<m:a/><m:a/>"))

    assert ctx.get("p") == 2
    assert mistakes(f'<property name="p" value="2.0" type="{type_}"/>') == [CANNOT_CONVERT.format(type_)]


def test_xml_inside_is_the_value_and_each_message_gets_its_own():
    property_ = mediator('<property name="p"><m:a><m:b/></m:a></property>')
    first, second = message(), message()
    property_.mediate(first)
    property_.mediate(second)

    first.get("p").append(etree.Element("changed"))

    assert [child.tag for child in second.get("p")] == ["{urn:m}b"]


def test_om_keeps_what_the_expression_found_as_xml():
    ctx = run('<property name="p" expression="//m:a" type="OM"/>', soap("<m:a><m:b>1</m:b></m:a>"))

    assert ctx.get("p").tag == "{urn:m}a"


def test_a_json_value_is_kept_as_json_text():
    ctx = run('<property name="p" expression="json-eval($.a)" type="JSON"/>', json('{"a": {"b": [1]}}'))

    assert ctx.get("p") == '{"b":[1]}'


def test_a_description_inside_is_not_the_value():
    xml = '<property name="p" expression="$ctx:e"><description>why</description></property>'

    assert run(xml, message(e="e")).get("p") == "e"


def test_a_value_counts_before_xml_inside_and_that_before_an_expression():
    assert run('<property name="p" value="v" expression="$ctx:e"><m:a/></property>', message(e="e")).get("p") == "v"
    assert run('<property name="p" expression="$ctx:e"><m:a/></property>', message(e="e")).get("p").tag == "{urn:m}a"


# -- names, scopes, actions


def test_the_name_may_be_an_expression():
    assert run('<property name="{$ctx:which}" value="1"/>', message(which="count")).get("count") == "1"


def test_an_empty_name_is_a_fault():
    with pytest.raises(MediationError, match="is empty"):
        run('<property name="{$ctx:which}" value="1"/>')


@pytest.mark.parametrize("scope", ["default", "axis2", "transport", "operation", "axis2-client", "trace", "analytics"])
def test_a_property_is_set_and_removed_in_its_scope(scope):
    ctx = run(f'<property name="p" value="v" scope="{scope}"/>')
    assert ctx.get("p", scope) == "v"

    run(f'<property name="p" scope="{scope}" action="remove"/>', ctx)
    assert ctx.get("p", scope) is None


def test_an_expression_without_a_value_leaves_the_old_one():
    assert run('<property name="p" expression="$ctx:missing"/>', message(p="old")).get("p") == "old"


def test_an_expression_without_a_value_empties_a_header():
    assert run('<property name="X-P" expression="$ctx:missing" scope="transport"/>').get("x-p", "transport") == ""


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<property name="X-P" value="TRUE" type="BOOLEAN" scope="transport"/>', "true"),
        ('<property name="X-P" value="1e7" type="DOUBLE" scope="transport"/>', "1.0E7"),
        ('<property name="X-P" scope="transport"><m:a>1</m:a></property>', "1"),
    ],
)
def test_a_header_is_text_whatever_the_type(xml, text):
    assert run(xml).get("x-p", "transport") == text


def test_message_type_also_changes_the_content_type():
    ctx = message()
    ctx.headers = Headers([("Content-Type", "text/xml")])

    run('<property name="messageType" value="application/json" scope="axis2"/>', ctx)

    assert ctx.get("ContentType", "axis2") == ctx.headers.get("content-type") == "application/json"


# -- pattern


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ('pattern="(.*)-(.*)"', "order-7"),
        ('pattern="(.*)-(.*)" group="2"', "7"),
        ('pattern="(.*)-(.*)" group="3"', ""),  # there is no such group
        ('pattern="order"', ""),  # the whole value has to match
    ],
)
def test_a_pattern_takes_a_part_of_the_text(attributes, value):
    assert run(f'<property name="p" expression="$ctx:text" {attributes}/>', message(text="order-7")).get("p") == value
    assert run(f'<property name="p" value="order-7" {attributes}/>').get("p") == value


# -- grammar


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<property value="1"/>', '<property> needs the attribute "name"'),
        (
            '<property name="" value="1"/>',
            "The 'name' attribute is required for the configuration of a property mediator",
        ),
        (
            '<property name="p"/>',
            "Either a child element or one of 'value', 'expression' attributes is required for a property mediator "
            "when action is SET",
        ),
        (
            '<property name="p" value="1" scope="func"/>',
            '<property> scope "func" is not one of default, axis2, transport, operation, axis2-client, '
            "registry, trace, system, analytics",
        ),
        ('<property name="p" value="1" type="int"/>', CANNOT_CONVERT.format("int")),
        ('<property name="p" expression="//a" type="int"/>', CANNOT_CONVERT.format("int")),
        ('<property name="p" value="1" action="delete"/>', '<property> action "delete" is not one of set, remove'),
        ('<property name="p" value="1" group="1"/>', "group is only allowed when a pattern is specified"),
        ('<property name="p" value="1" pattern="." group="-1"/>', "group can have a positive value only"),
        (
            '<property name="conf:/a" value="1" scope="registry"/>',
            '<property scope="registry"> is kept, but cannot run in this version: '
            "a property cannot outlive its message",
        ),
    ],
)
def test_mistakes(xml, mistake):
    assert mistakes(xml) == [mistake]
