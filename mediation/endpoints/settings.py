"""What ``<address>``, ``<http>``, ``<wsdl>`` and ``<default>`` say beside their address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mediation.endpoints.addressing import read_enable_addressing
from mediation.endpoints.suspension import TIMEOUT_CODES, Policy, SuspensionPolicy
from mediation.endpoints.timeout import Timeout, TimeoutAction
from mediation.errors import GrammarError, Needs, NotRunnable
from mediation.expressions import Value
from mediation.grammar import elements, find, local_name
from mediation.properties import ENABLE_MTOM, ENABLE_SWA
from mediation.transports import DEFAULT_TIMEOUT, KNOWN_SCHEMES, SendOptions, scheme_of
from mediation.transports.local import inbound_address

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

FORMATS: Final = frozenset({"soap11", "soap12", "pox", "get", "rest"})

PACKAGING: Final = {"mtom": ENABLE_MTOM, "swa": ENABLE_SWA}
"""By what ``optimize`` says."""

NOT_RUNNING: Final = {
    "enableSec": "use https, or credentials in a header",
    "enableRM": "use a message store and a message processor",
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    ``<retryConfig>``: with which error codes a group may send the message to another endpoint.

    Attributes:
        enabled: only these; empty means all.
        disabled: not these.
    """

    enabled: frozenset[int] = frozenset()
    disabled: frozenset[int] = frozenset()

    def allows(self, code: int | str) -> bool:
        return code not in self.disabled and (not self.enabled or code in self.enabled)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Of one endpoint; shared by all messages.

    Attributes:
        addressing: namespace of the WS-Addressing headers that SOAP messages get.
        packaging: the property (axis2) that says how binary content leaves.
    """

    options: SendOptions = field(default_factory=SendOptions)
    timeout: Timeout = field(default_factory=Timeout)
    policy: Policy = field(default_factory=Policy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    addressing: str | None = None
    packaging: str | None = None


NO_SETTINGS: Final = Settings()


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
        if tag == "authentication" and local_name(element) != "http":
            raise NotRunnable(f"<{tag}> of <{local_name(element)}>", "use <http>", line=part.sourceline)
        if tag in NOT_RUNNING:
            raise NotRunnable(f"<{tag}> of an endpoint", NOT_RUNNING[tag], line=part.sourceline)
    optimize = (element.get("optimize") or "").lower()
    if optimize and optimize not in PACKAGING:
        compiler.warning(
            f'<{local_name(element)}> optimize "{optimize}" is not one of {", ".join(PACKAGING)}; it is ignored',
            element,
        )
    timeout = _timeout(element, compiler)
    return Settings(
        SendOptions(method=method, format=format_, timeout=timeout.seconds, encoding=element.get("encoding")),
        timeout,
        _policy(element, compiler),
        _retry(element),
        read_enable_addressing(element, compiler),
        PACKAGING.get(optimize),
    )


def _timeout(element: etree._Element, compiler: Compiler) -> Timeout:
    found = find(element, "timeout")
    if found is None:
        return Timeout()
    duration = find(found, "duration")
    seconds: float | None = None
    dynamic: Value | None = None
    if duration is not None and _text(duration).startswith("{"):
        dynamic = compiler.value(_text(duration), duration)
    elif duration is not None:
        seconds = number(duration, int) / 1000
    action = find(found, "responseAction")
    if action is None:
        action = find(found, "action")
    return Timeout(seconds if seconds and seconds > 0 else DEFAULT_TIMEOUT, dynamic, _action(action))


def _action(element: etree._Element | None) -> TimeoutAction:
    text = "" if element is None else _text(element)
    if not text or text == "never":
        return TimeoutAction.NONE
    try:
        return TimeoutAction(text)
    except ValueError:
        assert element is not None
        message = f'<{local_name(element)}> "{text}" is not one of discard, fault'
        raise GrammarError(message, element.sourceline) from None


def _policy(element: etree._Element, compiler: Compiler) -> Policy:
    mark, suspend, old = (
        find(element, tag) for tag in ("markForSuspension", "suspendOnFailure", "suspendDurationOnFailure")
    )
    values: dict[str, Any] = {"declared": any(part is not None for part in (mark, suspend, old))}
    dynamic: dict[str, tuple[Value, float]] = {}
    if mark is not None:
        values["mark_codes"] = _codes(mark, "errorCodes") or TIMEOUT_CODES
        wanted: _Wanted = {"retriesBeforeSuspension": ("retries", int, 1), "retryDelay": ("retry_delay", int, 1000)}
        _read_numbers(mark, compiler, wanted, values, dynamic)
    if suspend is not None:
        values["suspend_codes"] = _codes(suspend, "errorCodes")
        wanted = {
            "initialDuration": ("initial", int, 1000),
            "progressionFactor": ("factor", float, 1),
            "maximumDuration": ("maximum", int, 1000),
        }
        _read_numbers(suspend, compiler, wanted, values, dynamic)
    if old is not None and suspend is None:
        values["initial"] = number(old, int)  # seconds, unlike its successors
    return Policy(SuspensionPolicy(**values), dynamic)


_Wanted = Mapping[str, tuple[str, Callable[[str], float], float]]


def _read_numbers(
    parent: etree._Element,
    compiler: Compiler,
    wanted: _Wanted,
    values: dict[str, Any],
    dynamic: dict[str, tuple[Value, float]],
) -> None:
    for tag, (name, convert, divisor) in wanted.items():
        part = find(parent, tag)
        if part is None or not _text(part):
            continue
        if _text(part).startswith("{"):
            dynamic[name] = (compiler.value(_text(part), part), divisor)
        else:
            found = number(part, convert)
            values[name] = found / divisor if divisor != 1 else found


def _retry(element: etree._Element) -> RetryPolicy:
    found = find(element, "retryConfig")
    if found is None:
        return RetryPolicy()
    return RetryPolicy(_codes(found, "enabledErrorCodes"), _codes(found, "disabledErrorCodes"))


def number(element: etree._Element, convert: Callable[[str], float]) -> float:
    """
    Raises:
        GrammarError: the element's text is none.
    """
    try:
        return convert(_text(element))
    except ValueError:
        message = f'<{local_name(element)}> "{_text(element)}" is not a number'
        raise GrammarError(message, element.sourceline) from None


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _codes(parent: etree._Element, tag: str) -> frozenset[int]:
    element = find(parent, tag)
    if element is None:
        return frozenset()
    texts = [text for text in re.split(r"[\s,]+", element.text or "") if text]
    try:
        return frozenset(int(text) for text in texts)
    except ValueError:
        raise GrammarError(f'<{tag}> "{element.text}" is not a list of numbers', element.sourceline) from None


def check_scheme(uri: str, element: etree._Element) -> None:
    """
    Raises:
        NotRunnable: nothing here takes messages to such an address.
    """
    scheme = scheme_of(uri)
    if scheme == "local" and inbound_address(uri) is None:
        raise NotRunnable(f'the address "{uri}"', "local:///inbound/NAME/PATH can", line=element.sourceline)
    if scheme and not scheme.startswith("$") and scheme not in KNOWN_SCHEMES:
        raise NotRunnable(f'the transport "{scheme}"', line=element.sourceline, needs=Needs.TRANSPORT)
