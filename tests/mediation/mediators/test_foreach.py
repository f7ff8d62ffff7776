from __future__ import annotations

import time

import pytest
from lxml import etree

from mediation.errors import MediationError
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS

from .support import json, mediator, message, mistakes, soap

ADD = """
<payloadFactory media-type="xml">
    <format><c xmlns="">$1$2</c></format>
    <args><arg expression="//b"/><arg expression="$ctx:FOREACH_COUNTER"/></args>
</payloadFactory>
"""
DOUBLE = """
<payloadFactory media-type="json">
    <format>{"n":$1$1}</format>
    <args><arg evaluator="json" expression="$.n"/></args>
</payloadFactory>
"""


def foreach(attributes: str, inside: str) -> str:
    return f"<foreach {attributes}><sequence>{inside}</sequence></foreach>"


def run(text: str, ctx: MessageContext) -> str:
    assert mediator(text).mediate(ctx) is True
    return written(ctx)


def written(ctx: MessageContext) -> str:
    return ctx.payload.format(charset=None)[0].decode().replace(' xmlns=""', "")


# -- XML


def test_what_a_round_makes_of_a_part_takes_its_place():
    ctx = message("<a><b>x</b><b>y</b></a>", "application/xml")

    assert run(foreach('expression="//b"', ADD), ctx) == "<a><c>x0</c><c>y1</c></a>"


def test_parts_are_appended_to_where_they_were():
    ctx = message("<a><b>1</b><z/><d><b>2</b><z/></d></a>", "application/xml")

    assert run(foreach('expression="//b"', "<log/>"), ctx) == "<a><z/><d><z/><b>2</b></d><b>1</b></a>"


def test_the_part_is_alone_in_the_body_of_a_round():
    ctx = soap("<m:a><m:b>1</m:b><m:b>2</m:b></m:a>", "<m:h>head</m:h>")
    inside = '<property name="seen" expression="fn:concat($ctx:seen, count(//m:b), count(//m:h), //m:b, \';\')"/>'

    assert mediator(f'<foreach expression="//m:b"><sequence>{inside}</sequence></foreach>').mediate(ctx) is True

    assert ctx.get("seen") == "101;102;"
    assert ctx.payload.soap_version == "soap11"
    assert len(ctx.payload.body[0]) == 2
    assert ctx.payload.header is not None


def test_an_empty_body_takes_the_part_away():
    ctx = message("<a><b>1</b><c/></a>", "application/xml")
    empty = mediator(foreach('expression="//b"', "<log/>"))
    object.__setattr__(empty.sequence, "mediators", (Clear(),))

    assert empty.mediate(ctx) is True
    assert written(ctx) == "<a><c/></a>"


class Clear:
    def mediate(self, ctx):
        ctx.payload.clear()
        return True


@pytest.mark.parametrize("expression", ["//nothing", "string(//a)", "json-eval($.a)", "json-eval($.b[*].c)"])
def test_without_parts_the_body_stays_as_it_came(expression):
    ctx = json('{ "a": [], "b": [] }') if "json" in expression else message("<a ><b/></a>", "application/xml")
    raw = ctx.payload.raw

    assert mediator(foreach(f'expression="{expression}"', ADD)).mediate(ctx) is True
    assert ctx.payload.raw == raw


# -- JSON


def test_members_of_an_array():
    ctx = json('{"id":1,"a":[{"n":1},{"n":2}]}')

    assert run(foreach('expression="json-eval($.a)"', DOUBLE), ctx) == '{"id":1,"a":[{"n":11},{"n":22}]}'


def test_the_body_itself():
    assert run(foreach('expression="json-eval($)"', DOUBLE), json('[{"n":1},{"n":2}]')) == '[{"n":11},{"n":22}]'


def test_all_that_a_path_finds():
    ctx = json('{"a":[{"n":1},{"n":2},{"n":3}]}')

    assert run(foreach('expression="json-eval($.a[?(@.n > 1)])"', DOUBLE), ctx) == '{"a":[{"n":1},{"n":22},{"n":33}]}'


@pytest.mark.parametrize("path", ["$.a", "$.nothing", "$"])
def test_what_is_no_array_is_a_failure(path):
    with pytest.raises(MediationError, match="is not a valid JSON array"):
        mediator(foreach(f'expression="json-eval({path})"', DOUBLE)).mediate(json('{"a":{"n":1}}'))


# -- properties


@pytest.mark.parametrize(("id", "prefix"), [("", ""), ('id="x"', "x_")])
def test_a_counter_and_the_message_before_the_loop(id, prefix):
    ctx = message("<a><b>1</b><b>2</b></a>", "application/xml")

    run(foreach(f'expression="//b" {id}', "<log/>"), ctx)

    assert ctx.get(f"{prefix}FOREACH_COUNTER") == 2
    original = ctx.get(f"{prefix}FOREACH_ORIGINAL_MESSAGE")
    assert etree.QName(original).localname == "Envelope"
    assert original.findtext(".//b") == "1"


def test_the_message_before_the_loop_is_text_when_it_is_json():
    ctx = json('{"a":[]}')

    run(foreach('expression="json-eval($.a)"', "<log/>"), ctx)

    assert ctx.get("FOREACH_ORIGINAL_MESSAGE") == '{"a":[]}'


# -- sequences and failures


def test_a_sequence_by_name():
    ctx = message("<a><b>1</b></a>", "application/xml", f'<sequence xmlns="{SYNAPSE_NS}" name="s">{ADD}</sequence>')

    assert run('<foreach expression="//b" sequence="s"/>', ctx) == "<a><c>10</c></a>"


