"""From a request to the resource of an API that takes it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from mediation.mediators.sequence import NamedSequence
from mediation.properties import (
    REST_API_CONTEXT,
    REST_FULL_REQUEST_PATH,
    REST_METHOD,
    REST_SUB_REQUEST_PATH,
    REST_URL_PREFIX,
    SYNAPSE_REST_API,
    SYNAPSE_REST_API_VERSION,
    SYNAPSE_REST_API_VERSION_STRATEGY,
)

from .artifact import DEFAULT_BINDING, Api
from .cors import NO_CORS, Cors, Fields
from .openapi import MEDIA_TYPES, description
from .resource import ApiService, Resource

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.headers import Headers

RESOURCE_MISMATCH: Final = "_resource_mismatch_handler_"
"""A sequence of this name answers requests that no resource of their API takes."""
METHOD_NOT_ALLOWED: Final = "_method_not_allowed_handler_"
"""A sequence of this name answers requests whose path a resource takes with other methods."""

QUERIES: Final = frozenset(f"?{query}" for query in MEDIA_TYPES)
"""What is asked of an API instead of a resource."""

_MALFORMED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST: Final = re.compile(r"(\[[^\]]+\]|[^:]+)(?::([0-9]{1,5}))?")
_FORWARDS: Final = re.compile(r"[0-9]{1,9}")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class ApiRequest:
    """
    What decides where a request goes.

    Attributes:
        path: as it was sent, with the query.
        caller: the inbound endpoint that it came to; ``default`` for the ports of the server itself.
        mount: what goes before all contexts, and is not in ``path``.
    """

    method: str
    path: str
    scheme: str
    headers: Headers
    caller: str = DEFAULT_BINDING
    mount: str = ""

    @cached_property
    def without_query(self) -> str:
        return self.path.partition("?")[0]

    @property
    def has_body(self) -> bool:
        return self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers


@dataclass(frozen=True, slots=True)
class Dispatched:
    """
    A request that is mediated.

    Attributes:
        properties: of the default scope.
        postfix: what follows the context in the path, with the query: ``REST_URL_POSTFIX``.
        fields: header fields that the answer gets.
    """

    service: ApiService
    properties: dict[str, Any]
    postfix: str
    fields: Fields = ()


@dataclass(frozen=True, slots=True)
class DirectAnswer:
    """An answer that no sequence gives."""

    status: int
    fields: Fields = ()
    body: bytes = b""


class ApiTable:
    """
    The APIs of one configuration, by context. Made once for each configuration, then shared by all requests.

    Args:
        cors: for APIs that have no handler of their own.
    """

    def __init__(self, environment: Environment, cors: Cors = NO_CORS) -> None:
        self._environment = environment
        self._cors = cors
        self._by_context: dict[str, list[Api]] = defaultdict(list)
        for api in environment.deployed("api").values():
            self._by_context[api.context].append(api)
        self._deepest = max((context.count("/") for context in self._by_context), default=0)
        for apis in self._by_context.values():
            apis.sort(key=lambda api: api.version_type != "url")  # a version says more than the context alone

    def find(self, request: ApiRequest) -> Dispatched | DirectAnswer | None:
        """Where the request goes, or what it is answered with; ``None`` if it is for no API."""
        for api in self._candidates(request.without_query):
            if _takes(api, request):
                return self._dispatch(api, request)
        return None

    def _candidates(self, path: str) -> Iterator[Api]:
        """APIs whose context the path begins with, longest first."""
        contexts, end = [""], 0
        for _ in range(self._deepest):  # a path may have more slashes than that, and thousands of them
            end = path.find("/", end + 1)
            contexts.append(path if end < 0 else path[:end])
            if end < 0:
                break
        for context in reversed(contexts):
            yield from self._by_context.get(context, ())

    def _dispatch(self, api: Api, request: ApiRequest) -> Dispatched | DirectAnswer:
        sub_path = request.path[len(api.prefix) :]
        target = sub_path if sub_path.startswith("/") else f"/{sub_path}"
        if sub_path.lstrip("/") in QUERIES and request.method == "GET":
            return self._description(api, request)
        resources = [pair for pair in api.resources if pair[0].binds_to is None or request.caller in pair[0].binds_to]
        willing = [pair for pair in resources if _accepts(pair[0], request)]
        found = _find_resource(willing, target)
        properties = _properties(api, request, sub_path or "/")
        if found is None:
            return self._refused(api, request, _find_resource(resources, target) if not willing else None, properties)
        resource, service, variables = found
        cors = self._cors if api.cors is None else api.cors
        fields = cors.fields(request.headers, resource.allowed)
        if request.method == "OPTIONS" and not _passes_on_options(resource, request.headers):
            return DirectAnswer(200, (("Allow", resource.allowed), *fields))
        if not _add_query_parameters(request.path, properties):
            return DirectAnswer(400)
        properties |= {f"uri.var.{name}": value for name, value in variables.items()}
        return Dispatched(service, properties, sub_path, fields)

    def _description(self, api: Api, request: ApiRequest) -> DirectAnswer:
        host = request.headers.get("Host") or ""
        document = description(api, f"{request.scheme}://{host}{request.mount}{api.prefix}", self._environment)
        if document is None or not api.access.open:
            return DirectAnswer(404)
        fields = (self._cors if api.cors is None else api.cors).fields(request.headers, "GET")
        media = MEDIA_TYPES[request.path.partition("?")[2]]
        return DirectAnswer(200, (("Content-Type", f"{media}; charset=UTF-8"), *fields), document.encode())

    def _refused(
        self, api: Api, request: ApiRequest, unwilling: _Found | None, properties: dict[str, Any]
    ) -> Dispatched | DirectAnswer:
        """
        Args:
            unwilling: the resource that the path leads to, when no resource takes such a request.
        """
        if unwilling is None:
            handler, answer = RESOURCE_MISMATCH, DirectAnswer(404)
        elif unwilling[0].methods and request.method not in unwilling[0].methods:
            # RFC 9110 15.5.6: "The origin server MUST generate an Allow header field in a 405 response"
            handler, answer = METHOD_NOT_ALLOWED, DirectAnswer(405, (("Allow", unwilling[0].allowed),))
        else:
            return DirectAnswer(400)
        sequence = self._environment.sequence(handler)
        if sequence is None:
            return answer
        service = ApiService(api.name, api.context, sequence, None, NamedSequence(None, "fault"), api.access)
        return Dispatched(service, properties, request.path[len(api.prefix) :])


def _takes(api: Api, request: ApiRequest) -> bool:
    if request.scheme not in api.schemes or request.caller not in api.binds_to:
        return False
    if api.version_type == "url":
        version = request.without_query[len(api.context) + 1 :].partition("/")[0]
        if version != api.version:
            return False
    if api.host is None and api.port is None:
        return True
    named = _HOST.fullmatch(request.headers.get("Host") or "")
    if named is None or api.host not in (None, named[1]):
        return False
    return api.port in (None, int(named[2]) if named[2] else _DEFAULT_PORTS.get(request.scheme))


def _accepts(resource: Resource, request: ApiRequest) -> bool:
    if request.scheme not in resource.schemes:
        return False
    if request.method == "OPTIONS":
        return True
    if resource.methods and request.method not in resource.methods:
        return False
    if (
        resource.content_type is not None
        and request.has_body
        and resource.content_type != request.headers.get("Content-Type")
    ):
        return False
    if resource.user_agent is None:
        return True
    agent = request.headers.get("User-Agent")
    return agent is not None and resource.user_agent.fullmatch(agent) is not None


_Found = tuple[Resource, ApiService, dict[str, str]]


def _find_resource(resources: Iterable[tuple[Resource, ApiService]], target: str) -> _Found | None:
    """URL mappings first (exact, the longest prefix, extension), then templates in their order, then the default."""
    path = target.partition("?")[0]
    mapped = [(resource.url_mapping, resource, service) for resource, service in resources if resource.url_mapping]
    for mapping, resource, service in mapped:
        if mapping.is_exactly(path):
            return resource, service, {}
    if mapped:
        mapping, resource, service = max(mapped, key=lambda each: each[0].prefix_length(path))
        if mapping.prefix_length(path):
            return resource, service, {}
    for mapping, resource, service in mapped:
        if mapping.has_extension(path):
            return resource, service, {}
    for resource, service in resources:
        if resource.uri_template is not None and resource.url_mapping is None:
            variables = resource.uri_template.match(target)
            if variables is not None:
                return resource, service, variables
    return next(((resource, service, {}) for resource, service in resources if resource.is_default), None)


def _passes_on_options(resource: Resource, headers: Headers) -> bool:
    """Whether the resource's sequence gets the OPTIONS request; one that may go no further is answered here."""
    if "OPTIONS" not in resource.methods:
        return False
    forwards = headers.get("Max-Forwards") or ""
    if not _FORWARDS.fullmatch(forwards):
        return True
    if int(forwards) == 0:
        return False
    headers.set("Max-Forwards", str(int(forwards) - 1))
    return True


def _properties(api: Api, request: ApiRequest, sub_path: str) -> dict[str, Any]:
    properties = {
        REST_FULL_REQUEST_PATH: request.path,
        REST_SUB_REQUEST_PATH: sub_path,
        REST_API_CONTEXT: api.context,
        REST_METHOD: request.method,
        SYNAPSE_REST_API: api.name,
        SYNAPSE_REST_API_VERSION: api.version,
        SYNAPSE_REST_API_VERSION_STRATEGY: api.version_type,
    }
    host = request.headers.get("Host")
    if host is not None:
        properties[REST_URL_PREFIX] = f"{request.scheme}://{host}"
    return properties


def _add_query_parameters(path: str, properties: dict[str, Any]) -> bool:
    """``query.param.NAME`` for each, decoded; ``False`` if one cannot be."""
    last = None
    for entry in path.partition("?")[2].split("&"):
        name, equals, value = entry.partition("=")
        if equals:
            if _MALFORMED.search(value):
                return False
            last = f"query.param.{name}"
            properties[last] = unquote_plus(value)
        elif last is not None and entry:
            # An ampersand that was not escaped belongs to the value before it.
            properties[last] += f"&{entry}"
    return True
