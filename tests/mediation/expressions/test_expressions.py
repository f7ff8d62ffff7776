from __future__ import annotations

import pytest

from mediation.errors import ExpressionSyntaxError
from mediation.expressions import compile_expression, compile_value
from mediation.payloads.xml import PAYLOAD_NS

from .support import json, message, xml


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" $ctx:x ", "value"),
        ("json-eval($.a)", "1"),
        (" json-eval($.a) ", "1"),
        ("//jsonObject/a", "1"),
        (" ${payload.a} ", "1"),
    ],
)
def test_the_dialect_is_seen_from_the_text(text: str, expected: str):
    assert compile_expression(text, {}).string(message(json('{"a":1}'), properties={"x": "value"})) == expected


def test_a_default_namespace_does_not_apply():
    expression = compile_expression("//text", {None: PAYLOAD_NS})  # type: ignore[dict-item]

    assert expression.string(message(xml("<text>x</text>"))) == "x"


@pytest.mark.parametrize(
    ("text", "is_literal", "expected"),
    [
        ("a literal", True, "a literal"),
        ("{unfinished", True, "{unfinished"),
        ("a {$ctx:x} b", True, "a {$ctx:x} b"),
        ("", True, ""),
        ("{$ctx:x}", False, "value"),
        ("{get-property('x')}", False, "value"),
        ("{fn:concat('a-', $ctx:x)}", False, "a-value"),
        ("{json-eval($.a)}", False, "1"),
        ("{${payload.a + 1}}", False, "2"),
        ("{$ctx:none}", False, None),
    ],
)
def test_a_value_is_text_or_an_expression_in_braces(text: str, is_literal: bool, expected: str | None):
    value = compile_value(text, {})

    assert value.is_literal is is_literal
    assert value.string(message(json('{"a":1}'), properties={"x": "value"})) == expected


def test_braces_around_a_mistake_are_a_mistake():
    with pytest.raises(ExpressionSyntaxError):
        compile_value("{//x[}", {})
