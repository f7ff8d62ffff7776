"""``<xslt>``: transform the body, or a part of the message, with a stylesheet."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

from mediation import grammar
from mediation.errors import GrammarError, MediationError, XmlError
from mediation.expressions import Expression, Value
from mediation.grammar import Mediator, Node, mediator, node
from mediation.message import MessageContext
from mediation.payloads.builders import text_wrapper
from mediation.payloads.xml import parse_xml, serialise
from mediation.properties import is_true
from mediation.transformation.place import put_in_place, selected
from mediation.transformation.processor import PROCESSOR
from mediation.transformation.program import Program, stylesheet
from mediation.transformation.resources import AttributeWithoutEffect, Resource, WithoutEffect

if TYPE_CHECKING:
    from mediation.flow import Outcome

BODY: Final = "s11:Body/child::*[position()=1] | s12:Body/child::*[position()=1]"
"""What the originals call the source that is none."""
DISABLE_BUILD: Final = "transform.xslt.result.disableBuild"
"""Default scope: ``true`` keeps the result for a property as text. A sequence sets it, ``<xslt>`` reads it."""
MAX_STYLESHEETS: Final = 64
"""How many a mediator with a dynamic key keeps."""

logger = logging.getLogger(__name__)


@node("property")
class Parameter(Node):
    """A parameter of the stylesheet."""

    name: str = grammar.attribute(name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()

    def check(self) -> None:
        if self.value is None and self.expression is None:
            raise GrammarError(f'<property name="{self.name}"> of a stylesheet needs a value or an expression')

    def string(self, ctx: MessageContext) -> str | None:
        return self.value if self.expression is None else self.expression.string(ctx)


class Stylesheets:
    """The stylesheets of one mediator by key. One is made again when an entry that it is made of has changed."""

    __slots__ = ("_locations", "_programs")

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._locations = {resource.location: resource.key for resource in resources}
        self._programs: dict[str, Program] = {}

    def program(self, key: str, ctx: MessageContext) -> Program:
        """
        Raises:
            MediationError: there is none with that key.
        """
        found = self._programs.get(key)
        if found is None or not found.is_current(ctx.environment):
            found = stylesheet(key, ctx.environment, self._locations)
            if len(self._programs) >= MAX_STYLESHEETS:
                self._programs.clear()
            self._programs[key] = found
        return found


@mediator("xslt")
class XSLTMediator(Mediator):
    """
    Transform the first element of the Body, or what ``source`` finds, with the stylesheet in a local entry.

    ::

        <xslt key="orders-to-html" source="//m:orders" xmlns:m="http://services.samples">
            <property name="title" expression="$ctx:title"/>
            <resource location="common.xsl" key="conf:/xslt/common.xsl"/>
        </xslt>

    The result takes the place of the source; with ``target`` it becomes that property, as XML (as text if the property
    ``transform.xslt.result.disableBuild`` is true). ``source="/"`` is the whole envelope. Text goes into a
    ``<text>`` element, which leaves as ``text/plain``. ``<property>`` is a parameter of the stylesheet; one without a
    value is not passed. Includes and imports are local entries: by ``<resource>``, by their key, or beside the key of
    the stylesheet.

    XSLT 1.0, with XSLT 2.0 and 3.0 if saxonche is installed. It runs in a process of its own, which reaches no files
    and no network, with limits of time and memory (``docs/compatibility.md``, XSLT and XQuery).
    """

    key: Value = grammar.value("key", required=True, refers="localEntry")
    source: Expression | None = grammar.expression("source", plain=True)
    target: str | None = grammar.attribute(None, name="target")
    cache: None = dataclasses.field(metadata={"rule": AttributeWithoutEffect("useCache")})
    parameters: tuple[Parameter, ...] = grammar.children("property", Parameter)
    resources: tuple[Resource, ...] = grammar.children("resource", Resource)
    features: None = dataclasses.field(metadata={"rule": WithoutEffect("feature")})
    attributes: None = dataclasses.field(metadata={"rule": WithoutEffect("attribute")})
    stylesheets: Stylesheets = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stylesheets", Stylesheets(self.resources))

    def mediate(self, ctx: MessageContext) -> Outcome:
        key = self.key.string(ctx) or ""
        if self.source is None and self.target is None and (unread := ctx.payload.unread_xml) is not None:
            return self._message(key, unread, ctx)
        return self._part(key, ctx)

    async def _message(self, key: str, unread: bytes, ctx: MessageContext) -> bool:
        """Transform a body that nobody has looked into: the message is taken apart and put together by the worker."""
        try:
            program, parameters = self._program(key, ctx)
            # Parameters may have looked into it.
            if program.takes_messages and ctx.payload.unread_xml is not None:
                result = await PROCESSOR.message(program, unread, parameters)
                if result is not None:
                    ctx.payload = ctx.payload.rewritten(result)
                    return True
        except MediationError as exc:
            raise self._failure(key, exc) from exc
        outcome = self._part(key, ctx)
        return outcome if isinstance(outcome, bool) else await outcome

    def _part(self, key: str, ctx: MessageContext) -> Outcome:
        if self.source is None and ctx.payload.first_child is None:
            logger.warning("Found empty soap body, skipping XSLT transformation and continuing the mediation")
            return True
        return self._transform(key, ctx)

    async def _transform(self, key: str, ctx: MessageContext) -> Literal[True]:
        try:
            source = selected(self.source, ctx)
            assert source is not None, "an empty body was found before"
            program, parameters = self._program(key, ctx)
            result = await PROCESSOR.run(program, serialise(source), parameters=parameters)
            if self.target is not None and is_true(ctx.get(DISABLE_BUILD)):
                ctx.set(self.target, result.decode())
                return True
            element = text_wrapper(result.decode()) if program.gives_text else parse_xml(result)
            if self.target is None:
                put_in_place(source, element, ctx)
            else:
                ctx.set(self.target, element)
        except (MediationError, XmlError) as exc:
            raise self._failure(key, exc) from exc
        return True

    def _program(self, key: str, ctx: MessageContext) -> tuple[Program, dict[str, str]]:
        """The stylesheet, and the parameters that it gets."""
        program = self.stylesheets.program(key, ctx)
        return program, {part.name: text for part in self.parameters if (text := part.string(ctx)) is not None}

    def _failure(self, key: str, exc: Exception) -> MediationError:
        where = BODY if self.source is None else self.source.source
        return MediationError(
            f"Unable to perform XSLT transformation using : {key} against source XPath : {where} reason : {exc}"
        )


@mediator("fastXSLT")
class FastXSLTMediator(XSLTMediator):
    """
    The same as ``<xslt>``: its speed needs no name of its own here.

    ::

        <fastXSLT key="transform"/>
    """
