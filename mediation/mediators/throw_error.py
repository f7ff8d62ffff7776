"""``<throwError>``: fail on purpose."""

from __future__ import annotations

from typing import Literal

from mediation import grammar
from mediation.errors import MediationError
from mediation.expressions import Value
from mediation.grammar import Mediator, mediator
from mediation.message import MessageContext


@mediator("throwError")
class ThrowErrorMediator(Mediator):
    """
    Fail: the nearest fault sequence runs, with ``type`` as ``ERROR_CODE`` and ``errorMessage`` as ``ERROR_MESSAGE``.

    ::

        <throwError type="VALIDATION" errorMessage="{get-property('reason')}"/>
    """

    type: str = grammar.attribute("ANY", name="type")
    error_message: Value | None = grammar.value("errorMessage")

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        text = "" if self.error_message is None else self.error_message.string(ctx) or ""
        raise MediationError(text, code=self.type, detail=text)
