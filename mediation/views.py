"""Proxy services and APIs as a Django view: requests become exchanges, and their answers become responses."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote

from asgiref.sync import markcoroutinefunction
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, UnreadablePostError

from mediation import service_description
from mediation.api import ApiRequest, ApiService, DirectAnswer, Dispatched
from mediation.authentication.credentials import Attempt, forget
from mediation.defaults import default_sequence
from mediation.environment import Environment
from mediation.exchange import Exchange, Exchanges, Service
from mediation.headers import Headers
from mediation.http_answer import HttpAnswer
from mediation.identity import Identity
from mediation.listeners.forwarded import client_address, is_secure
from mediation.listeners.origin import origin_allowed
from mediation.message import MessageContext
from mediation.options import Options
from mediation.payloads import Payload
from mediation.payloads.addressing import ANONYMOUS, read_addressing
from mediation.payloads.media_types import BINARY, media_type, parameter
from mediation.properties import (
    CONTENT_TYPE,
    HTTP_METHOD,
    MESSAGE_TYPE,
    PROXY_NAME,
    REMOTE_ADDR,
    REMOTE_HOST,
    REST_URL_POSTFIX,
    TRANSPORT_IN_NAME,
    TRANSPORT_IN_URL,
)
from mediation.proxy_service import MainSequence, ProxyService
from mediation.runtime import Runtime
from mediation.transports import content_coding
from mediation.transports.hops import HOPS
from mediation.transports.websocket import Rejection
from mediation.transports.websocket.pool import BackendPool

PREFIX: Final = "/services/"
API_PREFIX: Final = "/apis"
"""What APIs have before their context on the main port, where all other paths are Django's."""

DESCRIPTIONS: Final = frozenset({"wsdl", "wsdl2", "xsd", "policy"})
"""Queries that ask about a service instead of calling it; ``xsd`` and ``wsdl`` may name a document after a ``=``."""

_HOST: Final = re.compile(r"[\w.:\[\]-]+", re.ASCII)

REFUSED_METHODS: Final = frozenset({"CONNECT", "TRACE"})
"""A proxy service is no HTTP proxy, and does not show a request's credentials to scripts."""


MAIN: Final = MainSequence()

logger = logging.getLogger(__name__)


