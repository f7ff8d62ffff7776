"""How HTTP callers use WebSocket back-ends: whose connection, and whether they wait for a reply."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mediation.errors import MediationError
from mediation.expressions import Expression, compile_expression
from mediation.parameters import choice, declared_parameters, parameter, read_texts, seconds
from mediation.payloads import Payload
from mediation.payloads.media_types import BINARY, JSON, TEXT, XML
from mediation.properties import OUT_ONLY, PROXY_NAME, is_true

if TYPE_CHECKING:
    from mediation.environment import Environment
    from mediation.message import MessageContext

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Correlation:
    """
    What a request and its reply have in common.

    Two are equal when their expressions are written alike.
    """

    text: str
    _expression: Expression = field(compare=False, repr=False)

    @classmethod
    def compile(cls, text: str) -> Correlation:
        """
        Raises:
            ExpressionSyntaxError: it is no expression of the language.
        """
        return cls(text, compile_expression(text, {}))

    def key(self, ctx: MessageContext) -> str | None:
        """What the expression finds in a message; ``None`` for nothing, and for a message that it cannot read."""
        try:
            return self._expression.string(ctx) or None
        except MediationError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerParameters:
    """
    What a proxy service says about its WebSocket back-ends; what it does not say, the transport sender does.

    Attributes:
        connection: ``shared`` by all HTTP callers, or of each ``proxy`` service its own.
        reply: ``none``, the ``first`` frame that comes, or a ``correlated`` one.
        correlation: of requests.
        reply_correlation: of replies, where it is not the same.
        reply_timeout: seconds to wait for a reply.
    """

    connection: str = parameter(
        "ws.http.connection",
        choice("shared", "proxy"),
        "shared",
        values="shared, proxy",
        help="whether HTTP callers of all proxy services share a connection to a back-end, or those of each one",
    )
    reply: str = parameter(
        "ws.http.reply",
        choice("none", "first", "correlated"),
        "none",
        values="none, first, correlated",
        help="which frame of the back-end answers a request: none, the next one, or the one with the same correlation",
    )
    correlation: Correlation | None = parameter(
        "ws.http.reply.correlation",
        Correlation.compile,
        values="expression",
        help="what a request and its reply have in common, such as `json-eval($.id)` or `//*[local-name()='id']`",
    )
    reply_correlation: Correlation | None = parameter(
        "ws.http.reply.correlation.response",
        Correlation.compile,
        values="expression",
        help="where the reply has it, if not in the same place",
    )
    reply_timeout: float = parameter(
        "ws.http.reply.timeout", seconds(0.001), 30.0, values="seconds", help="time to wait for a reply, before a 504"
    )


@dataclass(frozen=True, slots=True)
class Request:
    """
    A message whose sender waits for a reply.

    Attributes:
        correlation: of the reply; ``None`` takes the next frame.
        key: what it has to be.
        timeout: seconds.
    """

    correlation: Correlation | None
    key: str
    timeout: float


_NAMES = tuple(declared.name for _, declared in declared_parameters(CallerParameters))


def caller_parameters(service: str | None, environment: Environment, scheme: str) -> CallerParameters:
    """For the proxy service of that name, towards back-ends of that scheme; a wrong value is logged once."""
    sender = environment.transport_parameters(scheme)
    proxy = environment.proxy_service(service) if service else None
    own: Mapping[str, str] = proxy.parameters if proxy is not None else {}
    return _read(tuple(own.get(name) or sender.get(name) or "" for name in _NAMES))


@functools.lru_cache(maxsize=256)
def _read(texts: tuple[str, ...]) -> CallerParameters:
    given = dict(zip(_NAMES, texts, strict=True))
    values: dict[str, Any] = read_texts(CallerParameters, given, lambda mistake: logger.warning("%s", mistake))
    return CallerParameters(**values)


def reply_payload(payload: Payload) -> Payload:
    """What the HTTP caller gets: the frame, no longer as one, of the type that it was or looks like."""
    raw = payload.raw
    if raw is None:
        return payload
    if payload.content_type is not None:
        return Payload(raw, payload.content_type)
    if isinstance(raw, bytes):
        return Payload(raw, BINARY)
    return Payload(raw, {"{": JSON, "[": JSON, "<": XML}.get(raw.lstrip()[:1], TEXT))


def request_of(ctx: MessageContext, scheme: str) -> Request | None:
    """
    What the sender of an HTTP caller's message waits for.

    Raises:
        MediationError: its reply could not be told from others.
    """
    if is_true(ctx.get(OUT_ONLY)):
        return None
    parameters = caller_parameters(ctx.properties.get(PROXY_NAME), ctx.environment, scheme)
    if parameters.reply == "none":
        return None
    if parameters.reply == "first":
        return Request(None, "", parameters.reply_timeout)
    if parameters.correlation is None:
        raise MediationError("ws.http.reply is correlated, but ws.http.reply.correlation says by what")
    key = parameters.correlation.key(ctx)
    if key is None:
        raise MediationError(f"ws.http.reply.correlation {parameters.correlation.text} finds nothing in the request")
    return Request(parameters.reply_correlation or parameters.correlation, key, parameters.reply_timeout)
