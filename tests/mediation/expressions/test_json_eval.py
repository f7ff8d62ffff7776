from __future__ import annotations

import time
from typing import Any

import pytest

from mediation.errors import ExpressionError, ExpressionSyntaxError, PayloadError
from mediation.expressions import compile_expression
from mediation.payloads import Payload

from .support import Unreadable, json, message, xml

STORE = """
{"store": {"book": [{"title": "A", "price": 8.95, "isbn": "1"}, {"title": "B", "price": 12.990},
                    {"title": "C", "price": 8.99, "isbn": "3"}], "open": true, "owner": null, "name": "S", "n": 7},
 "a b": 1, "$schema": "x", "@id": "y", "soap:Envelope": "z", "d.e": "dotted", "list": [1, 2, 3, 4], "empty": []}
"""


def string(path: str, ctx: Any) -> str | None:
    return compile_expression(f"json-eval({path})", {}).string(ctx)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.store.name", "S"),
        ("store.name", "S"),
        ("$.store.name.", "S"),
        ("$.store.n", "7"),
        ("$.store.open", "true"),
        ("$.store.owner", "null"),
        ("$.store.none", ""),
        ("$.store.none.deeper", ""),
        ("$.store.name.deeper", ""),
        ("$.store.book[1].price", "12.990"),
        ("$.store.book[-1].title", "C"),
        ("$.store.book[9].title", ""),
        ("$.store.book.title", ""),
        ("$.store.book[0]", '{"title":"A","price":8.95,"isbn":"1"}'),
        ("$.list", "[1,2,3,4]"),
        ("$.empty", "[]"),
        ("$['store']['name']", "S"),
        ('$["store"].name', "S"),
        ("$.['store'].name", "S"),
        ("$['d.e']", "dotted"),
        ("$.a b", "1"),
        ("$.$schema", "x"),
        ("$.@id", "y"),
        ("$.soap:Envelope", "z"),
        ("$.store.book[*].title", '["A","B","C"]'),
        ("$..title", '["A","B","C"]'),
        ("$..book[0].title", '["A"]'),
        ("$..none", "[]"),
        ("$.none[*].x", ""),
        ("$.store.book[0,2].title", '["A","C"]'),
        ("$.list[1:3]", "[2,3]"),
        ("$.list[-2:]", "[3,4]"),
        ("$.store.book[?(@.price > 8.95)].title", '["B","C"]'),
        ("$.store.book[?(@.price == 12.99)].title", '["B"]'),
        ("$.store.book[?(@.title == 'A')].isbn", '["1"]'),
        ("$.store.book[?(@.isbn)].title", '["A","C"]'),
        ("$.store.book[?(!@.isbn)].title", '["B"]'),
        ("$.store.book[?(@.isbn && @.price < 8.97)].title", '["A"]'),
        ("$.store.book[?(@.title in ['A', 'B'])].title", '["A","B"]'),
        ("$.store.book[?(@.title =~ /[ab]/i)].title", '["A","B"]'),
        ("$.store.book[?(@.title =~ /x|A]/)].title", "[]"),
        ("$.list.length()", "4"),
        ("$.list.sum()", "10.0"),
        ("$.list.avg()", "2.5"),
        ("$.list.max()", "4.0"),
        ("$.list.min()", "1.0"),
        ("$..price.length()", "3"),
        ("$.store.name.length()", "1"),
        ("$.store.n.length()", ""),
        ("$.empty.max()", ""),
    ],
)
def test_paths_are_jayway_s(path: str, expected: str):
    assert string(path, message(json(STORE))) == expected


@pytest.mark.parametrize("path", ["$", "$.", " $ "])
def test_the_whole_body_is_its_text_verbatim(path: str):
    assert string(path, message(json('{ "a" : [1.50] }'))) == '{ "a" : [1.50] }'
    assert string(path, message(xml("<a>1.50</a>"))) == '{"a":1.50}'
    assert string(path, message(Payload("only carried"))) == ""
    assert compile_expression(f"json-eval({path})", {}).value(message(json('{"a":1}'))) == {"a": 1}


def test_an_xml_body_is_converted_first():
    assert string("$.order.item[1]", message(xml("<order><item>1</item><item>2</item></order>"))) == "2"


def test_nothing_is_found_in_an_empty_body():
    assert string("$.a", message()) == ""
    assert string("$.a", message(Payload(b"", "application/json"))) == ""


@pytest.mark.parametrize("name", ["members", "elements"])
def test_an_object_is_handed_over_by_its_first_member_of_two_names(name: str):
    assert string("$.a", message(json(f'{{"a":{{"{name}":[1],"b":2}}}}'))) == "[1]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ('"TRUE"', True), ("false", False), ("1", False), ('"yes"', False), ("null", False)],
)
def test_only_true_is_true(text: str, expected: bool):
    assert compile_expression("json-eval($.a)", {}).boolean(message(json(f'{{"a":{text}}}'))) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("$.list", [1, 2, 3, 4]), ("$..isbn", ["1", "3"]), ("$.store.n", 7), ("$.store.owner", None), ("$.none", None)],
)
def test_the_value_is_the_json_value(path: str, expected: Any):
    assert compile_expression(f"json-eval({path})", {}).value(message(json(STORE))) == expected


