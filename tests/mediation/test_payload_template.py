"""How values take the notation of the template that they stand in."""

import json as stdlib_json
from typing import Any

import pytest
from lxml import etree

from mediation.errors import ExpressionSyntaxError
from mediation.payload_template import (
    DefaultTemplate,
    MediaType,
    escaped_for_json,
    escaped_for_xml,
    fitted,
    json_of,
    json_of_xml,
    xml_of,
)
from tests.mediation.mediators.support import message

ELEMENT = etree.fromstring("<a>1</a>")


def filled(text: str, media: MediaType, *arguments: str, **properties: Any) -> str:
    ctx = message(**properties)
    return DefaultTemplate(text, media, {}).filled(ctx, lambda number: arguments[number - 1])


@pytest.mark.parametrize(
    ("value", "media", "in_string", "written"),
    [
        ("a<b", "text", False, "a<b"),
        ("a<b", "xml", False, "a&lt;b"),
        ("<a/>", "xml", False, "<a/>"),
        ("<a>", "xml", False, "&lt;a&gt;"),
        ({"a": 1}, "xml", False, "<a>1</a>"),
        ([ELEMENT], "xml", False, "<a>1</a>"),
        ("text", "json", False, '"text"'),
        ('a"b', "json", True, 'a\\"b'),
        ("12", "json", False, "12"),
        ("true", "json", False, "true"),
        ("01", "json", False, '"01"'),
        (True, "json", False, "true"),
        (None, "json", False, "null"),
        ({"a": [1]}, "json", False, '{"a":[1]}'),
        ({"a": 1}, "json", True, '{\\"a\\":1}'),
        ('{"a": 1}', "json", False, '{"a": 1}'),
        ('{"a": ', "json", False, '"{\\"a\\": "'),
        ("<a>1</a>", "json", False, '{"a":1}'),
        ("x<a/>", "json", False, '"x<a/>"'),
    ],
)
def test_a_value_takes_the_notation_of_its_place(value: Any, media: MediaType, in_string: bool, written: str):
    is_plain = value is None or isinstance(value, str | bool)
    text = (
        "<a>1</a>"
        if value == [ELEMENT]
        else str(value)
        if is_plain
        else stdlib_json.dumps(value, separators=(",", ":"))
    )
    assert fitted(value, text, media, in_string=in_string) == written


def test_arguments_are_asked_for_once_and_not_looked_at_again():
    asked = []

    def argument(number: int) -> str:
        asked.append(number)
        return "$2 ${vars.x}"

    assert DefaultTemplate("$1-$1", "text", {}).filled(message(), argument) == "$2 ${vars.x}-$2 ${vars.x}"
    assert asked == [1]


@pytest.mark.parametrize(
    ("text", "media", "written"),
    [
        (
            '{"a": ${props.synapse.p}, "b": "${props.synapse.p}", "c": $1}',
            "json",
            '{"a": "x\\"y", "b": "x\\"y", "c": 7}',
        ),
        ('{"a\\"": ${props.synapse.p}}', "json", '{"a\\"": "x\\"y"}'),
        ("<a b='${props.synapse.p}'>$1</a>", "xml", "<a b='x&quot;y'>7</a>"),
        ("<a>${props.synapse.n &gt; 1}</a>", "xml", "<a>true</a>"),
        ("$1 ${props.synapse.p}", "text", '7 x"y'),
        ("cost: 5$, $x ${", "text", "cost: 5$, $x ${"),
    ],
)
def test_a_template_is_filled(text: str, media: MediaType, written: str):
    assert filled(text, media, "7", p='x"y', n="2") == written


def test_what_is_no_expression_is_a_mistake():
    with pytest.raises(ExpressionSyntaxError):
        DefaultTemplate("${vars.}", "json", {})


@pytest.mark.parametrize("text", ["", "a", "<>", "<a", "<a></b>", "<!DOCTYPE a><a/>", "a<b/>"])
def test_what_is_no_xml(text: str):
    assert xml_of(text) is json_of_xml(text) is None


@pytest.mark.parametrize("text", ["", "1", '"a"', "{", "[1,]", "true"])
def test_what_is_no_json_object_or_array(text: str):
    assert json_of(text) is None


def test_text_and_elements_side_by_side_have_no_form_in_json():
    assert xml_of("<a>x<b/></a>") is not None
    assert json_of_xml("<a>x<b/>y</a>") is None


def test_escapes():
    assert escaped_for_xml("a\x00\ud800\uffff&\"'") == "a&amp;&quot;&apos;"
    assert escaped_for_json('"\n\u20ac') == '\\"\\n\u20ac'
    assert escaped_for_json("1e5", quote=True) == "1e5"
    assert escaped_for_json("1.", quote=True) == '"1."'
