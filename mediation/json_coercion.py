"""
JSON brought into the types that a schema asks for.

XML knows text only, and cannot tell one element from an array of one: the JSON that comes of it may need to be put
right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mediation.errors import MediationError
from mediation.expressions.regex import compile_regex
from mediation.payloads.json_text import JsonFloat, dumps

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MAX_DEPTH: Final = 100


def coerced(value: Any, schema: Any) -> Any:
    """
    The value in the types that the schema asks for, as far as it can be; whether it fits is for a validator to say.

    ``"5"`` becomes ``5`` for a number, ``5`` becomes ``"5"`` for a string, ``"true"`` a truth value, ``""`` and
    ``"null"`` a ``null``, and anything but an array becomes an array of one.

    Args:
        schema: with ``type``, ``properties``, ``patternProperties``, ``additionalProperties``, ``items`` and
            ``additionalItems``; other keywords do not matter here.

    Raises:
        MediationError: nested too deeply, or a pattern is no regular expression.
    """
    return _coerced(value, schema, 0)


def _coerced(value: Any, schema: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping):
        return value
    if depth > _MAX_DEPTH:
        raise MediationError("the JSON is nested too deeply for a schema")
    wanted = schema.get("type")
    if wanted == "array":
        return _array(value if isinstance(value, list) else [value], schema, depth + 1)
    if wanted == "object" or (wanted is None and isinstance(value, dict)):
        return _object(value, schema, depth + 1) if isinstance(value, dict) else value
    return _scalar(value, wanted)


def _scalar(value: Any, wanted: Any) -> Any:
    if wanted == "string":
        return dumps(value) if isinstance(value, bool | int | float) else value
    if not isinstance(value, str):
        return value
    if wanted in ("number", "integer") and _NUMBER.fullmatch(value):
        return int(value) if value.lstrip("-").isdigit() else JsonFloat(value)
    if wanted == "boolean" and value in ("true", "false"):
        return value == "true"
    return None if wanted == "null" and value in ("", "null") else value


def _array(items: list[Any], schema: Mapping[str, Any], depth: int) -> list[Any]:
    of_items = schema.get("items")
    if isinstance(of_items, list):
        rest = schema.get("additionalItems")
        return [
            _coerced(item, of_items[index] if index < len(of_items) else rest, depth)
            for index, item in enumerate(items)
        ]
    return [_coerced(item, of_items, depth) for item in items]


def _object(members: dict[str, Any], schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    known = schema.get("properties") or {}
    patterns = [(compile_regex(pattern), each) for pattern, each in (schema.get("patternProperties") or {}).items()]
    result = {}
    for name, value in members.items():
        schemas = [known[name]] if name in known else []
        schemas += [each for pattern, each in patterns if pattern.search(name)]
        for each in schemas or [schema.get("additionalProperties")]:
            value = _coerced(value, each, depth)
        result[name] = value
    return result
