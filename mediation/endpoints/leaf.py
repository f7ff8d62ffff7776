"""What the endpoints that talk to one back-end share: delivery options, time-outs, suspension."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import mediation.transports.http
import mediation.transports.websocket.sender  # noqa: F401  (these register themselves by scheme)
from mediation import grammar
from mediation.endpoints.suspension import ACTIVE, TIMEOUT_CODES, Suspension, SuspensionPolicy
from mediation.errors import (
    EndpointError,
    EndpointNotReady,
    GrammarError,
    InvalidAddress,
    InvalidHandshakeResponse,
    NotRunnable,
)
from mediation.expressions import Expression
from mediation.grammar import Node, elements, find, local_name, node
from mediation.message import MessageContext
from mediation.transports import DEFAULT_TIMEOUT, KNOWN_SCHEMES, Answer, SendOptions, scheme_of, transport_for
from mediation.transports.local import inbound_address

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

FORMATS: Final = frozenset({"soap11", "soap12", "pox", "get", "rest"})


@node("property")
class EndpointProperty(Node):
    """A property that is set on each message just before it is sent."""

    name: str = grammar.attribute(name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    scope: str = grammar.attribute("default", name="scope", choices=("default", "axis2", "transport", "axis2-client"))

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError('<property> of an endpoint needs the attribute "value" or "expression"')

    def apply(self, ctx: MessageContext) -> None:
        value = self.value if self.expression is None else self.expression.string(ctx)
        ctx.set(self.name, value, self.scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """
    One back-end: the settings of an ``<endpoint>`` with a single address.

    Subclasses say how the address comes about. The suspension state belongs to the instance, so it lasts as long as
    the artifact is not changed.
    """

    name: str
    kind: str
    options: SendOptions
    suspension: Suspension
    declares_suspension: bool
    properties: tuple[EndpointProperty, ...]

    def uri(self, ctx: MessageContext) -> str:
        """
        The address for this message.

        Raises:
            EndpointError: there is none.
        """
        raise NotImplementedError

    def send(self, ctx: MessageContext) -> Answer | Awaitable[Answer | None] | None:
        """
        Deliver the message.

        Returns:
            The answer, ``None`` if none will come, or an awaitable of that.

        Raises:
            EndpointNotReady: the endpoint is suspended.
            EndpointError: the message could not be delivered.
        """
        suspension = self.suspension
        if suspension.state is not ACTIVE and not suspension.is_ready():
            raise EndpointNotReady(
                f"Currently , {self.kind} endpoint : [ Name : {self.name} ] [ State : {suspension.state.name} ]"
            )
        for setting in self.properties:
            setting.apply(ctx)
        uri = self.uri(ctx)
        transport = transport_for(uri)
        try:
            outcome = transport.send(ctx, uri, self.options)
        except EndpointError as exc:
            self._failed(uri, exc)
            raise
        if outcome is None or isinstance(outcome, Answer):
            if suspension.state is not ACTIVE:
                suspension.succeeded()
            return outcome
        return self._finish(outcome, uri)

    async def _finish(self, waiting: Awaitable[Answer | None], uri: str) -> Answer | None:
        try:
            answer = await waiting
        except EndpointError as exc:
            self._failed(uri, exc)
            raise
        self.suspension.succeeded()
        return answer

    def _failed(self, uri: str, exc: EndpointError) -> None:
        if isinstance(exc, InvalidAddress):
            return
        # A WebSocket back-end that is down fails each client by itself. It is suspended only when the endpoint asks
        # for that, or when it answers the handshake with a server error (docs/compatibility.md, failing WebSocket
        # back-ends).
        server_error = isinstance(exc, InvalidHandshakeResponse) and exc.status >= 500
        if scheme_of(uri) in ("ws", "wss", "local") and not self.declares_suspension and not server_error:
            return
        self.suspension.failed(exc.code)


# -- reading the settings that address, http and default have in common


@dataclass(frozen=True, slots=True)
class Settings:
    """What the child element of an ``<endpoint>`` says beside its address."""

    options: SendOptions
    policy: SuspensionPolicy


def read_settings(element: etree._Element, compiler: Compiler, *, method: str | None = None) -> Settings:
    """
    Raises:
        ConfigurationError: a value is none of those that the language has.
    """
    format_ = (element.get("format") or "").lower() or None
    if format_ is not None and format_ not in FORMATS:
        compiler.warning(
            f'<{local_name(element)}> format "{format_}" is not one of {", ".join(sorted(FORMATS))}; it is ignored',
            element,
        )
        format_ = None
    for part in elements(element):
        tag = local_name(part)
        if tag in ("enableSec", "enableRM", "authentication"):
            raise NotRunnable(f"<{tag}> of an endpoint", line=part.sourceline)
    return Settings(
        SendOptions(
            method=method, format=format_, timeout=_timeout(element, compiler), encoding=element.get("encoding")
        ),
        _policy(element, compiler),
    )


def _timeout(element: etree._Element, compiler: Compiler) -> float:
    found = find(element, "timeout")
    duration = None if found is None else find(found, "duration")
    if duration is None:
        return DEFAULT_TIMEOUT
    milliseconds = _number(duration, int)
    action = find(found, "responseAction") if found is not None else None
    if action is None:
        action = find(found, "action") if found is not None else None
    if action is not None and (action.text or "").strip() not in ("discard", "fault", "none", "never"):
        raise GrammarError(
            f'<{local_name(action)}> "{(action.text or "").strip()}" is not one of discard, fault', action.sourceline
        )
    return milliseconds / 1000 if milliseconds > 0 else DEFAULT_TIMEOUT


def _policy(element: etree._Element, compiler: Compiler) -> SuspensionPolicy:
    mark, suspend, old = (
        find(element, tag) for tag in ("markForSuspension", "suspendOnFailure", "suspendDurationOnFailure")
    )
    values: dict[str, Any] = {"declared": any(part is not None for part in (mark, suspend, old))}
    if mark is not None:
        values["mark_codes"] = _codes(find(mark, "errorCodes")) or TIMEOUT_CODES
        values |= _numbers(
            mark, {"retriesBeforeSuspension": ("retries", int, 1), "retryDelay": ("retry_delay", int, 1000)}
        )
    if suspend is not None:
        values["suspend_codes"] = _codes(find(suspend, "errorCodes"))
        values |= _numbers(
            suspend,
            {
                "initialDuration": ("initial", int, 1000),
                "progressionFactor": ("factor", float, 1),
                "maximumDuration": ("maximum", int, 1000),
            },
        )
    if old is not None and suspend is None:
        values["initial"] = _number(old, int)  # seconds, unlike its successors
    if values.get("initial", 0) < 0:
        values["initial"] = None
    return SuspensionPolicy(**values)


def _numbers(parent: etree._Element, wanted: Mapping[str, tuple[str, Callable[[str], float], float]]) -> dict[str, Any]:
    found = {}
    for tag, (name, convert, divisor) in wanted.items():
        part = find(parent, tag)
        if part is not None and (part.text or "").strip():
            number = _number(part, convert)
            found[name] = number / divisor if divisor != 1 else number
    return found


def _number(element: etree._Element, convert: Callable[[str], float]) -> float:
    text = (element.text or "").strip()
    if text.startswith("{"):
        raise NotRunnable(f"a dynamic <{local_name(element)}>", line=element.sourceline)
    try:
        return convert(text)
    except ValueError:
        raise GrammarError(f'<{local_name(element)}> "{text}" is not a number', element.sourceline) from None


def _codes(element: etree._Element | None) -> frozenset[int]:
    if element is None:
        return frozenset()
    texts = [text for text in re.split(r"[\s,]+", element.text or "") if text]
    try:
        return frozenset(int(text) for text in texts)
    except ValueError:
        raise GrammarError(f'<errorCodes> "{element.text}" is not a list of numbers', element.sourceline) from None


def check_scheme(uri: str, element: etree._Element) -> None:
    """
    Raises:
        NotRunnable: nothing here takes messages to such an address.
    """
    scheme = scheme_of(uri)
    if scheme == "local" and inbound_address(uri) is None:
        raise NotRunnable(f'the address "{uri}"', "local:///inbound/NAME/PATH can", line=element.sourceline)
    if scheme and not scheme.startswith("$") and scheme not in KNOWN_SCHEMES:
        raise NotRunnable(f'the transport "{scheme}"', line=element.sourceline)
