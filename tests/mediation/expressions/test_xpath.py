from __future__ import annotations

import re
import time
from typing import Any

import pytest
from lxml import etree

from mediation.errors import ExpressionError, ExpressionSyntaxError, NotRunnable, PayloadError
from mediation.expressions.xpath import Concat, Single, XPath, compile_xpath
from mediation.payloads import Payload
from mediation.payloads.xml import SOAP11_NS, parse_xml, to_text

from .support import Unreadable, json, message, soap, xml

NAMESPACES = {"s": SOAP11_NS, "m": "urn:m", "fn": "http://www.w3.org/2005/xpath-functions"}
ORDER = '<m:order xmlns:m="urn:m" id="7"><m:item>IBM</m:item><m:item> WSO2 </m:item><price>9.5</price></m:order>'


def string(expression: str, ctx: Any) -> str | None:
    return compile_xpath(expression, NAMESPACES).string(ctx)


# -- the body


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("//m:item[2]", "WSO2"),
        ("s:Body/m:order/price", "9.5"),
        ("/s:Envelope/s:Body/m:order/@id", "7"),
        ("$body/m:order/m:item[1]", "IBM"),
        ("$body/*/price/text()", "9.5"),
        ("$env/s:Header/token", "secret"),
        ("$header/token", "secret"),
        ("//token", "secret"),
        ("//order", ""),
        ("//nothing", ""),
        ("count(//m:item)", "2.0"),
        ("sum(//price) * 1000000", "9500000.0"),
        ("10000000", "1.0E7"),
        ("//price > 9", "true"),
        ("'a literal'", "a literal"),
        ("name(//m:order)", "m:order"),
        ("//m:item", '<m:item xmlns:m="urn:m">IBM</m:item><m:item xmlns:m="urn:m">WSO2</m:item>'),
        ("$body/m:order/price/node()", "<price>9.5</price>"),
        ("child::s:Body/descendant::price", "9.5"),
        ("//price div 2 - 1", "3.75"),
        ("//*[local-name()='price']", "9.5"),
    ],
)
def test_paths_start_at_the_envelope(expression: str, expected: str):
    assert string(expression, message(soap(ORDER, "<token>secret</token>"))) == expected


def test_an_element_without_text_of_its_own_is_written_as_xml():
    assert string("//a", message(xml("<r><a> \u00a0<b>1</b></a></r>"))) == "<a> \u00a0<b>1</b></a>"
    assert string("$body", message(xml("<a/>"))) == (f'<soapenv:Body xmlns:soapenv="{SOAP11_NS}"><a/></soapenv:Body>')


def test_json_is_seen_as_xml():
    assert string("//jsonObject/a/b", message(json('{"a":{"b":1}}'))) == "1"
    assert string("$body/jsonObject/a/b", message(json('{"a":{"b":1}}'))) == "1"


def test_a_body_that_cannot_be_parsed_is_a_payload_error():
    with pytest.raises(PayloadError):
        string("//a", message(xml("<a>")))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("//price", True),
        ("//nothing", False),
        ("string(//nothing)", False),
        ("'false'", True),
        ("0", False),
        ("0 div 0", False),
        ("//price = 9.5", True),
        ("not(//price)", False),
        ("$body", True),
        ("$ctx:nothing", False),
        ("true() and $ctx:nothing", False),
    ],
)
def test_truth_is_xpath_s(expression: str, expected: bool):
    assert compile_xpath(expression, NAMESPACES).boolean(message(xml(ORDER))) is expected


def test_the_value_is_a_list_of_nodes():
    (node,) = compile_xpath("//price", NAMESPACES).value(message(xml(ORDER)))

    assert to_text(node) == "<price>9.5</price>"


# -- properties


