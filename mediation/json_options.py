"""The originals' switches for XML that becomes JSON (``synapse.commons.json...``), as properties of a mediator."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from mediation.errors import GrammarError
from mediation.expressions.regex import compile_regex
from mediation.payloads.json_xml import Defaults, JsonOutput

_OUTPUT: Final = "synapse.commons.json.output."

_FIELDS: Final = {
    f"{_OUTPUT}autoPrimitive": "primitives",
    f"{_OUTPUT}jsonoutAutoArray": "arrays",
    f"{_OUTPUT}jsonoutMultiplePI": "instructions",
    f"{_OUTPUT}enableNSDeclarations": "declarations",
    f"{_OUTPUT}emptyXmlElemToEmptyStr": "empty_as_text",
    "synapse.commons.json.preserve.namespace": "namespaces",
}
"""Fields of JsonOutput that are true or false."""

SEPARATOR: Final = f"{_OUTPUT}namespaceSepChar"
ALWAYS_TEXT: Final = f"{_OUTPUT}disableAutoPrimitive.regex"
NULL_FOR_EMPTY: Final = "synapse.commons.enableXmlNullForEmptyElement"

INSTRUCTIONS: Final = "synapse.json.to.xml.processing.instruction.enabled"
"""Of a server only: JSON that becomes XML gets ``<?xml-multiple  name?>``."""

NAMES: Final = frozenset({*_FIELDS, SEPARATOR, ALWAYS_TEXT, NULL_FOR_EMPTY})


def json_output(properties: Mapping[str, str]) -> JsonOutput:
    """
    Args:
        properties: by name; what is not among :data:`NAMES` does not count. The rest is as the server has it.

    Raises:
        GrammarError: a switch that is neither ``true`` nor ``false``.
        ExpressionSyntaxError: the regular expression is none.
    """
    values: dict[str, Any] = {
        field: _switch(name, properties[name]) for name, field in _FIELDS.items() if name in properties
    }
    if NULL_FOR_EMPTY in properties:
        values["empty_as_text"] = values.get("empty_as_text", False) or not _switch(
            NULL_FOR_EMPTY, properties[NULL_FOR_EMPTY]
        )
    if SEPARATOR in properties:
        values["separator"] = properties[SEPARATOR]
    if ALWAYS_TEXT in properties:
        values["always_text"] = compile_regex(properties[ALWAYS_TEXT])
    return dataclasses.replace(Defaults.output, **values)


def use_switches(switches: Mapping[str, str]) -> None:
    """
    Set what holds for all messages of this process.

    Raises:
        GrammarError: there is no such switch, or it is neither ``true`` nor ``false``.
        ExpressionSyntaxError: the regular expression is none.
    """
    unknown = sorted(switches.keys() - NAMES - {INSTRUCTIONS})
    if unknown:
        raise GrammarError(f"ESB_JSON_SWITCHES: {unknown[0]} is not one of {', '.join(sorted({*NAMES, INSTRUCTIONS}))}")
    Defaults.output = JsonOutput()
    Defaults.output = json_output(switches)
    Defaults.instructions = _switch(INSTRUCTIONS, switches.get(INSTRUCTIONS, "false"))


def _switch(name: str, text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in ("true", "false"):
        raise GrammarError(f'{name} "{text}" is not true or false')
    return lowered == "true"
