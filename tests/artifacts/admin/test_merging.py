from dataclasses import replace

import pytest

from artifacts.admin.merging import line_before, merge
from artifacts.synapse_xml import SequenceFacts

BASE = SequenceFacts("s", on_error="before")


def test_a_fact_changed_in_its_field_wins_over_the_xml():
    assert merge(BASE, replace(BASE, on_error="field"), BASE).facts.on_error == "field"


def test_a_fact_changed_in_the_xml_wins_over_its_field():
    assert merge(BASE, BASE, replace(BASE, on_error="xml")).facts.on_error == "xml"


def test_facts_are_merged_each_for_itself():
    merged = merge(BASE, replace(BASE, on_error="field"), replace(BASE, name="renamed"))

    assert merged == (SequenceFacts("renamed", on_error="field"), ())


def test_the_same_change_in_both_is_no_conflict():
    changed = replace(BASE, on_error="both")

    assert merge(BASE, changed, changed) == (changed, ())


def test_different_changes_are_a_conflict():
    assert merge(BASE, replace(BASE, on_error="field"), replace(BASE, on_error="xml")).conflicts == ("on_error",)


@pytest.mark.parametrize(
    ("line", "before", "after", "expected"),
    [
        (2, "a\nb", "a\nb", 2),
        (3, "a\nb", "a\nnew\nb", 2),
        (2, "a\nb", "a\nnew\nb", None),
        (2, "a\nb\nc", "a\nB\nc", 2),
        (2, "a\nb\nc", "a\nc", 3),
        (None, "a", "b", None),
    ],
)
def test_a_line_of_the_merged_text_is_found_in_the_typed_one(line, before, after, expected):
    assert line_before(line, before, after) == expected
