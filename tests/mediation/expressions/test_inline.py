from __future__ import annotations

import pytest

from mediation.errors import ExpressionSyntaxError
from mediation.expressions import compile_template

from .support import json, message


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("", ""),
        ("no expression, ${ unfinished", "no expression, ${ unfinished"),
        ("${payload.name}", "Alice"),
        ("Order ${payload.id + 1} of ${payload.name}!", "Order 8 of Alice!"),
        ("${'}' + \"}\"}${payload.id}", "}}7"),
        ("[${vars.nothing}]", "[]"),
        ("${payload.none}", "null"),
        ("${payload.team}", '{"a":[1]}'),
        ("$1 {x} $ {y}", "$1 {x} $ {y}"),
    ],
)
def test_expressions_within_a_text_are_replaced(text: str, rendered: str):
    ctx = message(json('{"name": "Alice", "id": 7, "none": null, "team": {"a": [1]}}'))

    assert compile_template(text).render(ctx) == rendered


def test_what_a_message_brings_is_not_looked_at_again():
    ctx = message(properties={"x": "${vars.secret}"})

    assert compile_template("${props.synapse.x}").render(ctx) == "${vars.secret}"


def test_it_knows_whether_it_is_text_and_whether_it_reads_the_body():
    assert compile_template("text").is_literal
    assert not compile_template("${vars.a}").reads_payload
    assert compile_template("${vars.a} ${payload}").reads_payload


def test_a_mistake_is_found_when_it_is_compiled():
    with pytest.raises(ExpressionSyntaxError):
        compile_template("a ${5 +} b")