@pytest.mark.parametrize(
    "expression",
    [
        "get-property('x')",
        "$ctx:x",
        "synapse:get-property('x')",
        'get-property( "default" , "x" )',
    ],
)
def test_a_property_is_read_without_an_xpath_engine_and_without_the_body(expression: str):
    compiled = compile_xpath(expression, {})

    assert isinstance(compiled, Single)
    assert not compiled.reads_payload
    assert compiled.string(message(Unreadable("<a"), properties={"x": "value"})) == "value"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("get-property('axis2', 'HTTP_METHOD')", "POST"),
        ("$axis2:HTTP_METHOD", "POST"),
        ("get-property('transport', 'x-token')", "abc"),
        ("$trp:X-TOKEN", "abc"),
        ("get-property('operation', 'o')", None),
        ("$operation:o", None),
        ("$ctx:uri.var.id-1", "12"),
        ("$url:Q", "a b"),
        ("$url:none", ""),
        ("get-property('To')", "http://h/s?p=1&q=a%20b"),
        ("get-property('From')", ""),
        ("$ctx:To", None),
        ("get-property('nowhere','no date format of a property')", None),
        ("get-property('nowhere','x','y')", ""),
        ("get-property('entry')", "from the entry"),
        ("$ctx:entry", None),
        ("get-property('none')", None),
        ("$var:v", "5"),
        ("$map:key", "in the map"),
        ("get-property('flag')", "true"),
        ("get-property('int')", "3"),
        ("get-property('double')", "3.0"),
        ("get-property('json')", '{"a":[1]}'),
        ("get-property('xml')/b", "deep"),
        ("$ctx:xml//b", "deep"),
        ("$ctx:xml", "<a><b>deep</b></a>"),
        ("$ctx:none/b", ""),
        ("$ctx:nodes", "<b>deep</b><b>deep</b>"),
        ("concat('[', $ctx:none, ']')", "[]"),
        ("fn:concat('Bearer ', $ctx:int)", "Bearer 3"),
        ("concat($ctx:double, '-', $ctx:flag, '-', $ctx:xml)", "3-true-deep"),
        ("get-property(concat('in', 't'))", "3"),
        ("concat(get-property(concat('no', 'ne')), 'x')", "x"),
        ("get-property('FAULT')", ""),
        ("get-property('MESSAGE_FORMAT')", "soap11"),
        ("get-property('OperationName')", "mediate"),
    ],
)
def test_properties_of_all_scopes(expression: str, expected: str | None):
    deep = parse_xml("<a><b>deep</b></a>")
    ctx = message(
        properties={
            "uri.var.id-1": "12",
            "map": {"key": "in the map"},
            "flag": True,
            "int": 3,
            "double": 3.0,
            "json": {"a": [1]},
            "xml": deep,
            "nodes": [deep[0], deep[0]],
        },
        axis2={"HTTP_METHOD": "POST"} if "METHOD" in expression else {},
        headers={"X-Token": "abc"},
        entries={"entry": "from the entry"},
    )
    ctx.to = "http://h/s?p=1&q=a%20b"
    ctx.variables["v"] = 5

    assert string(expression, ctx) == expected


@pytest.mark.parametrize(
    "expression", ["$ctx:none = ''", "$ctx:none != 'a'", "$ctx:none", "get-property('none') = $ctx:none"]
)
def test_a_missing_property_is_equal_to_nothing(expression: str):
    assert compile_xpath(expression, {}).boolean(message()) is False


def test_a_missing_property_is_null_but_one_navigated_is_empty():
    assert string("$ctx:none", message()) is None
    assert string("get-property('none')", message()) is None
    assert string("string($ctx:none)", message()) == ""


def test_a_response_s_fault_is_told():
    payload = soap('<s:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>c</faultcode></s:Fault>')

    assert string("get-property('FAULT')", message(payload)) == "TRUE"
    assert string("get-property('FAULT')", message(axis2={"FAULT_MESSAGE": "TRUE"})) == "TRUE"


