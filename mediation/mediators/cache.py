"""``<cache>``: answer again what was answered before."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import re
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation import flow, grammar
from mediation.errors import GrammarError, PayloadError, SequenceNotFound
from mediation.expressions import Pattern, compile_regex
from mediation.grammar import Mediator, Node, mediator, node
from mediation.headers import Headers
from mediation.payloads import Payload
from mediation.payloads.json_text import dumps
from mediation.properties import CONTENT_TYPE, HTTP_METHOD, HTTP_SC, MESSAGE_TYPE

if TYPE_CHECKING:
    from mediation.flow import Outcome
    from mediation.message import MessageContext

FINDER: Final = "CACHE_FINDER"
"""In the operation scope: the cache that did not know a request, and the request's key."""

DEFAULT_SECONDS: Final = 5000.0
DEFAULT_ENTRIES: Final = 1000
MAX_BYTES: Final = 64 * 1024 * 1024
"""Of one cache; what is oldest goes first."""

_OWN_HEADERS: Final = frozenset({"content-length", "transfer-encoding", "connection", "date", "age", "keep-alive"})

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A response as it is kept: of no message any more."""

    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...]
    status: Any
    born: float
    seconds: float

    @property
    def age(self) -> float:
        return time.monotonic() - self.born


class Answers:
    """Responses by the requests that they answer. Used on the event loop only."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._bytes = 0

    def find(self, key: str) -> Answer | None:
        answer = self._answers.get(key)
        if answer is None:
            return None
        if answer.age >= answer.seconds:
            self._drop(key)
            return None
        self._answers.move_to_end(key)
        return answer

    def keep(self, key: str, answer: Answer) -> None:
        self._drop(key)
        self._answers[key] = answer
        self._bytes += len(answer.body)
        while self._answers and (len(self._answers) > self._entries or self._bytes > MAX_BYTES):
            self._drop(next(iter(self._answers)))

    def _drop(self, key: str) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self._bytes -= len(answer.body)

    def __len__(self) -> int:
        return len(self._answers)


# -- the configuration


def _names(text: str) -> frozenset[str]:
    return frozenset(name.lower() for name in re.split(r"[\s,]+", text) if name)


@node("onCacheHit")
class OnCacheHit(Node):
    sequence: str | None = grammar.sequence_name("sequence")
    steps: tuple[Mediator, ...] = grammar.mediators()


@node("text")
class Text(Node):
    content: str | None = grammar.text()


@node("protocol")
class Protocol(Node):
    """What of the protocol counts. Methods and status codes that are not named are not kept."""

    type: str = grammar.attribute("HTTP", name="type")
    methods_text: Text | None = grammar.child("methods", Text)
    excluded: Text | None = grammar.child("headersToExcludeInHash", Text)
    included: Text | None = grammar.child("headersToIncludeInHash", Text)
    codes: Text | None = grammar.child("responseCodes", Text)
    generator: Text | None = grammar.child("hashGenerator", Text)
    cache_control: Text | None = grammar.child("enableCacheControl", Text)
    age_header: Text | None = grammar.child("includeAgeHeader", Text)

    def check(self) -> None:
        if self.type.upper() != "HTTP":
            raise GrammarError(f'Protocol type "{self.type}" is not supported: only HTTP is')


@node("implementation")
class Implementation(Node):
    max_size: int = grammar.attribute(DEFAULT_ENTRIES, name="maxSize", convert=grammar.integer)
    type: str = grammar.attribute("memory", name="type")


