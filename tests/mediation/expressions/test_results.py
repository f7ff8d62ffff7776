from __future__ import annotations

from typing import Any

import pytest

from mediation.expressions.results import boolean_value, java_double, string_value
from mediation.payloads.json_text import loads
from mediation.payloads.xml import parse_xml


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2.0, "2.0"),
        (0.0, "0.0"),
        (-1.5, "-1.5"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (-12345678.9, "-1.23456789E7"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (0.00012, "1.2E-4"),
        (1e300, "1.0E300"),
        (1.5e-300, "1.5E-300"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers_are_written_as_java_does(number: float, text: str):
    assert java_double(number) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (True, "true"),
        (3, "3"),
        (3.0, "3.0"),
        (loads("3.10"), "3.10"),
        ({"a": None}, '{"a":null}'),
        ([1, "b"], '[1,"b"]'),
        ([], ""),
        (b"bytes", "bytes"),
        (parse_xml("<a> x </a>"), "x"),
        (parse_xml("<a><b/></a>"), "<a><b/></a>"),
        ([parse_xml("<a>1</a>"), parse_xml("<a> 2 </a>")], "<a>1</a><a>2</a>"),
    ],
)
def test_the_string_value(value: Any, text: str | None):
    assert string_value(value) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False),
        ("", False),
        ("false", True),
        (0.0, False),
        (float("nan"), False),
        ([], False),
        (parse_xml("<a/>"), True),
    ],
)
def test_the_truth_value(value: Any, expected: bool):
    assert boolean_value(value) is expected
