from typing import Any

import pytest

from mediation.errors import MediationError
from mediation.json_coercion import coerced
from mediation.payloads.json_text import dumps


@pytest.mark.parametrize(
    ("value", "schema", "result"),
    [
        ("5", {"type": "integer"}, "5"),
        ("5.10", {"type": "number"}, "5.10"),
        ("five", {"type": "number"}, '"five"'),
        ("007", {"type": "integer"}, '"007"'),
        (5, {"type": "string"}, '"5"'),
        (True, {"type": "string"}, '"true"'),
        ("true", {"type": "boolean"}, "true"),
        ("yes", {"type": "boolean"}, '"yes"'),
        ("", {"type": "null"}, "null"),
        ("x", {"type": "array"}, '["x"]'),
        (["1"], {"type": "array", "items": {"type": "integer"}}, "[1]"),
        ("1", {"type": "array", "items": {"type": "integer"}}, "[1]"),
        (
            ["1", "2", "3"],
            {"type": "array", "items": [{"type": "integer"}], "additionalItems": {"type": "number"}},
            "[1,2,3]",
        ),
        ({"a": "1", "b": "1"}, {"type": "object", "properties": {"a": {"type": "integer"}}}, '{"a":1,"b":"1"}'),
        ({"a": "1"}, {"properties": {"a": {"type": "integer"}}}, '{"a":1}'),
        ({"a1": "1"}, {"type": "object", "patternProperties": {"^a": {"type": "integer"}}}, '{"a1":1}'),
        ({"x": "1"}, {"type": "object", "additionalProperties": {"type": "integer"}}, '{"x":1}'),
        ({"x": "1"}, {"type": "object", "additionalProperties": False}, '{"x":"1"}'),
        ({"a": {"b": "1"}}, {"properties": {"a": {"properties": {"b": {"type": "array"}}}}}, '{"a":{"b":["1"]}}'),
        ("x", {"type": "object"}, '"x"'),
        ("x", {"type": ["string", "null"]}, '"x"'),
        ("x", True, '"x"'),
    ],
)
def test_values_take_the_types_of_the_schema(value: Any, schema: Any, result: str):
    assert dumps(coerced(value, schema)) == result


def test_the_value_itself_is_not_changed():
    value = {"a": "1"}
    coerced(value, {"properties": {"a": {"type": "integer"}}})
    assert value == {"a": "1"}


def test_depth_is_bounded():
    value: Any = "x"
    schema: Any = {}
    for _ in range(200):
        value, schema = [value], {"type": "array", "items": schema}
    with pytest.raises(MediationError, match="too deeply"):
        coerced(value, schema)
