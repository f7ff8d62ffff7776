"""``<enqueue>``: a sequence runs on a copy, and the flow goes on."""

from __future__ import annotations

import pytest

from mediation.errors import SequenceNotFound
from mediation.message import MessageContext
from mediation.payloads import Payload
from tests.mediation.support import DictEnvironment

from .support import compilation, mediator, message

ENQUEUE = '<enqueue executor="e" sequence="s" priority="5"/>'


async def test_the_sequence_runs_on_a_copy() -> None:
    env = DictEnvironment(s='<property name="a" value="2"/><property name="seen" value="yes" scope="operation"/>')
    ctx = MessageContext(env, Payload(), default={"a": "1"})
    assert mediator(ENQUEUE).mediate(ctx) is True
    await ctx.branches.join()
    assert ctx.properties["a"] == "1"
    assert ctx.operation["seen"] == "yes"


def test_a_sequence_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(SequenceNotFound):
        mediator(ENQUEUE).mediate(message())


def test_the_sequence_is_a_reference() -> None:
    assert [(each.kind, each.name) for each in compilation(ENQUEUE).references] == [("sequence", "s")]
