"""``<propertyGroup>``: several properties at once."""

from __future__ import annotations

from typing import Literal

from mediation import grammar
from mediation.grammar import Mediator, mediator
from mediation.mediators.property import PropertyMediator
from mediation.message import MessageContext


@mediator("propertyGroup")
class PropertyGroupMediator(Mediator):
    """
    Set or remove several properties, in their order.

    ::

        <propertyGroup>
            <property name="OUT_ONLY" value="true"/>
            <property name="FORCE_SC_ACCEPTED" value="true" scope="axis2"/>
        </propertyGroup>

    Only keeps properties together: it does what the same ``<property>`` elements do without it.
    """

    properties: tuple[PropertyMediator, ...] = grammar.children("property", PropertyMediator)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        for each in self.properties:
            each.mediate(ctx)
        return True
