from typing import Any

import pytest
from lxml import etree

from mediation.errors import PayloadError, XmlError
from mediation.typed_values import EVALUATED, LITERAL, json_value


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("STRING", " x ", " x "),
        ("BOOLEAN", "YES", True),
        ("BOOLEAN", "1", True),
        ("BOOLEAN", "on", False),
        ("INTEGER", "-2147483648", -(2**31)),
        ("LONG", "+9223372036854775807", 2**63 - 1),
        ("SHORT", "32767", 32767),
        ("FLOAT", " .5 ", 0.5),
        ("DOUBLE", "1E3", 1000.0),
        ("JSON", '{"a": [1, 2.50]}', '{"a":[1,2.50]}'),
        ("JSON", "word", '"word"'),
    ],
)
def test_text_becomes_a_value(type_: str, text: str, value: Any):
    assert LITERAL[type_](text) == value
    assert type(LITERAL[type_](text)) is type(value)


def test_xml_becomes_an_element():
    assert etree.tostring(LITERAL["OM"]("<a/>")) == b"<a/>"


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("INTEGER", "2147483648"),
        ("INTEGER", "1.0"),
        ("INTEGER", ""),
        ("INTEGER", "\u0661"),
        ("SHORT", "40000"),
        ("LONG", "1e3"),
        ("DOUBLE", "NaN"),
        ("DOUBLE", "1_000"),
        ("DOUBLE", "0x1"),
        ("JSON", '{"a":'),
        ("OM", "<a>"),
        ("OM", "<!DOCTYPE a><a/>"),
    ],
)
def test_what_does_not_convert(type_: str, text: str):
    with pytest.raises((ValueError, XmlError, PayloadError)):
        LITERAL[type_](text)


@pytest.mark.parametrize(
    ("type_", "text", "value"), [("INTEGER", "3.0", 3), ("SHORT", "-2.9", -2), ("INTEGER", "7", 7)]
)
def test_numbers_of_expressions_lose_their_fraction(type_: str, text: str, value: int):
    assert EVALUATED[type_](text) == value


@pytest.mark.parametrize(("type_", "text"), [("INTEGER", "1e400"), ("INTEGER", "3e9"), ("SHORT", "x")])
def test_numbers_of_expressions_have_to_be_in_range(type_: str, text: str):
    with pytest.raises((ValueError, OverflowError)):
        EVALUATED[type_](text)


@pytest.mark.parametrize(("text", "value"), [("[1]", [1]), ("1", 1), ("null", None), ('"a"', "a"), ("a b", "a b")])
def test_bare_words_are_a_json_string(text: str, value: Any):
    assert json_value(text) == value
