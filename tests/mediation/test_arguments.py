"""Arguments are text, or what their type says."""

from __future__ import annotations

from typing import Any

import pytest

from mediation.arguments import Inputs
from mediation.compiler import Compiler
from mediation.errors import PayloadError
from mediation.payloads.xml import parse_xml
from tests.mediation.mediators.support import message


def evaluated(*arguments: str, **properties: Any) -> list[Any]:
    compiler = Compiler()
    inputs = Inputs.from_xml(parse_xml(f"<inputs>{''.join(arguments)}</inputs>"), compiler)
    assert compiler.findings == []
    return inputs.evaluate(message(**properties))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ('<argument name="a" value="7"/>', "7"),
        ('<argument value="7" type="INTEGER"/>', 7),
        ('<argument value="true" type="boolean"/>', True),
        ('<argument value="[1]" type="JSON"/>', [1]),
        ("<argument expression=\"get-property('p')\"/>", "x"),
        ("<argument expression=\"get-property('none')\"/>", None),
    ],
)
def test_an_argument_is_text_or_what_its_type_says(argument: str, value: Any) -> None:
    assert evaluated(argument, p="x") == [value]


def test_arguments_keep_their_order() -> None:
    assert evaluated('<argument value="1"/>', '<argument value="2"/>') == ["1", "2"]


def test_a_text_that_is_not_of_its_type_is_a_fault() -> None:
    with pytest.raises(PayloadError):
        evaluated('<argument value="x" type="INTEGER"/>')
