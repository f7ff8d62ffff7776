"""``<cache>``: an answer that was given before is given again, while it is fresh, to the same request."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mediation.grammar import Mediator
from mediation.headers import Headers
from mediation.mediators import cache as cache_module
from mediation.mediators.cache import CacheMediator
from mediation.message import MessageContext
from mediation.payloads import Payload
from tests.mediation.mediators.support import mediator, message, mistakes

COLLECTOR = '<cache collector="true"/>'


class Client:
    """Keeps the bodies that it gets."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def reply(self, ctx: MessageContext) -> None:
        self.bodies.append(ctx.payload.format(ctx.axis2.get("messageType"))[0])


def finder(protocol: str = "", rest: str = "", **attributes: Any) -> Mediator:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    inside = f'<protocol type="HTTP">{protocol}</protocol>' if protocol else ""
    return mediator(f'<cache collector="false"{more}>{inside}{rest}</cache>')


def request(
    body: str = "<a/>", content_type: str = "application/xml", *, method: str = "POST", to: str = "/s", **headers: str
) -> MessageContext:
    ctx = message(body, content_type)
    ctx.to = to
    ctx.axis2["HTTP_METHOD"] = method
    ctx.headers = Headers(headers.items())
    ctx.client = Client()  # type: ignore[assignment]
    return ctx


def answered(ctx: MessageContext, body: str = "<b/>", status: int = 200, **headers: str) -> None:
    """A back-end answers, and the collector sees it."""
    payload = Payload(body.encode(), "application/xml")
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    mediator(COLLECTOR).mediate(ctx.response(payload, fields, {"HTTP_SC": status}))


def knows(found: Mediator, ctx: MessageContext) -> bool:
    return found.mediate(ctx) is False


def test_the_same_request_gets_the_same_answer() -> None:
    found, first, second = finder(), request(), request()
    assert not knows(found, first)
    answered(first, status=201, X_Kind="k")
    assert knows(found, second)
    assert second.client.bodies == [b"<b/>"]  # type: ignore[union-attr]
    assert second.axis2["HTTP_SC"] == 201
    assert second.headers.get("X-Kind") == "k"
    assert second.is_response


@pytest.mark.parametrize(
    "other",
    [
        {"body": "<a>2</a>"},
        {"to": "/other"},
        {"method": "PUT"},
        {"Accept": "text/plain"},
    ],
)
def test_another_request_is_another_entry(other: dict[str, Any]) -> None:
    found, first = finder(), request()
    found.mediate(first)
    answered(first)
    assert not knows(found, request(**other))


@pytest.mark.parametrize(
    ("first", "second", "content_type"),
    [
        ('<x:a xmlns:x="urn:x" b="c"><!-- d --></x:a>', "<x:a  b='c' xmlns:x='urn:x'/>", "application/xml"),
        ('{"a": 1}', '{"a":1}', "application/json"),
    ],
)
def test_what_makes_no_difference_is_the_same_request(first: str, second: str, content_type: str) -> None:
    found, ctx = finder(), request(first, content_type)
    found.mediate(ctx)
    answered(ctx)
    assert knows(found, request(second, content_type))


def test_headers_may_be_left_out() -> None:
    found = finder("<headersToExcludeInHash>User-Agent, X-Id</headersToExcludeInHash>")
    ctx = request(**{"User-Agent": "a", "X-Id": "1"})
    found.mediate(ctx)
    answered(ctx)
    assert knows(found, request(**{"user-agent": "b"}))
    assert not knows(found, request(Accept="x"))


@pytest.mark.parametrize(
    ("protocol", "attributes", "answer"),
    [
        ("<methods>GET</methods>", {}, {}),
        ("<responseCodes>2[0-9][0-9]</responseCodes>", {}, {"status": 500}),
        ("", {"maxMessageSize": 3}, {}),
        ("<enableCacheControl>true</enableCacheControl>", {}, {"Cache_Control": "no-store"}),
    ],
)
def test_what_is_not_kept(protocol: str, attributes: dict[str, Any], answer: dict[str, Any]) -> None:
    found, ctx = finder(protocol, **attributes), request()
    found.mediate(ctx)
    answered(ctx, **answer)
    assert not knows(found, request())


def test_an_answer_is_fresh_for_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    found, ctx = finder("<includeAgeHeader>true</includeAgeHeader>", timeout=20), request()
    found.mediate(ctx)
    answered(ctx)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 19)
    hit = request()
    assert knows(found, hit)
    assert hit.headers.get("Age") in ("18", "19")
    monkeypatch.setattr(time, "monotonic", lambda: now + 20)
    assert not knows(found, request())


def test_a_hit_runs_its_branch_and_ends_the_flow() -> None:
    found, ctx = finder(rest='<onCacheHit><property name="hit" value="yes"/></onCacheHit>'), request()
    found.mediate(ctx)
    answered(ctx)
    hit = request()
    assert knows(found, hit)
    assert hit.properties["hit"] == "yes"
    assert hit.client.bodies == []  # type: ignore[union-attr]


def test_the_number_and_the_size_of_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    found = finder(rest='<implementation maxSize="2"/>')
    assert isinstance(found, CacheMediator)
    for number in range(4):
        ctx = request(f"<a>{number}</a>")
        found.mediate(ctx)
        answered(ctx)
    assert len(found.answers) == 2
    assert knows(found, request("<a>3</a>"))
    assert not knows(found, request("<a>0</a>"))
    monkeypatch.setattr(cache_module, "MAX_BYTES", 5)
    ctx = request("<a>9</a>")
    found.mediate(ctx)
    answered(ctx)
    assert len(found.answers) == 1


def test_a_collector_without_a_finder_does_nothing() -> None:
    ctx = request()
    answered(ctx)
    assert ctx.operation == {}


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ("<cache/>", '"collector"'),
        ('<cache collector="maybe"/>', "true or false"),
        ('<cache collector="false"><protocol type="JMS"/></cache>', "Protocol type"),
        ('<cache collector="false"><protocol><responseCodes>[</responseCodes></protocol></cache>', "expression"),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(xml)[0]
