"""JSON Schemas in local entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson

from mediation.errors import MediationError, PayloadError

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.local_entry import LocalEntry

_PATTERNS: Final = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
"""Most patterns run in linear time; those with look-around or back-references are stopped at this."""

_BASE: Final = "entry:/"
"""What the URI of a schema begins with whose key is no URI."""


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """
    A compiled schema. Shared by all messages.

    Attributes:
        document: as it was written.
        used: the local entries that it was made of.
    """

    document: Any
    validator: Any
    used: tuple[tuple[str, LocalEntry], ...]

    def is_current(self, environment: Environment) -> bool:
        """Whether it would be made of the same entries there."""
        return all(environment.local_entry(key) is entry for key, entry in self.used)

    def mistake(self, text: str) -> tuple[str, str] | None:
        """
        The first mistake of a JSON text, and where it is; ``None`` if there is none.

        Raises:
            PayloadError: it is no JSON.
        """
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as exc:
            raise PayloadError(f"not JSON: {exc}") from exc
        error = next(iter(self.validator.iter_errors(value)), None)
        if error is None:
            return None
        return error.message, f"at /{'/'.join(map(str, error.instance_path))}: {error.message}"


def json_schema(key: str, environment: Environment) -> JsonSchema:
    """
    The schema that an entry holds as text: draft 4, unless its ``$schema`` names another.

    A ``$ref`` to another document is the key of a local entry; nothing else is read.

    Raises:
        MediationError: there is no such entry, or it is no schema.
    """
    used: list[tuple[str, LocalEntry]] = []

    def document(uri: str) -> Any:
        key = uri.removeprefix(_BASE)
        entry = environment.local_entry(key)
        if entry is None:
            raise MediationError(f"Can not find JSON Schema {key}")
        used.append((key, entry))
        if not isinstance(entry.value, str):
            raise MediationError("Can not find valid JSON Schema content")
        return orjson.loads(entry.value)

    try:
        schema = document(key)
        declared = isinstance(schema, dict) and "$schema" in schema
        kind = jsonschema_rs.validator_cls_for(schema) if declared else jsonschema_rs.Draft4Validator
        base = key if ":" in key else f"{_BASE}{key}"
        validator = kind(schema, base_uri=base, retriever=document, pattern_options=_PATTERNS)
        return JsonSchema(schema, validator, tuple(used))
    except (ValueError, jsonschema_rs.ValidationError) as exc:
        raise MediationError(f"Error while validating the JSON Schema {key} : {str(exc).splitlines()[0]}") from exc
