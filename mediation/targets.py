"""``<target>``: where a branch of ``clone``, ``iterate``, ``conditionalRouter`` or ``router`` goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediation import flow, grammar
from mediation.endpoints import Endpoint, IndirectEndpoint
from mediation.errors import SequenceNotFound
from mediation.flow import Outcome
from mediation.grammar import Attribute, Node, node
from mediation.mediators.send import SendMediator
from mediation.mediators.sequence import SequenceMediator
from mediation.message import MessageContext

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler


class _ReplaceableName(Attribute):
    """The name of a sequence or endpoint, which an inline one beside it replaces: tools write ``sequence="anon"``."""

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> str | None:
        name = element.get(self.name)
        if name is None or grammar.find(element, self.name) is not None:
            return None
        compiler.refer(self.name, name, element)
        return name


def _replaceable_name(name: str) -> _ReplaceableName:
    return _ReplaceableName(name, None, (), None)


@node("target")
class Target(Node):
    """
    A sequence or an endpoint, inline or by name, and addresses that are set before.

    ::

        <target to="http://localhost:9000/services/Stock" soapAction="urn:getQuote">
            <endpoint key="stock"/>
        </target>

    The first of these counts: the sequence inside, the one that ``sequence`` names, the endpoint inside, the one that
    ``endpoint`` names. An endpoint's answer is a response leg like that of ``<send>``.
    """

    sequence_name: str | None = grammar.field(_replaceable_name("sequence"))
    endpoint_name: str | None = grammar.field(_replaceable_name("endpoint"))
    to: str | None = grammar.attribute(None, name="to")
    soap_action: str | None = grammar.attribute(None, name="soapAction")
    sequence: SequenceMediator | None = grammar.child("sequence", SequenceMediator)
    endpoint: Endpoint | None = grammar.endpoint()

    def mediate(self, ctx: MessageContext) -> Outcome:
        """
        Raises:
            SequenceNotFound: the sequence that it names is not deployed.
        """
        if self.soap_action is not None:
            ctx.action = self.soap_action
            ctx.headers.set("SOAPAction", f'"{self.soap_action}"')
        if self.to is not None:
            ctx.to = self.to
        if self.sequence is not None:
            return self.sequence.mediate(ctx)
        if self.sequence_name is not None:
            sequence = ctx.environment.sequence(self.sequence_name)
            if sequence is None:
                raise SequenceNotFound(self.sequence_name)
            return flow.enter(sequence, self.sequence_name, ctx)
        endpoint = self.endpoint
        if endpoint is None and self.endpoint_name is not None:
            endpoint = IndirectEndpoint(self.endpoint_name)
        if endpoint is None:
            return True
        return SendMediator(receive=None, build_message=False, endpoint=endpoint).mediate(ctx)