@mediator("cache")
class CacheMediator(Mediator):
    """
    Keep responses, and answer with them while they are fresh.

    ::

        <cache collector="false" timeout="60">        in the request flow
            <protocol type="HTTP"><methods>GET, POST</methods><responseCodes>2[0-9][0-9]</responseCodes></protocol>
        </cache>
        ...
        <cache collector="true"/>                     in the response flow

    With ``collector="false"`` the mediator looks for a response to the same request: the same URL, method, headers and
    body. If there is one, the message becomes that response, runs through ``onCacheHit`` or goes to the client, and the
    flow ends. The collector keeps the response if method and status are among those named. ``timeout`` is in seconds,
    ``maxMessageSize`` in bytes, ``maxSize`` a number of responses (``docs/compatibility.md``, cache).
    """

    collector: bool = grammar.attribute(name="collector", convert=grammar.boolean)
    timeout: float = grammar.attribute(DEFAULT_SECONDS, name="timeout", convert=float)
    max_message_size: int = grammar.attribute(-1, name="maxMessageSize", convert=grammar.integer)
    id: str | None = grammar.attribute(None, name="id")
    scope: str | None = grammar.attribute(None, name="scope")
    hash_generator: str | None = grammar.attribute(None, name="hashGenerator")
    on_hit: OnCacheHit | None = grammar.child("onCacheHit", OnCacheHit)
    protocol: Protocol | None = grammar.child("protocol", Protocol)
    implementation: Implementation | None = grammar.child("implementation", Implementation)
    answers: Answers = dataclasses.field(init=False, default_factory=lambda: Answers(DEFAULT_ENTRIES))
    codes: Pattern = dataclasses.field(init=False, default_factory=lambda: compile_regex(".*"))
    methods: frozenset[str] = dataclasses.field(init=False, default=frozenset({"*"}))
    excluded: frozenset[str] = dataclasses.field(init=False, default=frozenset())
    included: frozenset[str] = dataclasses.field(init=False, default=frozenset())
    body_only: bool = dataclasses.field(init=False, default=False)

    def check(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        if self.implementation is not None and self.implementation.max_size > 0:
            put("answers", Answers(self.implementation.max_size))
        generator = self.hash_generator or ""
        protocol = self.protocol
        if protocol is not None:
            generator = _content(protocol.generator) or generator
            put("methods", _names(_content(protocol.methods_text)) or frozenset({"*"}))
            put("excluded", _names(_content(protocol.excluded)))
            put("included", _names(_content(protocol.included)))
            put("codes", compile_regex(_content(protocol.codes) or ".*"))
        put("body_only", generator.endswith(("DOMHASHGenerator", "REQUESTHASHGenerator")))

    def mediate(self, ctx: MessageContext) -> Outcome:
        if self.collector:
            _collect(ctx)
            return True
        if ctx.is_response:
            logger.warning("<cache> looks for responses in the request flow only; this message is a response")
            return True
        key = self._key(ctx)
        answer = self.answers.find(key)
        if answer is None:
            ctx.operation[FINDER] = (self, key, str(ctx.axis2.get(HTTP_METHOD) or ""))
            return True
        self._answer(ctx, answer)
        return self._hit(ctx)

    def _key(self, ctx: MessageContext) -> str:
        digest = hashlib.sha256()
        for part in self._parts(ctx):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()

    def _parts(self, ctx: MessageContext) -> list[bytes]:
        method = str(ctx.axis2.get(HTTP_METHOD) or "")
        parts = [(ctx.to or "").encode(), method.encode()]
        if not self.body_only and "*" not in self.excluded:
            parts += [
                f"{name.lower()}:{value}".encode()
                for name, value in sorted(ctx.headers.items(), key=lambda item: item[0].lower())
                if name.lower() not in self.excluded and (not self.included or name.lower() in self.included)
            ]
        if method != "GET":
            parts.append(_digestible(ctx.payload))
        return parts

    def _answer(self, ctx: MessageContext, answer: Answer) -> None:
        ctx.payload = Payload(answer.body, answer.content_type)
        ctx.headers = Headers(answer.headers)
        ctx.axis2.pop(MESSAGE_TYPE, None)
        ctx.axis2[CONTENT_TYPE] = answer.content_type
        if answer.status is not None:
            ctx.axis2[HTTP_SC] = answer.status
        if self.protocol is not None and _content(self.protocol.age_header).lower() == "true":
            ctx.headers.set("Age", str(int(answer.age)))
        ctx.is_response = True
        ctx.to = None

    def _hit(self, ctx: MessageContext) -> Outcome:
        if self.on_hit is not None and self.on_hit.sequence is not None:
            sequence = ctx.environment.sequence(self.on_hit.sequence)
            if sequence is None:
                raise SequenceNotFound(self.on_hit.sequence)
            return _ended(flow.enter(sequence, self.on_hit.sequence, ctx))
        if self.on_hit is not None and self.on_hit.steps:
            return _ended(flow.run(self.on_hit.steps, ctx))
        if ctx.client is not None:
            ctx.client.reply(ctx)
        return False

    def takes(self, ctx: MessageContext, method: str, size: int) -> bool:
        """Whether a response may be kept."""
        if 0 <= self.max_message_size < size:
            return False
        if "*" not in self.methods and method.lower() not in self.methods:
            return False
        if self.codes.fullmatch(str(ctx.axis2.get(HTTP_SC) or "200")) is None:
            return False
        obeys = self.protocol is not None and _content(self.protocol.cache_control).lower() == "true"
        return not (obeys and _forbidden(ctx.headers))


def _collect(ctx: MessageContext) -> None:
    finder, key, method = ctx.operation.get(FINDER) or (None, "", "")
    if finder is None:
        return
    assert isinstance(finder, CacheMediator)
    try:
        body, content_type = ctx.payload.format(ctx.axis2.get(MESSAGE_TYPE))
    except PayloadError as exc:
        logger.warning("a response is not kept: %s", exc)
        return
    if finder.takes(ctx, method, len(body)):
        headers = tuple(item for item in ctx.headers.items() if item[0].lower() not in _OWN_HEADERS)
        status = ctx.axis2.get(HTTP_SC)
        answer = Answer(body, content_type, headers, status, time.monotonic(), _seconds(finder, ctx.headers))
        finder.answers.keep(key, answer)


def _content(text: Text | None) -> str:
    return "" if text is None else (text.content or "").strip()


def _digestible(payload: Payload) -> bytes:
    """The body, without what makes no difference: comments, quotes, space between the names of JSON."""
    try:
        if payload.is_json:
            return dumps(payload.json()).encode()
        child = payload.first_child
        return b"" if child is None else _canonical(child)
    except PayloadError:
        raw = payload.raw
        return raw.encode() if isinstance(raw, str) else raw or b""


def _canonical(element: etree._Element) -> bytes:
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:  # a namespace that is a relative URI
        return etree.tostring(element, with_tail=False)


def _directives(headers: Headers) -> dict[str, str]:
    parts = (headers.get("Cache-Control") or "").lower().split(",")
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parts)}


def _forbidden(headers: Headers) -> bool:
    return bool({"no-store", "no-cache", "private"} & _directives(headers).keys())


def _seconds(finder: CacheMediator, headers: Headers) -> float:
    obeys = finder.protocol is not None and _content(finder.protocol.cache_control).lower() == "true"
    said = _directives(headers).get("max-age", "") if obeys else ""
    return min(finder.timeout, float(said)) if said.isdecimal() else finder.timeout


def _ended(outcome: Outcome) -> Outcome:
    return False if isinstance(outcome, bool) else _end(outcome)


async def _end(waiting: Any) -> bool:
    await waiting
    return False
