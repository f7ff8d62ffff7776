"""``?swagger.json`` of an API: the document that ``publishSwagger`` names, or one that is made of its resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mediation.payloads.json_text import dumps
from mediation.payloads.xml import to_text

if TYPE_CHECKING:
    from mediation.environment import Environment

    from .artifact import Api
    from .resource import Resource

MEDIA_TYPES: Final = {"swagger.json": "application/json", "swagger.yaml": "application/yaml"}
"""By the query that asks for a description. JSON is YAML, too (YAML 1.2, 1.2)."""

_VARIABLES: Final = re.compile(r"\{[+#./]?([^{}]*)\}")
_BODIES: Final = frozenset({"POST", "PUT", "PATCH"})


def description(api: Api, address: str, environment: Environment) -> str | None:
    """
    The OpenAPI document; ``None`` if the one that is published is not there.

    Args:
        address: of the API, with its context and version.
    """
    if api.swagger is None:
        return dumps(generated(api, address))
    entry = environment.local_entry(api.swagger)
    if entry is None:
        return None
    return entry.value if isinstance(entry.value, str) else to_text(entry.value)


def generated(api: Api, address: str) -> dict[str, Any]:
    """An OpenAPI 3.0 document of what the resources say of themselves."""
    paths: dict[str, dict[str, Any]] = {}
    for resource, _ in api.resources:
        path, _, query = (resource.mapping or "/*").partition("?")
        path = _VARIABLES.sub(lambda match: f"{{{match[1]}}}", path)
        operations = paths.setdefault(path if path.startswith("/") else f"/{path}", {})
        for method in resource.methods or ("GET", "POST", "PUT", "DELETE"):
            operations[method.lower()] = _operation(resource, method, path, query)
    return {
        "openapi": "3.0.1",
        "info": {"title": api.name.partition(":v")[0], "version": api.version or "1.0.0"},
        "servers": [{"url": address}],
        "paths": paths,
    }


def _operation(resource: Resource, method: str, path: str, query: str) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _VARIABLES.findall(path)
    ]
    parameters += [
        {"name": entry.partition("=")[0], "in": "query", "required": True, "schema": {"type": "string"}}
        for entry in query.split("&")
        if "=" in entry
    ]
    operation: dict[str, Any] = {"parameters": parameters} if parameters else {}
    if method in _BODIES:
        operation["requestBody"] = {"content": {resource.content_type or "*/*": {"schema": {}}}}
    operation["responses"] = {"default": {"description": "Default response"}}
    return operation
