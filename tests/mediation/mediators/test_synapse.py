"""``<synapse>``: a list of mediators, whose end is the flow's end."""

from .support import mediator, message


def test_mediators_run_in_order() -> None:
    ctx = message()
    steps = '<property name="a" value="1"/><property name="b" expression="get-property(\'a\')"/>'
    assert mediator(f"<synapse>{steps}</synapse>").mediate(ctx) is True
    assert ctx.properties["b"] == "1"


def test_the_flow_ends_where_one_of_them_ends_it() -> None:
    ctx = message()
    assert mediator('<synapse><drop/><property name="a" value="1"/></synapse>').mediate(ctx) is False
    assert "a" not in ctx.properties
