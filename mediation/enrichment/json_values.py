"""``<enrich>`` on JSON: a value, put where a target's JSONPath says."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mediation.errors import MediationError, PayloadError
from mediation.expressions import json_edit
from mediation.expressions.jsonpath import MISSING, Path
from mediation.payloads.json_text import dumps, loads

if TYPE_CHECKING:
    from mediation.expressions.json_eval import JsonEval
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)


def read(source: JsonEval, ctx: MessageContext, *, keep: bool) -> Any:
    """
    The value that a path of the body leads to.

    Args:
        keep: leave it in the body.

    Raises:
        MediationError: the path leads nowhere.
    """
    path = source.path(ctx)
    document = ctx.payload.json()
    value = path.find(document)
    if value is MISSING:
        raise MediationError(f"No results for path: {source.source}")
    if not keep and not path.is_root:
        _set_body(ctx, json_edit.removed(document, path.locations(document)))
    return value


def put_at(target: JsonEval, value: Any, action: str, ctx: MessageContext) -> None:
    """Put a value where a path of the body leads; nowhere if it leads nowhere."""
    if action not in ("replace", "child"):
        logger.error("Action sibling is not supported. Please use child action instead")
        return
    path = target.path(ctx)
    document = ctx.payload.json()
    locations = path.locations(document)
    if action == "child" and not locations:
        raise MediationError(f"No results for path: {target.source}")
    for location in reversed(locations):  # inner ones first: an outer one may replace them
        document = json_edit.changed(
            document, location, lambda old: value if action == "replace" else _with_child(old, value)
        )
    _set_body(ctx, document)


def _with_child(parent: Any, value: Any) -> Any:
    if isinstance(parent, list):
        return [*parent, value]
    if isinstance(parent, dict) and isinstance(value, dict):
        return parent | value
    logger.error("Cannot append since the target element is not a JSON array or JSONObject: %s", _excerpt(parent))
    return parent


def put_into_body(value: Any, action: str, ctx: MessageContext) -> None:
    if action != "replace":
        logger.error("Unsupported action : %s. Only replace is supported for target body.", action)
    elif not isinstance(value, dict | list):
        logger.error(
            "Unsupported JSON payload : %s.Only JSON arrays and objects can be enriched to the body", _excerpt(value)
        )
    else:
        _set_body(ctx, value)


def put_property(name: str, value: Any, action: str, ctx: MessageContext) -> None:
    """Set a property to a value as text, or add the value to the array that the property holds."""
    if action == "replace":
        ctx.set(name, value if isinstance(value, str) else dumps(value))
        return
    if action != "child":
        logger.error("Action sibling is not supported when enriching properties with JSON data")
        return
    held = ctx.get(name)
    if held is None:
        logger.error('Cannot find the property with name "%s" to enrich', name)
        return
    try:
        parent = loads(held) if isinstance(held, str) else held
    except PayloadError:
        logger.error("Value inside the given property : %s is not a valid JSON", name)
        return
    if isinstance(parent, list):
        ctx.set(name, dumps([*parent, value]))
    else:
        logger.error("Cannot add child, since the target %s is not an JSON array", _excerpt(parent))


def rename(path: Path, key: str, name: Any, ctx: MessageContext) -> None:
    """
    Give a member of the objects that a path leads to, or of those in an array, another name.

    Raises:
        MediationError: the name is no text, or there is no such member.
    """
    if isinstance(name, dict | list) or name is None:
        raise MediationError("Failed to get the new key name from source for Enriching. Key name must be a string.")
    new = name if isinstance(name, str) else dumps(name)

    def change(value: Any) -> Any:
        if isinstance(value, list):
            return [change(item) for item in value]
        if not isinstance(value, dict) or key not in value:
            raise MediationError(f"Failed to rename the key. There is no {key} to be renamed")
        return json_edit.renamed(value, key, new)

    document = ctx.payload.json()
    locations = path.locations(document)
    if not locations:
        raise MediationError(f"Failed to rename the key. There is no {key} to be renamed")
    for location in reversed(locations):
        document = json_edit.changed(document, location, change)
    _set_body(ctx, document)


def without(document: Any, paths: Sequence[Path]) -> Any:
    """
    A JSON value without what the paths lead to; ``MISSING`` if one of them is the whole.

    Raises:
        MediationError: a path leads nowhere.
    """
    for path in paths:
        if path.is_root:
            return MISSING
        locations = path.locations(document)
        if not locations:
            raise MediationError("Error occurred while executing the action : remove", detail="No results for path")
        document = json_edit.removed(document, locations)
    return document


def _set_body(ctx: MessageContext, value: Any) -> None:
    # Text would be taken for JSON text.
    ctx.payload.replace_json(dumps(value) if isinstance(value, str) else value, keep_type=True)


def _excerpt(value: Any) -> str:
    text = dumps(value).encode("ascii", "backslashreplace").decode()  # as much as a terminal should see
    return text if len(text) <= 200 else f"{text[:200]}..."
