from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mediation.aggregation import ROOM
from mediation.errors import MediationError
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import compiled, until

from .support import RecordingClient, json, mediator, message, mistakes, soap, with_client

FAULT = compiled(f'<sequence xmlns="{SYNAPSE_NS}" name="fault"><respond/></sequence>')


@pytest.fixture(autouse=True)
async def nobody_waits():
    yield
    ROOM.clear("test")
    assert len(ROOM) == 0


def aggregate(
    on_complete: str = "", condition: str = "", attributes: str = "", correlate: str = "", inside: str = "<respond/>"
) -> Any:
    complete = f"<onComplete {on_complete}>{inside}</onComplete>"
    return mediator(f"<aggregate {attributes}>{correlate}{condition}{complete}</aggregate>")


def count(minimum: str = "-1", maximum: str = "-1", timeout: str = "") -> str:
    limit = f'timeout="{timeout}"' if timeout else ""
    return f'<completeCondition {limit}><messageCount min="{minimum}" max="{maximum}"/></completeCondition>'


def part(ctx: MessageContext, number: int, total: int, parent: str = "p", id: str = "") -> MessageContext:
    ctx.set(f"aggregateCorelation{id}", parent)
    ctx.set(f"messageSequence{id}", f"{number}/{total}")
    with_client(ctx)
    return ctx


def xml_parts(*bodies: str, **properties: str) -> list[MessageContext]:
    contexts = [message(body, "application/xml", **properties) for body in bodies]
    return [part(ctx, number, len(bodies)) for number, ctx in enumerate(contexts)]


def json_parts(*bodies: str) -> list[MessageContext]:
    return [part(json(body), number, len(bodies)) for number, body in enumerate(bodies)]


def client_of(ctx: MessageContext) -> RecordingClient:
    assert isinstance(ctx.client, RecordingClient)
    return ctx.client


def body_of(ctx: MessageContext) -> list[str]:
    """The content of the Body of the one reply."""
    (reply,) = client_of(ctx).replies
    return [f"{child.tag}:{''.join(child.itertext())}" for child in reply.payload.body]


# -- which messages belong together


async def test_a_message_of_no_group_passes_by():
    assert aggregate().mediate(message("<a/>", "application/xml")) is True


async def test_all_parts_of_a_message_complete_its_group():
    first, second = xml_parts("<a>1</a>", "<a>2</a>")
    collected = aggregate()

    assert collected.mediate(first) is False
    assert client_of(first).replies == []
    assert collected.mediate(second) is False
    assert body_of(first) == ["a:1", "a:2"]
    assert client_of(second).replies == []


async def test_parts_of_different_messages_are_different_groups():
    collected = aggregate()
    ours, theirs = xml_parts("<a>1</a>", "<a>2</a>"), xml_parts("<a>3</a>", "<a>4</a>")
    for ctx in theirs:
        ctx.set("aggregateCorelation", "other")

    for ctx in (ours[0], theirs[0], theirs[1], ours[1]):
        collected.mediate(ctx)

    assert body_of(ours[0]) == ["a:1", "a:2"]
    assert body_of(theirs[0]) == ["a:3", "a:4"]


async def test_an_id_is_part_of_the_names_of_the_properties():
    collected = aggregate(attributes='id="x"')
    first, second = (part(message("<a/>", "application/xml"), number, 2, id=".x") for number in range(2))

    assert collected.mediate(part(message("<a/>", "application/xml"), 0, 2, id=".y")) is True
    collected.mediate(first)
    collected.mediate(second)

    assert len(client_of(first).replies) == 1


async def test_messages_in_which_an_expression_finds_something_are_a_group():
    collected = aggregate("expression='//v'", count("2"), correlate="<correlateOn expression=\"//t[.='1']\"/>")
    bodies = ["<d><t>1</t><v>a</v></d>", "<d><t>1</t><v>b</v></d>"] * 2
    contexts = [message(body, "application/xml") for body in bodies]
    for ctx in contexts:
        with_client(ctx)
        collected.mediate(ctx)

    assert body_of(contexts[0]) == body_of(contexts[2]) == ["v:a", "v:b"]


async def test_those_of_a_message_whose_group_was_complete_come_too_late():
    collected = aggregate("expression='//v'", count("2"), correlate='<correlateOn expression="//v"/>')
    contexts = xml_parts(*(f"<d><v>{n}</v></d>" for n in range(4)))

    for ctx in contexts:
        assert collected.mediate(ctx) is False

    assert body_of(contexts[0]) == ["v:0", "v:1"]
    assert len(ROOM) == 0