def test_dates_and_times_of_the_system():
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d", string("get-property('SYSTEM_DATE', \"yyyy-MM-dd'T'HH:mm\")", message()) or ""
    )
    assert re.fullmatch(r"\d{4}", string("get-property('default', 'SYSTEM_DATE', 'yyyy')", message()) or "")
    assert abs(int(string("get-property('SYSTEM_TIME')", message()) or 0) - time.time() * 1000) < 5000


def test_a_value_is_never_part_of_the_expression():
    ctx = message(xml("<r><u n='a'>1</u><u n='b'>2</u></r>"), properties={"p": "' or '1'='1"})

    assert string("count(//u[@n = $ctx:p])", ctx) == "0.0"
    assert string("count(//u[@n = get-property('p')])", ctx) == "0.0"


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ("$ctx:x", False),
        ("$ctx:x/a/b[c = 'd']", False),
        ("get-property('x') = 'a' and $trp:y", False),
        ("concat('a', $ctx:x, get-property(concat('a', 'b')))", False),
        ("string-length($ctx:x) > 3 * 2", False),
        ("count($ctx:x//y)", False),
        ("//a", True),
        ("a", True),
        ("$body/a", True),
        ("$ctx:x/a[$body/b = .]", True),
        ("string()", True),
        ("concat('a', //b)", True),
        ("@id", True),
        (".", True),
        ("*", True),
        ("text()", True),
        ("get-property('FAULT')", True),
    ],
)
def test_what_reads_the_body_is_known_before_a_message_comes(expression: str, reads: bool):
    compiled = compile_xpath(expression, {})

    assert compiled.reads_payload is reads
    if not reads:
        compiled.string(message(Unreadable("<a"), properties={"x": parse_xml("<r/>")}))


# -- functions


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("fn:concat('a', 'b')", "ab"),
        ("anything:concat('a', 'b')", "ab"),
        ("fn:substring-after('urn:uuid:1', 'urn:uuid:')", "1"),
        ("base64Encode('hi')", "aGk="),
        ("synapse:base64Encode('é', 'UTF-8')", "w6k="),
        ("base64Decode('aGkg')", "hi"),
        ("url-encode('a b/c?d=é&e')", "a%20b/c?d=%C3%A9&e"),
        ("fn:url-encode($ctx:missing)", ""),
        ("lower-case('AbC')", "abc"),
        ("fn:upper-case(//price/@currency)", "EUR"),
        ("ends-with('abc', 'bc')", "true"),
        ("matches('abc', '^a.c$')", "true"),
        ("replace('a1b2', '([0-9])', '<$1>')", "a<1>b<2>"),
        ("count(tokenize('a,b,c', ','))", "3.0"),
        ("tokenize('a,b,c', ',')[2]", "b"),
        ("hmac-generate('payload', 'key')", "2f3902cd1626fa7fdfb67e93109f50412ad71531"),
        ("string-length(hmac-generate('payload', 'key', 'HmacSHA256'))", "64.0"),
    ],
)
def test_functions_are_found_whatever_their_prefix(expression: str, expected: str):
    assert string(expression, message(xml("<r><price currency='eur'>1</price></r>"))) == expected


@pytest.mark.parametrize(
    "expression",
    ["hmac-generate('a', 'b', 'ROT13')", "lower-case()", "base64Decode('abcde')", "matches('a', '(')", "concat('a')"],
)
def test_wrong_arguments_are_an_expression_error(expression: str):
    with pytest.raises(ExpressionError) as caught:
        string(expression, message())
    assert caught.value.code == 0


# -- what does not compile


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "//x[",
        "count(//b",
        "string(",
        "(1",
        "1)",
        "a]",
        "a b",
        "//",
        "$",
        '"x',
        "a/",
        "@",
        "a and",
        "a[)",
        "#",
        "get-property('a','b','c','d')",
    ],
)
def test_a_mistake_is_found_when_the_artifact_is_compiled(expression: str):
    with pytest.raises(ExpressionSyntaxError) as caught:
        compile_xpath(expression, NAMESPACES)
    assert caught.value.expression == expression


