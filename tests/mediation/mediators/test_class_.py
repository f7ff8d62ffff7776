"""``<class>``: an object of a Python class gets the message."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest

from mediation.message import MessageContext
from tests.mediation.mediators.support import mediator, message, mistakes

HERE = __name__


class Discount:
    percent: int = 0
    customer: str = ""

    def mediate(self, ctx: MessageContext) -> bool:
        ctx.properties["seen"] = (self.percent, self.customer)
        return self.percent > 5

    def price(self, amount: str) -> dict[str, Any]:
        return {"price": float(amount) * (100 - self.percent) / 100}


class Waiting:
    async def mediate(self, ctx: MessageContext) -> None:
        await asyncio.sleep(0)
        ctx.properties["waited"] = True


class Broken:
    def __init__(self) -> None:
        raise RuntimeError("boo")

    def mediate(self, ctx: MessageContext) -> bool:
        return True


def discount(percent: object, more: str = "", **attributes: str) -> str:
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<class name="{HERE}.Discount"{extra}><property name="percent" value="{percent}"/>{more}</class>'


@pytest.mark.parametrize(("percent", "goes_on"), [(10, True), (5, False)])
def test_the_object_gets_its_properties_and_decides(percent: int, goes_on: bool) -> None:
    ctx = message()
    assert mediator(discount(percent)).mediate(ctx) is goes_on
    assert ctx.properties["seen"] == (percent, "")


def test_a_property_may_be_an_expression_of_the_message() -> None:
    found = mediator(discount(10, '<property name="customer" expression="get-property(\'who\')"/>'))
    first, second = message(who="a"), message(who="b")
    found.mediate(first)
    found.mediate(second)
    assert (first.properties["seen"], second.properties["seen"]) == ((10, "a"), (10, "b"))


async def test_a_coroutine_is_awaited() -> None:
    ctx = message()
    outcome = mediator(f'<class name="{HERE}.Waiting"/>').mediate(ctx)
    assert inspect.isawaitable(outcome)
    assert await outcome is True
    assert ctx.properties["waited"] is True


def test_a_method_with_arguments_gives_a_variable_or_the_body() -> None:
    inputs = '<inputs><argument name="amount" value="50"/></inputs>'
    ctx = message()
    assert mediator(discount(10, inputs, method="price", target="variable", target_variable="v")).mediate(ctx) is True
    assert ctx.variables["v"] == {"price": 45.0}
    mediator(discount(20, inputs, method="price", target="body")).mediate(ctx)
    assert ctx.payload.json() == {"price": 40.0}


@pytest.mark.parametrize(
    ("xml", "mistake"),
    [
        ('<class name="com.example.Mediator"/>', "com.example.Mediator"),
        (f'<class name="{HERE}.Nothing"/>', "Nothing"),
        (f'<class name="{HERE}.Broken"/>', "RuntimeError: boo"),
        (discount("x"), "ValueError"),
        (f'<class name="{HERE}.Discount" method="nothing"/>', "nothing()"),
        (f'<class name="{HERE}.Discount"><property name="p"/></class>', "needs a value"),
        ("<class/>", '"name"'),
    ],
)
def test_mistakes_are_found_at_deployment(xml: str, mistake: str) -> None:
    assert mistake in mistakes(xml)[0]


def test_a_java_class_may_be_mapped(settings: Any) -> None:
    settings.ESB_CLASSES = {"com.example.Discount": f"{HERE}.Discount"}
    assert mistakes('<class name="com.example.Discount"/>') == []
    assert "ESB_CLASSES" in mistakes('<class name="com.example.Other"/>')[0]
