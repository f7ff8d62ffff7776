from __future__ import annotations

import pytest

from mediation.errors import GrammarError
from mediation.joining import check_name, enclosing_name, merged

MERGED = [
    ([{"a": 1}, {"b": 2}], {"a": 1, "b": 2}),
    ([{"a": 1}, {"a": 2}, {"a": 3}], {"a": [1, 2, 3]}),
    ([{"a": [1]}, {"a": [2]}], {"a": [[1], [2]]}),
    ([[1, 2], 3, [4]], [1, 2, 3, 4]),
    ([{"a": 1}, [2], 3], [{"a": 1}, 2, 3]),
    ([], {}),
]


@pytest.mark.parametrize(("values", "result"), MERGED)
def test_objects_become_one(values, result):
    assert merged(values) == result


def test_what_is_merged_stays_as_it_was():
    values = [{"a": 1}, {"a": 2}, {"a": 3}]

    merged(values)

    assert values == [{"a": 1}, {"a": 2}, {"a": 3}]


@pytest.mark.parametrize(("value", "name"), [("quotes", "quotes"), ("", "p"), (None, "p"), (7, "p")])
def test_the_name_around_json(value, name):
    assert enclosing_name(value, "p") == name


@pytest.mark.parametrize("name", ["a b", "1", ""])
def test_a_name_that_no_element_has(name):
    with pytest.raises(GrammarError):
        check_name(name)
