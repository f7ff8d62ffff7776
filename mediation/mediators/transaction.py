"""``<transaction>``: begin and end transactions of database mediators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import DatabaseError

from mediation import grammar
from mediation.databases.transactions import KEY, Transaction
from mediation.errors import MediationError
from mediation.grammar import Mediator, mediator

if TYPE_CHECKING:
    from mediation.flow import Outcome
    from mediation.message import MessageContext

ACTIONS: Final = ("new", "use-existing-or-new", "fault-if-no-tx", "commit", "rollback", "suspend", "resume")


@mediator("transaction")
class TransactionMediator(Mediator):
    """
    Begin a transaction, or end it.

    ::

        <transaction action="new"/>
        <dbreport useTransaction="true">...</dbreport>
        <transaction action="commit"/>

    ``<dblookup>`` and ``<dbreport>`` take part with ``useTransaction="true"``. A transaction belongs to its message and
    the answers to it; one that is not ended is rolled back. Several databases are committed one after the other, not in
    two phases.
    """

    action: str = grammar.attribute(name="action", choices=ACTIONS)

    def mediate(self, ctx: MessageContext) -> Outcome:
        stack: list[Transaction | None] = ctx.operation.setdefault(KEY, [])
        current = stack[-1] if stack else None
        if self.action in ("commit", "rollback"):
            if current is None:
                raise MediationError(f"Unable to {self.action} transaction: there is none")
            stack.pop()
            return _end(current, self.action)
        if self.action == "new" and current is not None:
            raise MediationError("Unable to begin a new transaction: there is one already")
        if self.action == "fault-if-no-tx" and current is None:
            raise MediationError("No transaction is active, and one is required")
        if self.action in ("new", "use-existing-or-new") and current is None:
            stack.append(Transaction())
        elif self.action == "suspend":
            if current is None:
                raise MediationError("Unable to suspend transaction: there is none")
            stack.append(None)
        elif self.action == "resume":
            if len(stack) < 2 or current is not None:
                raise MediationError("Unable to resume transaction: none is suspended")
            stack.pop()
        return True


async def _end(transaction: Transaction, action: str) -> bool:
    try:
        await (transaction.commit() if action == "commit" else transaction.rollback())
    except DatabaseError as exc:
        raise MediationError(f"Unable to {action} transaction: {exc}", detail=str(exc)) from exc
    return True
