from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mediation.errors import MediationError
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import compiled

from .support import json, mediator, message, mistakes, with_client

FAULT = compiled(f'<sequence xmlns="{SYNAPSE_NS}" name="fault"><respond/></sequence>')


def body(text: str) -> str:
    return f'<sequence><payloadFactory media-type="json"><format>{text}</format><args/></payloadFactory></sequence>'


def scatter(
    *sequences: str, attributes: str = 'result-content-type="JSON"', aggregation: str = 'expression="${payload}"'
) -> str:
    return f"<scatter-gather {attributes}><aggregation {aggregation}/>{''.join(sequences)}</scatter-gather>"


ONE, TWO = body('{"n":1}'), body('{"n":2}')
FAILS = '<sequence><sequence key="nowhere"/></sequence>'


@pytest.fixture
def ctx():
    ctx = json("{}")
    ctx.fault_handlers = (FAULT,)
    with_client(ctx)
    return ctx


class Gate:
    """Lets a message through when it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    def mediate(self, ctx):
        return self._wait()

    async def _wait(self):
        await self.opened.wait()
        return True


def held(text: str, number: int) -> tuple[Any, Gate]:
    """The mediator, with a gate at the beginning of one of its sequences."""
    gate, scattered = Gate(), mediator(text)
    sequence = scattered.sequences[number]
    object.__setattr__(sequence, "mediators", (gate, *sequence.mediators))
    return scattered, gate


@pytest.mark.parametrize("parallel", ["true", "false"])
async def test_an_array_of_what_the_sequences_make(ctx, parallel):
    attributes = f'parallel-execution="{parallel}" target="body" result-content-type="JSON"'

    assert mediator(scatter(ONE, TWO, attributes=attributes)).mediate(ctx) is True
    assert ctx.payload.json_text() == '[{"n":1},{"n":2}]'
    assert ctx.axis2["messageType"] == "application/json"


async def test_a_variable(ctx):
    attributes = 'target="variable" target-variable="v" result-content-type="JSON"'

    assert (
        mediator(scatter(ONE, TWO, attributes=attributes, aggregation='expression="json-eval($.n)"')).mediate(ctx)
        is True
    )
    assert ctx.variables["v"] == [1, 2]
    assert ctx.payload.json_text() == "{}"


async def test_an_element_around_elements():
    ctx = message("<a><b>1</b><b>2</b></a>", "application/xml")
    attributes = 'result-content-type="XML" result-enclosing-element="all"'
    scattered = scatter(
        "<sequence><log/></sequence>", attributes=attributes, aggregation="expression=\"${xpath('//b')}\""
    )

    assert mediator(scattered).mediate(ctx) is True
    assert ctx.payload.format(charset=None)[0] == b"<all><b>1</b><b>2</b></all>"


async def test_results_keep_the_order_of_the_sequences(ctx):
    scattered, gate = held(scatter(ONE, TWO), 0)
    waiting = asyncio.ensure_future(scattered.mediate(ctx))
    await asyncio.sleep(0)

    gate.opened.set()

    assert await waiting is True
    assert ctx.payload.json_text() == '[{"n":1},{"n":2}]'


async def test_enough_messages_do(ctx):
    scattered, gate = held(scatter(ONE, TWO, aggregation='expression="${payload}" min-messages="1"'), 0)

    assert scattered.mediate(ctx) is True
    assert ctx.payload.json_text() == '[{"n":2}]'
    assert ctx.unfinished  # the other one goes on
    gate.opened.set()
    await ctx.branches.join()


async def test_enough_may_be_said_by_the_message(ctx):
    ctx.set("enough", "1")
    scattered, gate = held(scatter(ONE, TWO, aggregation='expression="${payload}" max-messages="{$ctx:enough}"'), 1)

    assert scattered.mediate(ctx) is True
    assert ctx.payload.json_text() == '[{"n":1}]'
    gate.opened.set()
    await ctx.branches.join()


async def test_a_time_out_goes_on_with_what_there_is(ctx):
    scattered, gate = held(scatter(ONE, TWO, aggregation='expression="${payload}" timeout="10"'), 0)

    assert await scattered.mediate(ctx) is True
    assert ctx.payload.json_text() == '[{"n":2}]'
    gate.opened.set()
    await ctx.branches.join()


async def test_a_time_out_with_nothing_ends_the_flow(ctx, caplog):
    scattered, gate = held(scatter(ONE, aggregation='expression="${payload}" timeout="10"'), 0)

    assert await scattered.mediate(ctx) is False
    assert "scatter-gather: no message has come back" in caplog.messages
    gate.opened.set()
    await ctx.branches.join()


async def test_a_condition_leaves_messages_out(ctx):
    aggregation = 'expression="${payload}" condition="${payload.n == 2}"'

    assert mediator(scatter(ONE, TWO, aggregation=aggregation)).mediate(ctx) is True
    assert ctx.payload.json_text() == '[{"n":2}]'


async def test_a_sequence_that_fails_ends_the_flow(ctx):
    assert mediator(scatter(ONE, FAILS)).mediate(ctx) is False
    assert [reply.get("ERROR_MESSAGE") for reply in ctx.client.replies] == ["Sequence named nowhere cannot be found"]


async def test_unless_the_others_are_enough(ctx):
    assert mediator(scatter(ONE, FAILS, aggregation='expression="${payload}" min-messages="1"')).mediate(ctx) is True


async def test_elements_are_no_json():
    attributes = 'result-content-type="JSON"'
    scattered = mediator(scatter("<sequence><log/></sequence>", attributes=attributes, aggregation='expression="//a"'))

    with pytest.raises(MediationError, match="finds elements"):
        scattered.mediate(message("<a/>", "application/xml"))


@pytest.mark.parametrize("text", ["many", "{$ctx:nothing}"])
async def test_a_number_of_messages_is_a_number(ctx, text):
    with pytest.raises(MediationError, match="is not a number of messages"):
        mediator(scatter(ONE, aggregation=f'expression="${{payload}}" min-messages="{text}"')).mediate(ctx)


GRAMMAR = [
    (scatter(), "<scatter-gather> needs a child <sequence>"),
    (scatter(ONE, attributes=""), '<scatter-gather> needs the attribute "result-content-type"'),
    (
        scatter(ONE, attributes='result-content-type="JSON" target="variable"'),
        '<scatter-gather> needs the attribute "target-variable"',
    ),
    (
        scatter(ONE, attributes='result-content-type="XML"'),
        '<scatter-gather> needs the attribute "result-enclosing-element"',
    ),
    (scatter(ONE, aggregation=""), '<aggregation> needs the attribute "expression"'),
    (
        scatter(ONE, aggregation='expression="//a" timeout="soon"'),
        '<aggregation> timeout "soon" is not a whole number',
    ),
]


@pytest.mark.parametrize(("text", "mistake"), GRAMMAR)
def test_mistakes(text, mistake):
    assert mistakes(text) == [mistake]