class ProxyServiceView:
    """
    All proxy services of a process, at ``/services/NAME``, and all APIs, at their contexts. What is for none of them
    runs through the sequence ``main``.

    Touches neither sessions nor users nor the database, and needs nothing of Django's middleware, so that a listener
    may call it directly.
    """

    csrf_exempt = True

    def __init__(self) -> None:
        self._runtime: Runtime | None = None
        self.exchanges = Exchanges(0)
        markcoroutinefunction(self)

    def bind(self, runtime: Runtime) -> None:
        """
        Serve the proxy services and APIs of this process; until then every request gets 503.

        Whoever binds the view drains :attr:`exchanges` when the process stops.
        """
        self._runtime = runtime
        self.exchanges = Exchanges(runtime.options.max_requests)

    async def __call__(self, request: ASGIRequest, path: str = "", *, api: bool = False) -> HttpResponse:
        """
        Args:
            path: what follows ``/services/`` in the request's path; empty when it does not begin so.
            api: the path begins with :data:`API_PREFIX`, and is for an API or for nobody.
        """
        runtime = self._runtime
        if runtime is None or runtime.draining or self.exchanges.full:
            return _plain(503, "The service is not available at the moment", retry_after="1")
        environment = runtime.environment
        try:
            headers = _headers(request)
            trusted = runtime.options.trusted_proxies
            if trusted:
                secure = is_secure(request.META.get("REMOTE_ADDR", ""), headers, trusted, request.scheme == "https")
                request.scope = {**request.scope, "scheme": "https" if secure else "http"}
            found = self._find(request, path, api, headers, runtime)
            identity = None
            called = found.service if isinstance(found, Found) else found
            if isinstance(called, ProxyService | ApiService) and not called.access.open:
                identity = await _identify(request, called, headers, runtime)
            if isinstance(found, ProxyService):
                return await _description(request, found, environment)
            if isinstance(found, DirectAnswer):
                return _Response(HttpAnswer(found.status, headers=found.fields, body=found.body))
            ctx = _message(request, environment, found, headers, runtime.options)
        except Refused as refusal:
            return _plain(refusal.status, str(refusal))
        except Rejection as refusal:
            fields = (("Content-Type", "text/plain; charset=utf-8"), *refusal.headers)
            return _Response(HttpAnswer(refusal.status, headers=fields, body=f"{refusal.text}\n".encode()))
        if identity is not None:
            ctx.properties |= identity.properties()
            ctx.axis2 |= identity.properties()
        exchange = Exchange(found.service, ctx, _backends(found.service, runtime))
        return _Response(await exchange.run(self.exchanges), found.fields)

    def _find(
        self, request: ASGIRequest, path: str, api: bool, headers: Headers, runtime: Runtime
    ) -> Found | ProxyService | DirectAnswer:
        """
        What the request is for; a proxy service if it asks for its description.

        Raises:
            Refused: there is nothing that would take this request.
        """
        if request.method in REFUSED_METHODS:
            raise Refused(405, f"{request.method} is not allowed")
        environment = runtime.environment
        raw = raw_path(request)
        if api:
            raw = raw.partition(API_PREFIX)[2]
        elif path:
            proxy = find_proxy(request, raw, environment)
            if proxy is not None:
                return proxy
        query = request.META["QUERY_STRING"]
        target = inside(f"{raw}?{query}" if query else raw)
        mount = API_PREFIX if api else ""
        asked = ApiRequest(request.method or "", target, request.scheme or "http", headers, mount=mount)
        dispatched = runtime.apis().find(asked)
        if isinstance(dispatched, Dispatched):
            return Found(dispatched.service, dispatched.postfix, dispatched.properties, dispatched.fields)
        if dispatched is not None:
            return dispatched
        if api:
            raise Refused(404, "There is no such API")
        return Found(_main_sequence(environment), target.lstrip("/"), {})


class Found(NamedTuple):
    """
    What a request is for.

    Attributes:
        postfix: what follows the service's address in the path, as it was sent, with the query.
        properties: of the default scope.
        fields: header fields that the answer gets.
    """

    service: Service
    postfix: str
    properties: dict[str, Any]
    fields: tuple[tuple[str, str], ...] = ()


def _backends(service: Service, runtime: Runtime) -> BackendPool:
    """Proxy services may have connections of their own."""
    shared = runtime.shared_backends
    return shared.of_service(service.name) if isinstance(service, ProxyService) else shared.backends