def test_the_whole_object_is_handed_over_whatever_its_members():
    assert compile_expression("json-eval($)", {}).value(message(json('{"members":1}'))) == {"members": 1}


# -- properties


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$ctx:p.a.b", "1"),
        ("$ctx:p.list[1]", "y"),
        ("$ctx:p", '{"a":{"b":1},"list":["x","y"]}'),
        ("$ctx:object.a", "2"),
        ("$axis2:q.a", "3"),
        ("$trp:H.a", "4"),
        ("$ctx:none", None),
        ("$ctx:none.a", ""),
    ],
)
def test_a_path_may_start_at_a_property(path: str, expected: str | None):
    ctx = message(
        Unreadable("{"),
        properties={"p": '{"a":{"b":1},"list":["x","y"]}', "object": {"a": 2}},
        axis2={"q": '{"a":3}'},
        headers={"h": '{"a":4}'},
    )
    compiled = compile_expression(f"json-eval({path})", {})

    assert compiled.string(ctx) == expected
    assert not compiled.reads_payload


def test_a_path_that_leads_nowhere_in_a_property_fails():
    with pytest.raises(ExpressionError, match="No results for path"):
        string("$ctx:p.b", message(properties={"p": '{"a":1}'}))


# -- inline expressions


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("$.list[{get-property('i')}]", "2", "3"),
        ("$.store.{$ctx:i}", "name", "S"),
        ("$['{$ctx:i}']", "d.e", "dotted"),
        ("$.{$ctx:i}", "d.e", "dotted"),
        ("$.store.book[?(@.title == '{$ctx:i}')].price", "B", "[12.990]"),
        ("$.store.book[?(@.price > {$ctx:i})].title", "10", '["B"]'),
        ("$.store.book[?(@.title == '{$ctx:i}')].price", "x' || '1' == '1", "[]"),
        ("$.store.book[?(@.price == {$ctx:i})].title", "1 || true", "[]"),
        ("$.store.{$ctx:i}", "book[*].title", ""),
        ("$.list[{$ctx:i}]", "*", ""),
    ],
)
def test_an_inline_value_is_one_name_index_or_literal_never_more(path: str, value: str, expected: str):
    assert string(path, message(json(STORE), properties={"i": value})) == expected


def test_a_path_with_inline_expressions_is_checked_when_the_artifact_is_compiled():
    with pytest.raises(ExpressionSyntaxError):
        compile_expression("json-eval($.a[?({$ctx:i})", {})


def test_an_index_that_is_out_of_all_range_is_an_expression_error():
    with pytest.raises(ExpressionError):
        string("$..a[{$ctx:i}]", message(json(STORE), properties={"i": "9" * 30}))


# -- what goes wrong


@pytest.mark.parametrize(
    "path", ["", " ", "$[", "$.a[?(", "$.a[?(@.b =~ /(/)]", "$.a[?(@.b =~ /(?=x)/)]", "$.a.nonsense()", "$.a["]
)
def test_a_mistake_is_found_when_the_artifact_is_compiled(path: str):
    with pytest.raises(ExpressionSyntaxError):
        compile_expression(f"json-eval({path})", {})


def test_a_body_that_is_not_json_is_a_payload_error():
    with pytest.raises(PayloadError):
        string("$.a", message(json("{broken")))


def test_depth_is_an_expression_error():
    with pytest.raises(ExpressionError):
        string("$..a", message(json('{"a":' * 300 + "1" + "}" * 300)))


def test_a_regular_expression_in_a_filter_takes_no_exponential_time():
    ctx = message(json('{"list":[{"s":"' + "a" * 10_000 + '!"}]}'))
    started = time.perf_counter()

    assert string("$.list[?(@.s =~ /(a+)+$/)]", ctx) == "[]"
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("body", "path", "text"),
    [
        (b'{"a": 25.0000, "b": "x"}', "$.a", "25.0000"),
        (b'{"a": 25.0000, "b": "x"}', "$.b", "x"),
        (b'{"a": {"c": 1.50}}', "$.a", '{"c":1.50}'),
        (b'{"a": 123456789012345678901234567890}', "$.a", "123456789012345678901234567890"),
        ('{"a": "é"}'.encode("latin-1"), "$.a", "é"),
        (b'\xef\xbb\xbf{"a": true}', "$.a", "true"),
    ],
)
def test_values_are_as_they_were_written_however_they_are_looked_up(body: bytes, path: str, text: str) -> None:
    charset = "; charset=iso-8859-1" if b"\xe9" in body else ""
    assert string(path, message(Payload(body, f"application/json{charset}"))) == text
