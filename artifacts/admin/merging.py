"""
Facts can be changed in the form's fields and in the XML, in one go.

Each fact is merged for itself: what was changed in one place wins over what was left alone in the other, and what was
changed in both must be the same.
"""

import dataclasses
import difflib
from typing import Any, NamedTuple

from artifacts.synapse_xml import Facts


class Merged(NamedTuple):
    """
    Attributes:
        facts: what the artifact shall say.
        conflicts: names of the facts that fields and XML changed to different values.
    """

    facts: Facts
    conflicts: tuple[str, ...]


def merge(base: Facts, in_fields: Facts, in_xml: Facts) -> Merged:
    """
    Args:
        base: the facts when the form was opened.
    """
    values: dict[str, Any] = {}
    conflicts = []
    for field in dataclasses.fields(base):
        name = field.name
        before, typed, written = (getattr(facts, name) for facts in (base, in_fields, in_xml))
        if typed not in (before, written) and written != before:
            conflicts.append(name)
        values[name] = written if typed == before else typed
    return Merged(dataclasses.replace(in_xml, **values), tuple(conflicts))


def line_before(line: int | None, before: str, after: str) -> int | None:
    """Where a line of the text ``after`` stood in the text ``before``; ``None`` if it is new."""
    if line is None or before == after:
        return line
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    for tag, old, old_end, new, new_end in matcher.get_opcodes():
        if new < line <= new_end:
            replaced = tag != "insert" and old + line - new <= old_end
            return old + line - new if replaced else None
    return None
