from typing import Any

import pytest

from mediation.expressions.json_edit import changed, removed, renamed
from mediation.expressions.jsonpath import Path

DOCUMENT = {"a": [{"x": 1}, {"x": 2}], "b": {"x": 3}}


@pytest.mark.parametrize(
    ("path", "locations"),
    [
        ("$", [()]),
        ("$.b.x", [("b", "x")]),
        ("$.a[-1]", [("a", 1)]),
        ("$.a[*].x", [("a", 0, "x"), ("a", 1, "x")]),
        ("$.a[?(@.x == 2)]", [("a", 1)]),
        ("$.missing", []),
        ("$.a[5]", []),
        ("$.a.length()", []),
    ],
)
def test_a_path_knows_where_it_leads(path: str, locations: list[Any]):
    assert Path(path).locations(DOCUMENT) == locations


def test_a_change_leaves_the_old_value_as_it_is():
    new = changed(DOCUMENT, ("a", 0, "x"), lambda old: old + 10)
    assert new == {"a": [{"x": 11}, {"x": 2}], "b": {"x": 3}}
    assert DOCUMENT["a"][0] == {"x": 1}
    assert new["b"] is DOCUMENT["b"], "what is not on the way is shared"


def test_the_root_can_be_changed():
    assert changed(1, (), lambda old: old + 1) == 2


def test_items_that_are_removed_do_not_shift_the_others():
    assert removed({"a": [0, 1, 2, 3]}, [("a", 0), ("a", 2)]) == {"a": [1, 3]}


def test_a_renamed_member_comes_last():
    assert list(renamed({"a": 1, "b": 2}, "a", "c").items()) == [("b", 2), ("c", 1)]
