from __future__ import annotations

import copy
import pickle

import pytest

from mediation.errors import PayloadError
from mediation.payloads.json_text import JsonFloat, dumps, loads


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello",
        "NaN",
        "[NaN]",
        "[-Infinity]",
        "[" * 100_000,
        '{"a":' * 100_000,
        "1" * 4301,
        r'"\ud800"',
        '{"a":1,}',
        "[1] 2",
        "01",
        '"tab\tin a string"',
        "\x00{}",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_not_json_is_a_payload_error(text: str):
    with pytest.raises(PayloadError) as caught:
        loads(text)
    assert caught.value.code == 601000


@pytest.mark.parametrize(
    "text",
    ["25.0000", "1e400", "-0.0", "1E5", "123456789012345678901234567890", '"\\u00e9"', "[1.50,{}]", "null", "true"],
)
def test_numbers_are_written_as_they_were_read(text: str):
    assert dumps(loads(text)) == text.replace("\\u00e9", "é")


def test_exact_numbers_and_large_ones_go_together():
    assert (
        dumps(loads('{"a":1.50,"b":123456789012345678901234567890}')) == '{"a":1.50,"b":123456789012345678901234567890}'
    )


def test_half_a_pair_is_refused_and_a_pair_is_a_character():
    assert loads(r'"\ud83d\ude00"') == "😀"


def test_of_members_with_one_name_the_last_wins():
    assert loads('{"a":1,"a":2}') == {"a": 2}


def test_deep_values_are_written():
    text = "[" * 400 + "]" * 400

    assert dumps(loads(text)) == text


def test_values_without_a_form_in_json_are_null_or_an_error():
    assert dumps(float("nan")) == "null"
    with pytest.raises(PayloadError, match="cannot be written as JSON"):
        dumps(object())


def test_an_exact_number_is_a_float_and_can_be_copied():
    number = JsonFloat("1.50")

    assert number == 1.5
    assert copy.deepcopy(number).text == "1.50"
    assert pickle.loads(pickle.dumps(number)).text == "1.50"  # noqa: S301