async def test_a_message_in_which_it_finds_nothing_fails():
    collected = aggregate(condition=count("2"), correlate='<correlateOn expression="//t"/>')

    with pytest.raises(MediationError, match="Failed to evaluate correlate expression: //t"):
        collected.mediate(message("<d/>", "application/xml"))


async def test_a_message_for_which_it_says_no_passes_by():
    collected = aggregate(condition=count("2"), correlate='<correlateOn expression="//t = 1"/>')

    assert collected.mediate(message("<d><t>2</t></d>", "application/xml")) is True


# -- when a group is complete


@pytest.mark.parametrize(
    "condition", [count("2"), count("-1", "2"), count("2", "5"), count("{$ctx:two}"), count("9", "2")]
)
async def test_min_or_max_complete_a_group(condition):
    collected = aggregate(condition=condition)
    contexts = xml_parts("<a>1</a>", "<a>2</a>", "<a>3</a>", "<a>4</a>", two="2")

    for ctx in contexts:
        assert collected.mediate(ctx) is False

    assert body_of(contexts[0]) == ["a:1", "a:2"]
    assert [len(client_of(ctx).replies) for ctx in contexts] == [1, 0, 0, 0]  # what came late went nowhere
    assert len(ROOM) == 0


async def test_a_count_has_to_be_a_number():
    collected = aggregate(condition=count("{$ctx:nothing}"))

    with pytest.raises(MediationError, match='messageCount "" is not a number'):
        collected.mediate(xml_parts("<a/>", "<a/>")[0])

    assert len(ROOM) == 0


async def test_a_time_out_completes_a_group_with_what_there_is(monkeypatch, caplog):
    collected = aggregate(condition=count(timeout="5"))
    first, second, late = xml_parts("<a>1</a>", "<a>2</a>", "<a>3</a>")
    loop = asyncio.get_running_loop()
    timers = []
    monkeypatch.setattr(loop, "call_later", lambda *timer: timers.append(timer) or asyncio.TimerHandle(0, id, (), loop))
    collected.mediate(first)
    collected.mediate(second)

    ((seconds, callback, *arguments),) = timers
    callback(*arguments)

    assert seconds == 5
    assert body_of(first) == ["a:1", "a:2"]
    assert "Aggregate mediator timeout occurred." in caplog.messages
    assert collected.mediate(late) is False
    assert len(ROOM) == 0


async def test_a_group_that_nothing_completes_is_dropped(monkeypatch, caplog):
    monkeypatch.setattr(ROOM, "patience", 0.01)
    collected = aggregate()
    ctx = xml_parts("<a/>", "<a/>")[0]

    collected.mediate(ctx)
    assert ctx.branches.unfinished
    await until(lambda: not ctx.branches.unfinished)

    assert "aggregate: 1 messages are dropped, because nothing came for 0.01 s to complete them" in caplog.messages
    assert client_of(ctx).replies == []
    assert len(ROOM) == 0


async def test_only_so_many_messages_wait(monkeypatch):
    monkeypatch.setattr(ROOM, "limit", 1)
    collected = aggregate()
    first, second = xml_parts("<a/>", "<a/>")
    collected.mediate(first)

    with pytest.raises(MediationError, match="wait in groups already"):
        collected.mediate(second)
    second.set("aggregateCorelation", "other")
    with pytest.raises(MediationError, match="wait in groups already"):
        collected.mediate(second)

    assert len(ROOM) == 1


async def test_what_waits_when_all_is_dropped_is_told(caplog):
    ctx = xml_parts("<a/>", "<a/>")[0]
    aggregate().mediate(ctx)

    ROOM.clear("stopping")

    assert "stopping: 1 messages in 1 groups are dropped" in caplog.messages
    assert not ctx.branches.unfinished


# -- what comes of it: XML


async def test_elements_that_an_expression_finds_are_put_under_the_body():
    collected = aggregate("expression='//m:b'")
    contexts = [soap(f"<m:a><m:b>{n}</m:b><m:c/></m:a>", f"<m:h>{n}</m:h>") for n in range(2)]
    for number, ctx in enumerate(contexts):
        collected.mediate(part(ctx, number, 2))

    assert body_of(contexts[0]) == ["{urn:m}b:0", "{urn:m}b:1"]
    header = client_of(contexts[0]).replies[0].payload.header
    assert header is not None
    assert [block.text for block in header] == ["0"]


async def test_elements_that_a_synapse_expression_finds():
    first, second = xml_parts("<a><b>1</b></a>", "<a><b>2</b></a>")
    collected = aggregate("expression=\"${xpath('//b')}\"")
    collected.mediate(first)
    collected.mediate(second)

    assert body_of(first) == ["b:1", "b:2"]


