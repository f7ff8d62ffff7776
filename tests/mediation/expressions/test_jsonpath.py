from __future__ import annotations

from typing import Any

import pytest

from mediation.errors import ExpressionSyntaxError
from mediation.expressions.jsonpath import MISSING, Path


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("$", 1, 1),
        ("$.a", {"a": None}, None),
        ("$.a", {}, MISSING),
        ("$.a", [1], MISSING),
        ("$[0]", [1], 1),
        ("$[-2]", [1], MISSING),
        ("$[1]", "ab", MISSING),
        ("$.a[*]", {"a": {"b": 1}}, [1]),
        ("$.a[*]", {}, MISSING),
        ("$..a", {"b": [{"a": 1}, {"a": 2}]}, [1, 2]),
        ("$..['a b']", {"b": {"a b": 1}}, [1]),
        ("$..*", {"a": {"b": 1}}, [{"b": 1}, 1]),
        ("$..a:b", {"x": {"a:b": 1}}, [1]),
        ("$[?(@['x'] == ']')]", [{"x": "]"}, {"x": "["}], [{"x": "]"}]),
        (r"$['it\'s']", {"it's": 1}, 1),
        ("$.list.first()", {"list": [1, 2]}, 1),
        ("$.list.last()", {"list": [1, 2]}, 2),
        ("$.list.stddev()", {"list": [2, 4]}, 1.0),
        ("$.keys()", {"a": 1, "b": 2}, ["a", "b"]),
    ],
)
def test_a_definite_path_finds_a_value_and_any_other_a_list(path: str, value: Any, found: Any):
    assert Path(path).find(value) == found


@pytest.mark.parametrize("path", ["$.a.none()", "$a", "$.a[", "$[?(@.a ==)]"])
def test_a_mistake_is_found_when_it_is_compiled(path: str):
    with pytest.raises(ExpressionSyntaxError):
        Path(path)
