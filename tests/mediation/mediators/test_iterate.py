from __future__ import annotations

import pytest

from mediation.errors import SequenceNotFound
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import compiled

from .support import json, mediator, message, mistakes, with_client

FAULT = compiled(f'<sequence xmlns="{SYNAPSE_NS}" name="fault"><respond/></sequence>')
XML = "<a><b>1</b><b>2</b></a>"


def iterate(attributes: str, inside: str = "<respond/>") -> str:
    return f"<iterate {attributes}><target><sequence>{inside}</sequence></target></iterate>"


def xml(text: str = XML):
    ctx = message(text, "application/xml")
    with_client(ctx)
    return ctx


async def test_each_part_is_a_message():
    ctx = xml()

    assert mediator(iterate('expression="//b"')).mediate(ctx) is False
    assert ctx.client.bodies == ["<b>1</b>", "<b>2</b>"]
    assert ctx.payload.format(charset=None)[0].decode() == XML


async def test_the_parent_goes_on_if_it_is_told_to():
    assert mediator(iterate('expression="//b" continueParent="true"')).mediate(xml()) is True


async def test_without_parts_the_parent_still_stops():
    ctx = xml()

    assert mediator(iterate('expression="//c"')).mediate(ctx) is False
    assert ctx.client.bodies == []


async def test_parts_of_json():
    ctx = json('{"a":[{"n":1},{"n":2}]}')
    client = with_client(ctx)

    mediator(iterate('expression="json-eval($.a)"')).mediate(ctx)

    assert client.bodies == ['{"n":1}', '{"n":2}']


async def test_parts_in_what_the_message_is_without_them():
    ctx = xml("<a><x/><b>1</b><b>2</b></a>")

    mediator(iterate('expression="//b" preservePayload="true" attachPath="//a"')).mediate(ctx)

    assert ctx.client.bodies == ["<a><x/><b>1</b></a>", "<a><x/><b>2</b></a>"]


@pytest.mark.parametrize(("id", "suffix"), [("", ""), ('id="x"', ".x")])
async def test_parts_know_their_number_and_their_parent(id, suffix):
    ctx = xml()

    mediator(iterate(f'expression="//b" {id}')).mediate(ctx)

    assert [reply.get(f"messageSequence{suffix}") for reply in ctx.client.replies] == ["0/2", "1/2"]
    assert {reply.get(f"aggregateCorelation{suffix}") for reply in ctx.client.replies} == {ctx.message_id}


async def test_what_fails_in_a_part_goes_to_its_fault_handlers():
    ctx = xml()
    ctx.fault_handlers = (FAULT,)

    assert mediator(iterate('expression="//b"', '<sequence key="nowhere"/>')).mediate(ctx) is False
    assert len(ctx.client.replies) == 2


async def test_what_fails_in_a_sequential_part_is_the_parents_failure():
    ctx = xml()
    fails = '<property name="part" expression="//b"/><sequence key="nowhere"/>'

    with pytest.raises(SequenceNotFound):
        mediator(iterate('expression="//b" sequential="true"', fails)).mediate(ctx)

    assert ctx.get("part") == "1"


async def test_a_failing_back_end_stays_with_its_sequential_part():
    ctx = xml()
    ctx.fault_handlers = (FAULT,)

    assert (
        mediator(iterate('expression="//b" sequential="true"', '<send><endpoint key="e"/></send>')).mediate(ctx)
        is False
    )
    assert len(ctx.client.replies) == 2


async def test_properties_that_the_parent_sets_later_are_not_those_of_the_parts():
    ctx = xml("<a>" + "<b/>" * 300 + "</a>")
    mediator(iterate('expression="//b" continueParent="true"')).mediate(ctx)

    ctx.set("late", "yes")
    await ctx.branches.join()

    assert len(ctx.client.replies) == 300
    assert {reply.get("late") for reply in ctx.client.replies} == {None}


GRAMMAR = [
    (
        '<iterate expression="//b" attachPath="//a"><target/></iterate>',
        "Wrong configuration for the iterate mediator :: if the iterator should not preserve payload, "
        "then attachPath can not be present",
    ),
    (
        '<iterate expression="//b" preservePayload="true" attachPath="json-eval($.a)"><target/></iterate>',
        "<iterate> expression and attachPath have to be both XPath or both json-eval",
    ),
    ('<iterate expression="//b"/>', "<iterate> needs a child <target>"),
    ("<iterate><target/></iterate>", '<iterate> needs the attribute "expression"'),
    (
        '<iterate expression="//b" sequential="maybe"><target/></iterate>',
        '<iterate> sequential "maybe" is not true or false',
    ),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
