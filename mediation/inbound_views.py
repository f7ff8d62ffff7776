"""HTTP inbound endpoints as Django views: one for each port."""

from __future__ import annotations

from typing import Any

from django.core.handlers.asgi import ASGIRequest

from mediation.api import ApiRequest, DirectAnswer, Dispatched
from mediation.api.artifact import DEFAULT_BINDING
from mediation.exchange import Exchanges
from mediation.headers import Headers
from mediation.http_inbound import HttpInboundEndpoint
from mediation.properties import INBOUND_ENDPOINT_NAME, IS_INBOUND
from mediation.proxy_service import ProxyService
from mediation.runtime import Runtime
from mediation.views import PREFIX, REFUSED_METHODS, Found, ProxyServiceView, Refused, find_proxy, inside, raw_path


class InboundHttpView(ProxyServiceView):
    """
    The requests to one HTTP inbound endpoint.

    APIs that are bound to the endpoint (``binds-to``) go first. Then, where the endpoint has a
    ``dispatch.filter.pattern`` that the path matches, other APIs and proxy services; else the endpoint's sequence. The
    endpoint is looked up for each request, so that a changed one needs no new port.

    Args:
        exchanges: of the process; whoever drains them drains those of this view.
    """

    def __init__(self, name: str, runtime: Runtime, exchanges: Exchanges) -> None:
        super().__init__()
        self._name = name
        self._runtime = runtime
        self.exchanges = exchanges

    def _find(
        self, request: ASGIRequest, path: str, api: bool, headers: Headers, runtime: Runtime
    ) -> Found | ProxyService | DirectAnswer:
        if request.method in REFUSED_METHODS:
            raise Refused(405, f"{request.method} is not allowed")
        inbound = runtime.environment.deployed("inboundEndpoint").get(self._name)
        if not isinstance(inbound, HttpInboundEndpoint):
            raise Refused(404, "There is no such service")
        raw = raw_path(request)
        query = request.META["QUERY_STRING"]
        target = inside(f"{raw}?{query}" if query else raw)
        found: Found | ProxyService | DirectAnswer | None
        found = self._of_api(request, target, headers, runtime, self._name)
        if found is None and inbound.dispatch_pattern is not None and inbound.dispatch_pattern.fullmatch(target):
            found = self._of_api(request, target, headers, runtime)
            if found is None and raw.startswith(PREFIX):
                found = find_proxy(request, raw, runtime.environment, inbound=True)
        if isinstance(found, Found):
            found.properties.update(self._properties)
        return found or Found(inbound, target.lstrip("/"), self._properties)

    def _of_api(
        self, request: ASGIRequest, target: str, headers: Headers, runtime: Runtime, caller: str = DEFAULT_BINDING
    ) -> Found | DirectAnswer | None:
        dispatched = runtime.apis().find(
            ApiRequest(request.method or "", target, request.scheme or "http", headers, caller)
        )
        if isinstance(dispatched, Dispatched):
            return Found(dispatched.service, dispatched.postfix, dispatched.properties, dispatched.fields)
        return dispatched

    @property
    def _properties(self) -> dict[str, Any]:
        return {IS_INBOUND: True, INBOUND_ENDPOINT_NAME: self._name}