def test_registry_resources_are_read_as_text():
    ctx = message(entries={"conf:/a": "text", "conf:/b": etree.fromstring("<b/>")}, properties={"path": "conf:/a"})

    assert compile_xpath("get-property('registry', 'conf:/a')", {}).string(ctx) == "text"
    assert compile_xpath("get-property('registry', 'conf:/b')", {}).string(ctx) == "<b/>"
    assert compile_xpath("get-property('registry', $ctx:path)", {}).string(ctx) == "text"
    assert compile_xpath("get-property('registry', 'conf:/none')", {}).string(ctx) is None


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("fn:current-dateTime()", "current-dateTime()"),
        ("evaluate($ctx:x)", "evaluate()"),
        ("document('file:///etc/passwd')", "document()"),
        ("re:test('a', '(a+)+$')", "test()"),
        ("get-property('registry', 'conf:/x@owner')", "registry"),
    ],
)
def test_what_this_version_lacks_is_reported(expression: str, what: str):
    with pytest.raises(NotRunnable, match=re.escape(what)):
        compile_xpath(expression, NAMESPACES)


@pytest.mark.parametrize("expression", ["//q:x", "$nothing", "$nothing:x", "//a/b:c = 1"])
def test_an_undeclared_prefix_or_variable_fails_when_it_is_evaluated(expression: str):
    compiled = compile_xpath(expression, {})

    with pytest.raises(ExpressionError):
        compiled.string(message())


def test_a_control_character_is_an_expression_error_not_a_traceback():
    ctx = message(properties={"x": "\x01"})

    assert string("$ctx:x", ctx) == "\x01"
    with pytest.raises(ExpressionError):
        string("string-length($ctx:x)", ctx)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("$ctx:x", Single),
        ("'x'", Single),
        ("concat('a', $ctx:x)", Concat),
        ("concat('a', 1)", XPath),
        ("$ctx:x = 1", XPath),
    ],
)
def test_the_commonest_forms_do_without_an_xpath_engine(expression: str, kind: type):
    assert isinstance(compile_xpath(expression, {}), kind)


def test_a_step_named_like_an_operator_is_a_step():
    assert string("//and/or[div and mod]/text()", message(xml("<and><or>x<div/><mod/></or></and>"))) == "x"


def test_nodes_of_a_function_outlive_the_evaluation():
    nodes = compile_xpath("tokenize('a,b', ',')", {}).value(message())

    assert [node.text for node in nodes] == ["a", "b"]
    assert all(isinstance(node, etree._Element) for node in nodes)


def test_a_carried_frame_has_an_empty_body():
    assert string("count($body/*)", message(Payload("<a/>"))) == "0.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$body/a/b", "1"),
        ("$body//b", "1"),
        ("$body/a[b=1]/c", "2"),
        ("$body/a[../a/b=1]/c", "2"),
        ("$header/h", ""),
        ("$env/*[2]/a/c", "2"),
        ("$body/a/b/text()", "1"),
        ("$body/a/b | $body/a/c", "<b>1</b><c>2</c>"),
        ("concat($body/a/b, $body/a/c)", "12"),
        ("$body /a/c", "2"),
    ],
)
def test_paths_that_start_at_a_part_of_the_envelope(text: str, expected: str) -> None:
    soap = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/>'
        "<s:Body><a><b>1</b><c>2</c></a></s:Body></s:Envelope>"
    )
    assert compile_xpath(text, {}).string(message(Payload(soap, "text/xml"))) == expected


def test_a_path_that_starts_at_a_header_that_is_not_there_finds_nothing() -> None:
    expression = compile_xpath("$header/h", {})
    assert expression.string(message(Payload("<a/>", "application/xml"))) == ""
    assert expression.boolean(message(Payload("<a/>", "application/xml"))) is False


def test_a_mistake_in_such_a_path_is_found_at_deployment() -> None:
    with pytest.raises(ExpressionSyntaxError):
        compile_xpath("$body/a[", {})
