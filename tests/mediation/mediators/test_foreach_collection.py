from __future__ import annotations

import asyncio

import pytest
from lxml import etree

from mediation.errors import MediationError
from mediation.mediators.foreach_collection import ForEachCollectionMediator
from mediation.message import MessageContext
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import compiled

from .support import json, mediator, message, mistakes, soap, with_client

FAULT = compiled(f'<sequence xmlns="{SYNAPSE_NS}" name="fault"><respond/></sequence>')
DOUBLE = """
<payloadFactory media-type="json">
    <format>{"n":$1$1}</format>
    <args><arg evaluator="json" expression="$.n"/></args>
</payloadFactory>
"""
JSON = '{"id":1,"a":[{"n":1},{"n":2}]}'
DOUBLED = '{"id":1,"a":[{"n":11},{"n":22}]}'
VARIABLE = 'update-original="false" target-variable="v"'


def foreach(attributes: str, inside: str = DOUBLE) -> str:
    return f"<foreach {attributes}><sequence>{inside}</sequence></foreach>"


class Later:
    """Waits for a turn of the loop, the first ones longest."""

    turns = 5

    def mediate(self, ctx):
        return self._wait()

    async def _wait(self):
        Later.turns -= 1
        for _ in range(max(Later.turns, 0)):
            await asyncio.sleep(0)
        return True


def waiting(text: str) -> ForEachCollectionMediator:
    loop = mediator(text)
    Later.turns = 5
    object.__setattr__(loop.sequence, "mediators", (Later(), *loop.sequence.mediators))
    return loop


def test_an_attribute_tells_the_two_kinds_apart():
    assert isinstance(mediator(foreach('collection="${payload.a}"')), ForEachCollectionMediator)


# -- where the members are

PLACES = [
    ("${payload.a}", JSON, DOUBLED),
    ("${payload['a']}", JSON, DOUBLED),
    ("${$.a}", JSON, DOUBLED),
    ("json-eval($.a)", JSON, DOUBLED),
    ("${payload}", '[{"n":1},{"n":2}]', '[{"n":11},{"n":22}]'),
    ("json-eval($.a[*])", JSON, DOUBLED),
    ("json-eval($.a[?(@.n > 1)])", JSON, '{"id":1,"a":[{"n":1},{"n":22}]}'),
]


@pytest.mark.parametrize("parallel", ["true", "false"])
@pytest.mark.parametrize(("collection", "body", "result"), PLACES)
async def test_members_of_the_body_are_replaced(collection, body, result, parallel):
    ctx = json(body)

    assert mediator(foreach(f'collection="{collection}" parallel-execution="{parallel}"')).mediate(ctx) is True
    assert ctx.payload.json_text() == result


async def test_members_of_a_variable_are_replaced():
    ctx = message("<a/>", "application/xml")
    ctx.variables["v"] = {"a": [{"n": 1}, {"n": 2}]}

    assert mediator(foreach('collection="${vars.v.a}"')).mediate(ctx) is True
    assert ctx.variables["v"] == {"a": [{"n": 11}, {"n": 22}]}
    assert ctx.payload.raw == "<a/>"


@pytest.mark.parametrize("collection", ["//b", "${xpath('//b')}"])
async def test_elements_are_replaced(collection):
    ctx = message("<a>\n<b><n>1</n></b>\n<c/><b><n>2</n></b></a>", "application/xml")
    enclose = (
        '<payloadFactory><format><m:d>$1</m:d></format><args><arg expression="//n"/></args></payloadFactory>'
        '<property name="messageType" value="application/xml" scope="axis2"/>'
    )

    assert mediator(foreach(f'collection="{collection}"', enclose)).mediate(ctx) is True

    (root,) = ctx.payload.body
    assert [(etree.QName(child).localname, child.text) for child in root] == [("d", "1"), ("c", None), ("d", "2")]
    assert b"urn:m" in ctx.payload.format()[0]


async def test_parts_of_soap_are_soap_without_its_headers():
    ctx = soap("<m:a><m:b>1</m:b></m:a>", "<m:h/>")
    client = with_client(ctx)

    mediator(foreach('collection="//m:b" continue-without-aggregation="true"', "<respond/>")).mediate(ctx)

    (part,) = client.replies
    assert (part.payload.soap_version, part.payload.header) == ("soap11", None)
    assert b"Envelope" in part.payload.format()[0]


