"""``${...}``: what it reads, what its operators and functions make of it. The texts are those of the originals."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from lxml import etree

from mediation.errors import ExpressionSyntaxError, NotRunnable, PayloadError
from mediation.expressions import compile_expression
from mediation.message import MessageContext
from mediation.payloads import Payload
from tests.mediation.expressions.support import json, message, xml

STORE = """{"store": {"book": [
    {"category": "reference", "author": "Nigel Rees", "title": "Sayings", "price": 8.95},
    {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553", "price": 8.99},
    {"category": "fiction", "author": "J.R.R. Tolkien", "title": "The Lord", "isbn": "0-395", "price": 22.99}],
  "bicycle": {"color": "red", "price": 19.95}}, "expensive": 10, "wanted": "fiction"}"""
CARS = '{"name": "John", "age": 30, "cars": ["Ford", "BMW", "Fiat"], "index": 1, "string": " Hello ", "null": null}'


def evaluated(expression: str, ctx: MessageContext | None = None) -> str | None:
    return compile_expression(f"${{{expression}}}", {"m": "urn:m"}).string(ctx or message())


def with_variables(**variables: Any) -> MessageContext:
    ctx = message(json(CARS))
    ctx.variables.update(variables)
    return ctx


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("5 + 3 + -1", "7"),
        ("5 -3", "2"),
        ("5.5 + 3", "8.5"),
        ("0.1 + 0.2", "0.3"),
        ("5 - 30 + 2 - 10", "-33"),
        ("5 * 3 * -2", "-30"),
        ("10 / 2 / -2.5 * 2", "-4.0"),
        ("9 / 3", "3"),
        ("9 / 2", "4.5"),
        ("10 % 3", "1"),
        ("-10 % 3", "-1"),
        ("5.5 % 3", "2.5"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ('"abc" + "xyz"', "abcxyz"),
        ("-5.3 == -5.3", "true"),
        ("'abc' == 'abc'", "true"),
        ("'5' == 5", "false"),
        ("5 != 3", "true"),
        ("null == null", "true"),
        ("5 > -3.4", "true"),
        ("-5 >= -3.4", "false"),
        ("true and false", "false"),
        ("true && true && false", "false"),
        ("true or false", "true"),
        ("false || false || true", "true"),
        ("5 > 3 && 2 < 1", "false"),
        ("!(5 > 3)", "false"),
        ("5 > 3 ? 'yes' : 'no'", "yes"),
        ("5 < 3 ? 'yes' : 5 > 4 ? 'perhaps' : 'no'", "perhaps"),
        ("[1, 'a', [true]]", '[1,"a",[true]]'),
        (r"'it\'s \u0041\n'", "it's A\n"),
        ("null", None),
    ],
)
def test_operators(expression: str, result: str):
    assert evaluated(expression) == result


@pytest.mark.parametrize(
    "expression",
    [
        "'abc' + 5",
        "5 > 'bla'",
        "5 > null",
        "true >= false",
        "5 and 'bla'",
        "not(123)",
        "5 ? 1 : 2",
        "vars.nothing + 5",
        "5 / 0",
        "5 % 0",
        "payload.name",
        "headers.nothing",
        "props.synapse.nothing",
        "params.queryParams.nothing",
        "configs.nothing_at_all",
        "registry('nothing')",
        "length(34)",
        "length(null)",
        "toUpper(34)",
        "subString('Hello', 20)",
        "subString('Hello', -2, 4)",
        "charAt('Hello', 100)",
        "base64encode('Hello', 'UTF-99')",
        "integer('Hello')",
        "integer(34.5)",
        "object('[1]')",
        "array(34)",
        "formatDateTime('50-22-33', 'HH-mm-ss', 'HH mm ss')",
        "xpath('//x', 'nothing')",
    ],
)
def test_what_has_no_value_is_empty_and_a_warning(expression: str, caplog: pytest.LogCaptureFixture):
    assert evaluated(expression) == ""
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages[0].startswith(f"Error evaluating expression: {expression} cause : ")


def test_the_warning_says_why(caplog: pytest.LogCaptureFixture):
    evaluated("vars.order.id")

    assert caplog.messages == ["Error evaluating expression: vars.order.id cause : Variable order is not defined"]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("length('Lahiru') + 10", "16"),
        ("length(['a', 3, 5])", "3"),
        ("toUpper('space') + ' X'", "SPACE X"),
        ("toLower('LAHIRU')", "lahiru"),
        ("subString('Lahiru', 2)", "hiru"),
        ("subString('Lahiru', 2, 4)", "hi"),
        ("subString('Hello', 5)", ""),
        ("startsWith('Curiosity', 'Curi')", "true"),
        ("endsWith('Opportunity', 'tune')", "false"),
        ("contains('Perseverance', 'sever')", "true"),
        ("trim(' Ingenuity ')", "Ingenuity"),
        ("replace('Hello', 'l', 'p')", "Heppo"),
        ("split('Split a string by,comma', '[, ]')", '["Split","a","string","by","comma"]'),
        ("split(' Moon Mars ', ',')", '[" Moon Mars "]'),
        ("indexOf('Hello World', 'l', 5)", "9"),
        ("indexOf('Hello', 'x')", "-1"),
        ("charAt('Hello World', 6)", "W"),
        ("abs(-5)", "5"),
        ("abs(-5.0)", "5.0"),
        ("floor(-5.4)", "-6.0"),
        ("ceil(5.9)", "6.0"),
        ("ceil(5)", "5"),
        ("sqrt(25)", "5.0"),
        ("sqrt(-25.0)", "NaN"),
        ("log(1)", "0.0"),
        ("pow(2, -2)", "0.25"),
        ("round(5.4)", "5"),
        ("round(-2.5)", "-2"),
        ("round(5.678, 2)", "5.68"),
        ("base64encode('Hello World')", "SGVsbG8gV29ybGQ="),
        ("base64decode('YWRtaW46YWRtaW4=')", "admin:admin"),
        ("urlEncode('Hello World/*')", "Hello%20World%2F%2A"),
        ("urlDecode('Hello+World%26')", "Hello World&"),
        ("isNumber(34) && isString('34') && isArray([1])", "true"),
        (r"isArray('[1,2,{\"abc\":5}]')", "true"),
        ("isObject('Hello')", "false"),
        ("string(12) + ' Angry Men'", "12 Angry Men"),
        ("integer('12') + 1", "13"),
        ("float(-34)", "-34.0"),
        ("boolean('bla')", "false"),
        (r"object('{\"hello\":\"world\"}').hello", "world"),
        (r"array('[\"Hello\",\"World\"]')[0]", "Hello"),
        ("not(5 > 6)", "true"),
        ("exists(vars.nothing)", "false"),
        ("exists(null)", "false"),
        ("formatDateTime('29/09/1988', 'dd/MM/yyyy', 'yyyy-MM-dd')", "1988-09-29"),
        ("formatDateTime('29-09-1988', 'dd-MM-yyyy', 'yyyy MMM dd')", "1988 Sep 29"),
        ("formatDateTime('11-22-33', 'HH-mm-ss', 'HH mm ss')", "11 22 33"),
        ("length(formatDateTime(now(), 'yyyy-MM-dd HH:mm'))", "16"),
    ],
)
def test_functions(expression: str, result: str):
    assert evaluated(expression) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("payload.name", "John"),
        ('payload["name"]', "John"),
        ("$.cars[1]", "BMW"),
        ("$.cars[$.index]", "BMW"),
        ("$.cars[$.index, 2]", '["BMW","Fiat"]'),
        ("$.cars[-1]", "Fiat"),
        ("$.cars[-1:]", '["Fiat"]'),
        ("$.cars[:2]", '["Ford","BMW"]'),
        ("$.cars[::2]", '["Ford","Fiat"]'),
        ("$.cars[payload.index:]", '["BMW","Fiat"]'),
        ("payload.cars.length()", "3"),
        ("payload.cars.[0]", "Ford"),
        ("payload.null", None),
        ("null == payload['null']", "true"),
        ("length(payload.cars) > 2 and payload.age == 30", "true"),
        ("exists($.fullName) ? $.fullName : $.name", "John"),
        ("$..*", '["John",30,["Ford","BMW","Fiat"],1," Hello ",null,"Ford","BMW","Fiat"]'),
        ("payload", '{"name":"John","age":30,"cars":["Ford","BMW","Fiat"],"index":1,"string":" Hello ","null":null}'),
    ],
)
def test_the_payload_is_followed_by_json_path(expression: str, result: str):
    assert evaluated(expression, message(json(CARS))) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("$.store..price", "[8.95,8.99,22.99,19.95]"),
        ("$..price.max()", "22.99"),
        ("round($..price.avg())", "15"),
        ("$..book[*].title", '["Sayings","Moby Dick","The Lord"]'),
        ("$.store.book[0].*", '["reference","Nigel Rees","Sayings",8.95]'),
        ("$..book[?(@.category=='fiction')].title", '["Moby Dick","The Lord"]'),
        ("$..book[?(@.category==payload.wanted)].title", '["Moby Dick","The Lord"]'),
        ("$..book[?(@.isbn)].title", '["Moby Dick","The Lord"]'),
        ("$..book[?(!(@.isbn))].title", '["Sayings"]'),
        ("$..book[?(@.price > $.expensive)].title", '["The Lord"]'),
        ("$..book[?(@.price > 8.95 && @.price < 10)].title", '["Moby Dick"]'),
        ("$..book[?(@.author =~ /.*TOLKIEN/i)].title", '["The Lord"]'),
        ("$..book[?(@.category == 'reference' || @.price > 20)].title", '["Sayings","The Lord"]'),
        ("$..book[?(@.title in ['Sayings', 'Other'])].price", "[8.95]"),
        ("$..book[?(@.title nin ['Sayings'])].price", "[8.99,22.99]"),
        ("$..book[?(@.title size 9)].title", '["Moby Dick"]'),
        ("$.store.book.[0].keys()", '["category","author","title","price"]'),
        ("object($.store.book.first()).title", "Sayings"),
        ("length($.store.book)", "3"),
        ("$..book[?(@.nothing == 1)]", "[]"),
        ("$.store.book[0] == $.store.book[0]", "true"),
    ],
)
def test_paths_with_filters(expression: str, result: str):
    assert evaluated(expression, message(json(STORE))) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("vars.num + payload.index", "11"),
        ('vars["num"]', "10"),
        ("vars.order.items[1].id", "7"),
        ("vars['order'].items.length()", "2"),
        ("vars.text.a", "b"),
        ("vars.answer.payload.ok", "true"),
        ("vars.answer.attributes.statusCode", "200"),
        ("vars.payload.vars", "2"),
        ("vars.element", "<a>1</a>"),
        ("xpath('/a/text()', 'element')", "1"),
        ("xpath('/a/text()', 'xml_text')", "2"),
    ],
)
def test_variables(expression: str, result: str):
    ctx = with_variables(
        num=10,
        order={"items": [{"id": 6}, {"id": 7}]},
        text='{"a": "b"}',
        answer={"payload": {"ok": True}, "headers": {}, "attributes": {"statusCode": 200}},
        payload={"vars": 2},
        element=etree.fromstring("<a>1</a>"),
        xml_text="<a>2</a>",
    )

    assert evaluated(expression, ctx) == result


def test_headers_properties_and_parameters_are_numbers_if_they_read_so():
    ctx = message(
        json(STORE),
        headers={"X-Price": "10", "te st": "HELLO", "Code": "007"},
        properties={"query.param.q": "1.5", "uri.var.id": "7", "phrase": "a b"},
        axis2={"HTTP_SC": 200},
    )

    assert evaluated('headers["x-price"] + 4', ctx) == "14"
    assert evaluated('toLower(headers.["te st"])', ctx) == "hello"
    assert evaluated("headers.Code", ctx) == "007"
    assert evaluated("params.queryParams.q + params.pathParams.id", ctx) == "8.5"
    assert evaluated("length(split(props.synapse.phrase, ' '))", ctx) == "2"
    assert evaluated("properties.axis2.HTTP_SC == 200", ctx) == "true"
    assert evaluated("$..book[?(@.price > headers['X-Price'])].title", ctx) == '["The Lord"]'


def test_configuration_is_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BACKEND", "http://localhost")

    assert evaluated("configs.BACKEND + '/a'") == "http://localhost/a"


def test_registry_resources_are_read_by_key():
    ctx = message(entries={"conf:/a.json": '{"hello": "world"}', "xml": etree.fromstring("<a/>")})

    assert evaluated("registry('conf:/a.json').hello", ctx) == "world"
    assert evaluated("registry('xml')", ctx) == "<a/>"


def test_an_xml_payload_is_converted():
    ctx = message(Payload(b"<order><id>7</id></order>", "text/xml"))

    assert evaluated("payload.order.id + 1", ctx) == "8"


def test_the_bare_payload_of_an_xml_message_is_its_body():
    assert "<order><id>7</id></order>" in (evaluated("payload", message(xml("<order><id>7</id></order>"))) or "")


def test_xpath_looks_into_the_message():
    ctx = message(xml('<m:a xmlns:m="urn:m"><b>1</b><b>2</b></m:a>'))
    expression = compile_expression("${xpath('//m:a/b')}", {"m": "urn:m"})

    assert evaluated("xpath('string(//m:a/b)') + '!'", ctx) == "1!"
    assert [node.text for node in expression.value(ctx)] == ["1", "2"]
    assert expression.reads_payload


def test_a_condition_holds_if_it_reads_true():
    ctx = message(json('{"a": "TRUE", "b": 1}'))

    assert compile_expression("${payload.a}", {}).boolean(ctx)
    assert not compile_expression("${payload.b}", {}).boolean(ctx)
    assert not compile_expression("${payload.c}", {}).boolean(ctx)


def test_an_unreadable_body_is_a_fault():
    with pytest.raises(PayloadError):
        evaluated("payload.a", message(json("{nonsense")))


def test_only_what_reads_the_body_says_so():
    assert not compile_expression("${vars.a + headers.b}", {}).reads_payload
    assert compile_expression("${vars.a[payload.b]}", {}).reads_payload


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "5 >> 3",
        "5 +",
        "(5",
        "nothing",
        "nothing.a",
        "vars",
        "payload.[",
        "payload.a..",
        "payload.a.nothing()",
        "params.other.x",
        "length()",
        "length(1, 2)",
        "nothing(1)",
        "'open",
        "payload[?(@.a =~ 'x')]",
        "payload[?(@.a =~ /(a/)]",
        "@.a",
        "a ? b",
        "(" * 50 + "1" + ")" * 50,
        "payload" + "[1" * 50 + "]" * 50,
        "!" * 5000 + "true",
    ],
)
def test_mistakes_are_found_when_it_is_compiled(expression: str):
    with pytest.raises(ExpressionSyntaxError):
        evaluated(expression)


@pytest.mark.parametrize("expression", ["hashicorp-vault('a')", "xpath(vars.path)", "registry('a').property('b')"])
def test_what_does_not_run_is_said(expression: str):
    with pytest.raises(NotRunnable):
        evaluated(expression)


def test_a_long_chain_needs_no_deep_stack():
    assert evaluated(" + ".join(["1"] * 5000)) == "5000"