class Refused(Exception):
    """A request that is not mediated."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


async def _identify(
    request: ASGIRequest, service: ProxyService | ApiService, headers: Headers, runtime: Runtime
) -> Identity:
    """
    Who calls the service. The header that said so is taken out of ``headers``.

    Raises:
        Rejection: whoever it is may not; see :meth:`mediation.authentication.Gate.admit`.
    """
    origin = headers.get("Origin")
    named = {*runtime.options.allowed_origins} - {"*"}
    same_origin = None if origin is None else origin_allowed(origin, headers.get("Host"), named)
    if origin is None and headers.get("Sec-Fetch-Site") == "cross-site":
        same_origin = False  # a link or an image on somebody else's page
    address = client_address(request.META.get("REMOTE_ADDR", ""), headers, runtime.options.trusted_proxies)
    attempt = Attempt(service.name, service.label, headers, address)
    identity = await runtime.gate.admit(attempt, service.access, same_origin)
    forget(identity, headers, service.access)
    return identity


# -- which service


def find_proxy(
    request: ASGIRequest, path: str, environment: Environment, *, inbound: bool = False
) -> Found | ProxyService | None:
    """
    The proxy service that the path names, if there is one; alone if the request asks for its description.

    Args:
        path: as it was sent.
        inbound: the request came in through an inbound endpoint.

    Raises:
        Refused: it does not take this request.
    """
    segment, slash, rest = path.partition(PREFIX)[2].partition("/")
    proxy = _proxy(unquote(segment), environment)
    if proxy is None:
        return None
    if not proxy.start_on_load:
        raise Refused(404, "There is no such service")
    if request.scheme not in proxy.transports:
        raise Refused(403, f"The service {proxy.name} is not offered over {request.scheme}")
    if not inbound and proxy.parameters.get("inbound.only", "").lower() == "true":
        raise Refused(403, f"The service {proxy.name} takes messages of inbound endpoints only")
    query = request.META["QUERY_STRING"]
    if request.method == "GET" and query.partition("=")[0].lower() in DESCRIPTIONS and _asks(query, proxy):
        return proxy
    postfix = inside(slash + rest) + (f"?{query}" if query else "")
    return Found(proxy, postfix, {PROXY_NAME: proxy.name})


def _asks(query: str, proxy: ProxyService) -> bool:
    """Whether a query that begins like one for a description is one: ``wsdl=x`` may be a parameter of the service."""
    _, equals, location = query.partition("=")
    return not equals or (proxy.wsdl is not None and unquote(location) in proxy.wsdl.resources)


async def _description(request: ASGIRequest, proxy: ProxyService, environment: Environment) -> HttpResponse:
    """
    Raises:
        Refused: the service has no such description.
    """
    query = request.META["QUERY_STRING"]
    host = request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        raise Refused(400, "The field Host names no host")
    address = f"{request.scheme}://{host}{PREFIX}{quote(proxy.name)}"
    if query.lower() != "wsdl" and "=" not in query:
        raise Refused(404, f"The service {proxy.name} publishes no such description")
    if proxy.wsdl is None:
        document = service_description.generated(proxy.name, address, request.scheme or "http")
    else:
        keep = proxy.parameters.get("modifyUserWSDLPortAddress", "").lower() == "false"
        try:
            document = await service_description.describe(proxy.wsdl, query, address, environment, keep_addresses=keep)
        except service_description.NoDescription as exc:
            logger.warning("{%s} no description: %s", proxy.label, exc)
            raise Refused(404, f"The description of the service {proxy.name} is not there") from exc
    return HttpResponse(document, content_type="text/xml; charset=UTF-8")


def _main_sequence(environment: Environment) -> MainSequence:
    # The built-in one would say 202 to whatever is mistyped.
    if environment.sequence("main") is default_sequence("main"):
        raise Refused(404, "There is no such service")
    return MAIN


def inside(path: str) -> str:
    if ".." in unquote(path.partition("?")[0]).replace("\\", "/").split("/"):
        # It would be resolved against the endpoint's address, and leave it.
        raise Refused(400, "The path leaves the service")
    return path


def raw_path(request: ASGIRequest) -> str:
    raw = request.scope.get("raw_path")
    # Absent in servers that do not tell (ASGI: optional); then what was escaped is no longer known.
    return raw.decode("latin-1") if raw else quote(request.path)


def _proxy(name: str, environment: Environment) -> ProxyService | None:
    proxy = environment.proxy_service(name)
    if proxy is None and name.lower().endswith("endpoint"):
        # One of the addresses in a generated WSDL: NAME.SOAP11Endpoint, NAME.NAMEHttpSoap11Endpoint.
        proxy = environment.proxy_service(name.rpartition(".")[0])
    return proxy


# -- the message


def _headers(request: ASGIRequest) -> Headers:
    return Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"])


def _message(
    request: ASGIRequest, environment: Environment, found: Found, headers: Headers, options: Options
) -> MessageContext:
    """
    Raises:
        Refused: the body is too large or cannot be read.
    """
    body = _body(request, headers, options.max_body_bytes)
    content_type = headers.get("Content-Type") or (BINARY if body else None)
    query = request.META["QUERY_STRING"]
    remote = client_address(request.META.get("REMOTE_ADDR", ""), headers, options.trusted_proxies)
    axis2: dict[str, Any] = {
        HTTP_METHOD: request.method,
        TRANSPORT_IN_URL: f"{raw_path(request)}?{query}" if query else raw_path(request),
        REMOTE_ADDR: remote,
        REMOTE_HOST: remote,
    }
    if found.postfix:
        axis2[REST_URL_POSTFIX] = found.postfix
    if content_type is not None:
        axis2[MESSAGE_TYPE] = media_type(content_type)
        axis2[CONTENT_TYPE] = content_type
    default: dict[str, Any] = {TRANSPORT_IN_NAME: request.scheme, **found.properties}
    ctx = MessageContext(
        environment,
        Payload(body, content_type, wrapper=found.service.wrapper if isinstance(found.service, ProxyService) else None),
        default=default,
        axis2=axis2,
        headers=headers,
    )
    ctx.hops = HOPS.arrived(headers, request.META["SERVER_PORT"])
    ctx.to = axis2[TRANSPORT_IN_URL]
    # SOAP 1.2 has no SOAPAction; its action is a parameter of the media type (RFC 3902).
    ctx.action = (headers.get("SOAPAction") or "").strip(' "') or parameter(content_type, "action")
    _address(ctx)
    return ctx


def _address(ctx: MessageContext) -> None:
    """What the message says about itself goes before what HTTP says (``docs/compatibility.md``, WS-Addressing)."""
    said = read_addressing(ctx.payload)
    if said.to is not None and said.to not in ANONYMOUS:
        ctx.to = said.to
    ctx.action = said.action or ctx.action
    if said.message_id is not None:
        ctx.message_id = said.message_id
    ctx.from_, ctx.reply_to, ctx.fault_to, ctx.relates_to = said.from_, said.reply_to, said.fault_to, said.relates_to


def _body(request: ASGIRequest, headers: Headers, limit: int) -> bytes:
    """
    The body without its content coding; ``headers`` lose the fields that described it.

    Raises:
        Refused: it is too large, incomplete, or in a coding that is not known.
    """
    length = headers.get("Content-Length") or ""
    if length.isdecimal() and int(length) > limit:
        raise Refused(413, f"The body is larger than {limit} bytes")
    try:
        body = content_coding.decode(request.read(limit + 1), headers.get("Content-Encoding"), limit)
    except UnreadablePostError as exc:
        raise Refused(400, "The body is incomplete") from exc
    except content_coding.BodyTooLarge as exc:
        raise Refused(413, str(exc)) from exc
    except content_coding.UnknownCoding as exc:
        raise Refused(415, str(exc)) from exc
    except ValueError as exc:
        raise Refused(400, str(exc)) from exc
    headers.remove("Content-Encoding")
    return body


# -- the response


class _Response(HttpResponse):
    """An answer with all its fields. Django keeps one value for each name; a ``Set-Cookie`` may come several times."""

    def __init__(self, answer: HttpAnswer, added: Iterable[tuple[str, str]] = ()) -> None:
        """
        Args:
            added: fields that it gets unless it has some of that name.
        """
        super().__init__(answer.body, status=answer.status, reason=answer.reason)
        del self.headers["Content-Type"]
        self._repeated = []
        for name, value in answer.headers:
            if name in self.headers:
                self._repeated.append((name, value))
            else:
                self.headers[name] = value
        for name, value in added:
            self.headers.setdefault(name, value)

    def items(self) -> Iterator[tuple[str, str]]:
        yield from self.headers.items()
        yield from self._repeated


def _plain(status: int, text: str, *, retry_after: str | None = None) -> HttpResponse:
    response = HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
    if retry_after is not None:
        response["Retry-After"] = retry_after
    return response


proxy_services: Final = ProxyServiceView()
"""The view of this process, for URL configurations. The server binds it."""