async def test_an_empty_collection_is_passed_by():
    ctx = json('{ "a": [] }')

    assert mediator(foreach('collection="${payload.a}"')).mediate(ctx) is True
    assert ctx.payload.json_text() == '{ "a": [] }'


@pytest.mark.parametrize("collection", ["${payload.id}", "${payload.nothing}", "string(//a)"])
async def test_what_is_no_array_is_a_failure(collection):
    with pytest.raises(MediationError, match="finds no array"):
        mediator(foreach(f'collection="{collection}"')).mediate(json(JSON))


# -- what becomes of them


async def test_a_variable_with_an_array():
    ctx = json(JSON)

    assert mediator(foreach(f'collection="${{payload.a}}" {VARIABLE} result-content-type="JSON"')).mediate(ctx) is True
    assert ctx.variables["v"] == [{"n": 11}, {"n": 22}]
    assert ctx.payload.json_text() == JSON


async def test_a_variable_with_an_element():
    ctx = message("<a><b>1</b><b>2</b></a>", "application/xml")
    attributes = f'collection="//b" {VARIABLE} result-content-type="XML" result-enclosing-element="all"'

    assert mediator(foreach(attributes, "<log/>")).mediate(ctx) is True
    assert etree.tostring(ctx.variables["v"]) == b"<all><b>1</b><b>2</b></all>"


# -- how they run


async def test_members_that_wait_keep_their_order():
    ctx = json(JSON)

    assert await waiting(foreach('collection="${payload.a}"')).mediate(ctx) is True
    assert ctx.payload.json_text() == DOUBLED
    assert not ctx.unfinished


async def test_one_after_the_other_with_a_counter():
    ctx = json(JSON)
    inside = '<payloadFactory media-type="json"><format>{"n":${vars.i}}</format></payloadFactory>'
    loop = waiting(foreach('collection="${payload.a}" parallel-execution="false" counter-variable="i"', inside))

    assert await loop.mediate(ctx) is True
    assert ctx.payload.json_text() == '{"id":1,"a":[{"n":0},{"n":1}]}'
    assert "i" not in ctx.variables


@pytest.mark.parametrize(("parallel", "handled"), [("true", 2), ("false", 1)])
async def test_the_flow_ends_where_one_does_not_come_back(parallel, handled):
    ctx = json(JSON)
    client = with_client(ctx)
    ctx.fault_handlers = (FAULT,)
    loop = mediator(foreach(f'collection="${{payload.a}}" parallel-execution="{parallel}"', '<sequence key="no"/>'))

    assert loop.mediate(ctx) is False
    assert len(client.replies) == handled
    assert ctx.payload.json_text() == JSON


@pytest.mark.parametrize("parallel", ["true", "false"])
async def test_nobody_may_wait_for_them(parallel):
    ctx = json(JSON)
    client = with_client(ctx)
    attributes = f'collection="${{payload.a}}" parallel-execution="{parallel}" continue-without-aggregation="true"'

    assert mediator(foreach(attributes, "<respond/>")).mediate(ctx) is True
    assert client.bodies == ['{"n":1}', '{"n":2}']


async def test_what_nobody_waits_for_belongs_to_the_message():
    ctx = json(JSON)
    client = with_client(ctx)

    loop = waiting(foreach('collection="${payload.a}" continue-without-aggregation="true"', "<respond/>"))

    assert loop.mediate(ctx) is True
    assert ctx.unfinished
    await ctx.branches.join()
    assert len(client.replies) == 2


def test_a_long_loop_is_no_problem():
    async def run() -> MessageContext:
        ctx = json('{"a":[' + ",".join('{"n":1}' for _ in range(1000)) + "]}")
        assert await mediator(foreach('collection="${payload.a}"')).mediate(ctx) is True
        return ctx

    assert asyncio.run(run()).payload.json()["a"][999] == {"n": 11}


GRAMMAR = [
    ('<foreach collection="//b"/>', "<foreach> needs a child <sequence>"),
    (
        foreach('collection="//b" counter-variable="i"'),
        '<foreach> has a counter-variable only with parallel-execution="false"',
    ),
    (
        foreach('collection="//b" update-original="false" target-variable="v"'),
        '<foreach update-original="false"> needs target-variable and result-content-type',
    ),
    (
        foreach(f'collection="//b" {VARIABLE} result-content-type="XML"'),
        '<foreach result-content-type="XML"> needs result-enclosing-element',
    ),
    (
        foreach(f'collection="//b" {VARIABLE} result-content-type="XML" result-enclosing-element="a b"'),
        '"a b" is not the name of an element',
    ),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
