"""JSON <-> XML. The vectors are those that the originals' own tests assert (Apache licence, wso2/wso2-synapse)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mediation.errors import PayloadError
from mediation.payloads.json_text import dumps, loads
from mediation.payloads.json_xml import decode_name, encode_name, json_to_xml, xml_to_json
from mediation.payloads.xml import parse_xml, to_text

SUITES: dict[str, dict[str, Any]] = {
    Path(suite["file"]).stem: suite
    for suite in json.loads(Path(__file__).with_name("json_xml_vectors.json").read_text())
}


def canonical(xml: str) -> str:
    return to_text(parse_xml(xml, remove_blank_text=True))


def vectors(suite: str, source: str, target: str) -> list[Any]:
    """Pairs such as jsonIn4, xml4; those that are disabled in the originals are left out."""
    strings, disabled = SUITES[suite]["strings"], SUITES[suite].get("disabled_upstream", ())
    names = [name for name in strings if name.startswith(source) and name not in disabled]
    pairs = [(name, target + name.removeprefix(source)) for name in names]
    return [pytest.param(strings[name], strings[other], id=name) for name, other in pairs if other in strings]


@pytest.mark.parametrize(("text", "xml"), vectors("BuilderFormatterTest", "jsonIn", "xml"))
def test_arrays_survive_with_instructions(text: str, xml: str):
    element = json_to_xml(loads(text), instructions=True)

    assert canonical(to_text(element)) == canonical(xml)
    assert xml_to_json(element) == dumps(loads(text))


@pytest.mark.parametrize(("text", "xml"), vectors("StreamBuilderFormatterTest", "jsonIn", "xml"))
def test_json_is_expanded_without_instructions(text: str, xml: str):
    assert to_text(json_to_xml(loads(text))) == canonical(xml)


def test_the_stream_builder_s_example():
    strings = SUITES["JsonStreamingBuilderTest"]["strings"]

    assert to_text(json_to_xml(loads(strings["jsonPayload"]))) == strings["expectedXml"]
    with pytest.raises(PayloadError):
        loads(strings["invalidJson"])


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        *vectors("JsonFormatterTest", "xmlInput", "jsonOut"),
        *(
            pytest.param(strings[name], strings["jsonOut_1"], id=name)
            for strings in [SUITES["JsonFormatterTest"]["strings"]]
            for name in ("xmlInput_4", "xmlInput_5")
        ),
    ],
)
def test_xml_is_written_as_json(xml: str, text: str):
    assert xml_to_json(parse_xml(xml)) == text


def test_namespaces_are_dropped_and_attributes_kept_both_ways():
    strings = SUITES["StreamBuilderFormatterTest"]["strings"]

    assert xml_to_json(parse_xml(strings["xmlString"])) == strings["jsonString"]
    assert to_text(json_to_xml(loads(strings["jsonString"]))) == strings["convertedXml"]


@pytest.mark.parametrize(("with_instructions", "xml"), [(True, "xmlWithPi"), (False, "xmlWithoutPi")])
def test_an_array_of_one_needs_the_instruction(with_instructions: bool, xml: str):
    expected = SUITES["JsonBuilderTest"]["strings"][xml]
    value = loads('{"id":"0001","ok":true,"amount":"5250","url":["http://org.wso2.json/32_32"]}')

    assert to_text(json_to_xml(value, instructions=with_instructions)) == expected


@pytest.mark.parametrize("xml", ["xmlOutWithPI", "xmlOutWithoutPI"])
def test_repeated_elements_are_an_array_with_or_without_the_instruction(xml: str):
    value = json.loads(xml_to_json(parse_xml(SUITES["JsonBuilderTest"]["strings"][xml])))

    assert [topping["id"] for topping in value["pizza"]["toppings"]["topping"]] == [9999, 9998, 9997, 9996, 9995]


@pytest.mark.parametrize(
    "text", [value for name, value in SUITES["JsonValueTest"]["strings"].items() if not name.startswith("fail")]
)
def test_a_scalar_is_a_json_value_verbatim(text: str):
    element = json_to_xml(loads(text))

    assert to_text(element) == f"<jsonValue>{text}</jsonValue>"
    assert xml_to_json(element) == text


@pytest.mark.parametrize(
    "text", [value for name, value in SUITES["JsonValueTest"]["strings"].items() if name.startswith("fail")]
)
def test_what_only_starts_like_a_scalar_is_refused(text: str):
    with pytest.raises(PayloadError):
        loads(text)


@pytest.mark.parametrize(
    ("text", "xml"),
    [
        ('{"a":{"b":1}}', "<jsonObject><a><b>1</b></a></jsonObject>"),
        ("[[]]", "<jsonArray><jsonElement><jsonArray/></jsonElement></jsonArray>"),
        ('{"a":[]}', "<jsonObject/>"),
        ('{"a":null}', "<jsonObject><a/></jsonObject>"),
        ('{"a":{}}', "<jsonObject><a/></jsonObject>"),
        ('{"a":""}', "<jsonObject><a></a></jsonObject>"),
        ('{"@x":"1","$":"t"}', '<jsonObject x="1">t</jsonObject>'),
        ('{"a":{"@x":1,"$":"t"}}', '<jsonObject><a x="1">t</a></jsonObject>'),
        ('{"a b":1}', "<jsonObject><a_JsonReader_32_b>1</a_JsonReader_32_b></jsonObject>"),
        ('{"a":12.50}', "<jsonObject><a>12.50</a></jsonObject>"),
    ],
)
def test_json_to_xml(text: str, xml: str):
    assert to_text(json_to_xml(loads(text))) == xml


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ("<jsonArray/>", "[]"),
        ("<jsonObject/>", "{}"),
        ("<jsonArray><jsonElement>1</jsonElement></jsonArray>", "1"),
        ("<jsonArray><?xml-multiple  jsonElement?><jsonElement>1</jsonElement></jsonArray>", "[1]"),
        ("<jsonObject><a><jsonEmpty>_JsonScanner_EMPTY_OBJECT</jsonEmpty></a></jsonObject>", '{"a":{}}'),
        ("<a>007</a>", '{"a":"007"}'),
        ("<a>7</a>", '{"a":7}'),
        ("<a>1e5</a>", '{"a":1E+5}'),
        ("<a>true</a>", '{"a":true}'),
        ("<a>null</a>", '{"a":null}'),
        ("<a>  </a>", '{"a":null}'),
        ("<a>5<!-- five --></a>", '{"a":5}'),
        ("<a n='7'/>", '{"a":{"@n":"7"}}'),
        ("<a><b>1</b><c>2</c><b>3</b></a>", '{"a":{"b":1,"c":2,"b":3}}'),
    ],
)
def test_xml_to_json(xml: str, text: str):
    assert xml_to_json(parse_xml(xml)) == text


def test_text_beside_elements_is_refused():
    with pytest.raises(PayloadError, match="Mixed content is not supported"):
        xml_to_json(parse_xml("<a>text<b/></a>"))


@pytest.mark.parametrize(
    "name", ["$schema", "12X12", "0", "a b", "x:y", "-a", "$", "@", "", "é", "日本", "a$b", "𝄞", "xmlns"]
)
def test_every_member_name_survives(name: str):
    assert decode_name(encode_name(name)) == name


def test_depth_is_limited_without_a_traceback():
    value: Any = 1
    for _ in range(400):
        value = {"a": value}

    with pytest.raises(PayloadError, match="nested too deeply"):
        json_to_xml(value)


def test_a_control_character_cannot_be_expanded():
    with pytest.raises(PayloadError, match="cannot be expanded to XML"):
        json_to_xml({"a": "\x01"})
