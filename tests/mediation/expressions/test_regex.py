from __future__ import annotations

import time

import pytest

from mediation.errors import ExpressionSyntaxError
from mediation.expressions import compile_regex


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("IBM", "IBM", True),
        ("IBM", "IBM!", False),
        ("I.*", "IBM", True),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        (r"\p{Alpha}+", "abc", True),
        (r"[\p{Digit}_]+", "1_2", True),
        (r"\P{Digit}+", "abc", True),
        (r"a\Z", "a", True),
        (r"\Q.\E", ".", True),
        ("(?i)ibm", "IBM", True),
        ("é+", "éé", True),
    ],
)
def test_patterns_are_java_s_and_match_the_whole_string(pattern: str, text: str, expected: bool):
    assert (compile_regex(pattern).fullmatch(text) is not None) is expected


def test_groups_are_found():
    match = compile_regex("(a+)(b)?").fullmatch("aa")

    assert match is not None
    assert (match.group(0), match.group(1), match.group(2)) == ("aa", "aa", None)
    assert compile_regex("(a+)(b)?").groups == 2


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "missing )"),
        ("a(?=b)", "look-ahead is not supported"),
        ("(?<!a)b", "look-behind is not supported"),
        (r"(a)\1", "back-references are not supported"),
        ("a*+", "possessive quantifiers"),
        ("(?>a)", "atomic groups"),
        ("[a-z&&[^b]]", "intersections"),
        ("a{2000}", "repetition"),
    ],
)
def test_what_cannot_run_in_linear_time_is_refused_with_a_reason(pattern: str, reason: str):
    with pytest.raises(ExpressionSyntaxError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        compile_regex(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", r"^(\w+\s?)*$", "(.*)*x"])
def test_no_pattern_takes_exponential_time(pattern: str):
    regex, text = compile_regex(pattern), "a" * 100_000 + "!"
    started = time.perf_counter()

    regex.fullmatch(text)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("text", ["urn:getQuote", "IBM", "a b/c", "é"])
def test_a_pattern_without_anything_special_is_that_text(text: str) -> None:
    pattern = compile_regex(text)
    match = pattern.fullmatch(text)
    assert match is not None
    assert match.group() == match.group(0) == text
    assert pattern.fullmatch(text + "x") is None
    assert pattern.fullmatch(text.lower() + "x") is None
    assert pattern.search(f"x{text}x") is not None
    assert pattern.sub("y", f"x{text}x") == "xyx"
    assert pattern.split(f"1{text}2") == ["1", "2"]
    assert (pattern.pattern, pattern.groups) == (text, 0)