def test_a_sequence_by_name_that_sends_is_a_failure():
    ctx = message("<a><b/></a>", "application/xml", f'<sequence xmlns="{SYNAPSE_NS}" name="s"><send/></sequence>')

    with pytest.raises(MediationError, match="Referred sequence cannot contain Call, Send or CallOut mediators"):
        mediator('<foreach expression="//b" sequence="s"/>').mediate(ctx)


@pytest.mark.parametrize(
    ("expression", "stop", "body", "result"),
    [
        (
            "//b",
            '<filter xpath="//b = 2"><drop/></filter>',
            "<a><b>1</b><b>2</b><b>3</b></a>",
            "<a><c>10</c><b>2</b><b>3</b></a>",
        ),
        (
            "json-eval($)",
            '<filter source="json-eval($.n)" regex="2"><drop/></filter>',
            '[{"n":1},{"n":2},{"n":3}]',
            '[{"n":11},{"n":2},{"n":3}]',
        ),
    ],
)
def test_a_round_that_ends_early_is_the_last_one(expression, stop, body, result):
    ctx = json(body) if body.startswith("[") else message(body, "application/xml")

    assert run(foreach(f'expression="{expression}"', stop + (DOUBLE if body.startswith("[") else ADD)), ctx) == result
    assert ctx.get("FOREACH_COUNTER") == 2


def test_a_failure_ends_the_loop():
    ctx = message("<a><b>1</b><b>2</b></a>", "application/xml")

    with pytest.raises(MediationError, match="Couldn't find the sequence named : s"):
        mediator('<foreach expression="//b" sequence="s"/>').mediate(ctx)

    assert ctx.get("FOREACH_COUNTER") == 0


FAILS = '<filter source="//b" regex="2"><then><sequence key="nowhere"/></then></filter>'
FAILS_JSON = '<filter source="json-eval($.n)" regex="2"><then><sequence key="nowhere"/></then></filter>'


@pytest.mark.parametrize(
    ("expression", "inside", "body", "result"),
    [
        ("//b", FAILS + ADD, "<a><b>1</b><b>2</b><b>3</b></a>", "<a><c>10</c><b>2</b><c>32</c></a>"),
        (
            "json-eval($.a)",
            FAILS_JSON + DOUBLE,
            '{"a":[{"n":1},{"n":2},{"n":3}]}',
            '{"a":[{"n":11},{"n":2},{"n":33}]}',
        ),
    ],
)
def test_a_failure_may_end_the_round_alone(expression, inside, body, result, caplog):
    ctx = json(body) if body.startswith("{") else message(body, "application/xml")

    assert run(foreach(f'expression="{expression}" continueLoopOnFailure="true"', inside), ctx) == result
    assert "foreach: round 1 failed, the loop goes on: Sequence named nowhere cannot be found" in caplog.messages
    assert (ctx.depth, ctx.fault_handlers) == (0, ())


async def test_rounds_may_wait():
    ctx = message("<a><b>1</b><b>2</b></a>", "application/xml")
    loop = mediator(foreach('expression="//b"', ADD))
    object.__setattr__(loop.sequence, "mediators", (Later(), *loop.sequence.mediators))

    assert await loop.mediate(ctx) is True
    assert written(ctx) == "<a><c>10</c><c>21</c></a>"


class Later:
    def mediate(self, ctx):
        return self._wait()

    async def _wait(self):
        return True


async def test_a_round_that_waits_may_fail_alone():
    ctx = message("<a><b>1</b><b>2</b></a>", "application/xml")
    loop = mediator(foreach('expression="//b" continueLoopOnFailure="true"', FAILS + ADD))
    object.__setattr__(loop.sequence, "mediators", (Later(), *loop.sequence.mediators))

    assert await loop.mediate(ctx) is True
    assert written(ctx) == "<a><c>10</c><b>2</b></a>"


def test_a_loop_takes_time_in_proportion():
    def seconds(count: int) -> float:
        ctx = message("<a>" + "\n  <b><c>1</c></b>" * count + "</a>", "application/xml")
        loop = mediator(foreach('expression="//b"', '<property name="x" expression="//c"/>'))
        begin = time.process_time()
        waiting = loop.mediate(ctx)
        try:
            while waiting is not True:
                waiting.send(None)
        except StopIteration:
            pass
        return time.process_time() - begin

    def best(count: int) -> float:
        """What else the machine does, and collecting garbage, only ever adds time."""
        return min(seconds(count) for _ in range(4))

    seconds(10)
    assert best(4000) < 12 * best(1000)


GRAMMAR = [
    ('<foreach expression="//b"/>', "<foreach> needs either the attribute sequence or a child <sequence>"),
    (
        '<foreach expression="//b" sequence="s"><sequence/></foreach>',
        "<foreach> needs either the attribute sequence or a child <sequence>",
    ),
    (foreach('expression="//b"', "<send/>"), "Sequence cannot contain Call, Send or CallOut mediators"),
    (foreach('expression="//b"', "<call/>"), "Sequence cannot contain Call, Send or CallOut mediators"),
    (
        foreach('expression="json-eval($ctx:x.a)"', "<log/>"),
        "<foreach> goes through the body, not through a property",
    ),
    (
        foreach('expression="${payload.a}"', "<log/>"),
        'a synapse expression of <foreach> is kept, but cannot run in this version: use collection="${payload.a}"',
    ),
    (foreach("", "<log/>"), '<foreach> needs the attribute "expression"'),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