async def test_an_element_around_them():
    collected = aggregate("expression='//b' enclosingElementProperty='around'")
    first, second = xml_parts("<a><b>1</b></a>", "<a><b>2</b></a>")
    mediator('<property name="around"><m:all/></property>').mediate(first)

    collected.mediate(first)
    collected.mediate(second)

    assert client_of(first).bodies == ['<m:all xmlns:m="urn:m"><b>1</b><b>2</b></m:all>']


@pytest.mark.parametrize(
    ("on_complete", "message"),
    [
        ("expression='//nothing'", "Error evaluating expression: //nothing"),
        ("expression='.'", "Error evaluating expression: ."),
        ("expression='string(//a)'", "Error evaluating expression: string(//a)"),
        ("enclosingElementProperty='none'", "aggregate: the property none holds no element"),
    ],
)
async def test_what_cannot_be_joined_goes_to_the_fault_handlers_of_the_first_message(on_complete, message):
    first, second = xml_parts("<a/>", "<a/>")
    first.fault_handlers = (FAULT,)
    collected = aggregate(on_complete)
    collected.mediate(first)

    assert collected.mediate(second) is False

    assert client_of(first).replies[0].get("ERROR_MESSAGE") == message
    assert len(ROOM) == 0


# -- what comes of it: JSON

JOINED = [
    ("expression='json-eval($.a)'", '[1,{"b":2}]'),
    ("expression='json-eval($)' aggregateElementType='child'", '{"a":[1,{"b":2}],"n":0}'),
    ("", '[{"a":1,"n":0},{"a":{"b":2}}]'),
    ("expression='json-eval($.a)' enclosingElementProperty='items'", '{"items":[1,{"b":2}]}'),
    ("expression='json-eval($.a)' enclosingElementProperty='name'", '{"quotes":[1,{"b":2}]}'),
    ("expression='json-eval($.n)'", "[0,null]"),
    ("expression='${payload.a}'", '[1,{"b":2}]'),
]


@pytest.mark.parametrize(("on_complete", "result"), JOINED)
async def test_joined_json(on_complete, result):
    first, second = json_parts('{"a":1,"n":0}', '{"a":{"b":2}}')
    first.set("name", "quotes")
    collected = aggregate(on_complete)

    collected.mediate(first)
    collected.mediate(second)

    assert client_of(first).bodies == [result]


# -- what the result runs through


async def test_a_sequence_by_name():
    first, second = xml_parts("<a>1</a>", "<a>2</a>")
    first.environment.deploy(f'<sequence xmlns="{SYNAPSE_NS}" name="s"><respond/></sequence>')  # type: ignore[attr-defined]
    collected = aggregate("sequence='s'", inside="")
    collected.mediate(first)
    collected.mediate(second)

    assert body_of(first) == ["a:1", "a:2"]


async def test_a_sequence_that_is_not_deployed_is_a_failure():
    first, second = xml_parts("<a/>", "<a/>")
    first.fault_handlers = (FAULT,)
    collected = aggregate("sequence='s'", inside="")
    collected.mediate(first)
    collected.mediate(second)

    assert client_of(first).replies[0].get("ERROR_MESSAGE") == "Sequence named s cannot be found"


async def test_nothing_inside_drops_the_result():
    first, second = xml_parts("<a/>", "<a/>")
    collected = aggregate(inside="")
    collected.mediate(first)

    assert collected.mediate(second) is False
    assert len(ROOM) == 0


async def test_the_flow_of_the_last_message_goes_on_if_that_of_the_result_does():
    first, second = xml_parts("<a>1</a>", "<a>2</a>")
    collected = aggregate(inside="<payloadFactory><format><other/></format><args/></payloadFactory>")
    collected.mediate(first)

    assert collected.mediate(second) is True
    assert [child.text for child in second.payload.body] == ["1", "2"]


GRAMMAR = [
    ("<aggregate/>", "<aggregate> needs a child <onComplete>"),
    (
        '<aggregate><completeCondition timeout="soon"/><onComplete/></aggregate>',
        '<completeCondition> timeout "soon" is not a whole number',
    ),
    (
        '<aggregate><onComplete aggregateElementType="leaf"/></aggregate>',
        '<onComplete> aggregateElementType "leaf" is not one of root, child',
    ),
    ("<aggregate><correlateOn/><onComplete/></aggregate>", '<correlateOn> needs the attribute "expression"'),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
