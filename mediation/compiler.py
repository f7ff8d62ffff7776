"""
XML to runnable artifacts.

::

    compilation = compile_artifact(parse_xml(text))
    if compilation.artifact is None:
        for finding in compilation.findings: ...
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import mediation.http_inbound
import mediation.inbound_endpoint
import mediation.local_entry
import mediation.mediators
import mediation.message_processor
import mediation.polling_inbound
import mediation.proxy_service
import mediation.server_configuration
import mediation.stores
import mediation.task
import mediation.templates  # noqa: F401  (these register what they read)
from mediation import placeholders
from mediation.alternatives import ALTERNATIVES, Alternative
from mediation.api import name_of_api
from mediation.connectors import ConnectorOperation, is_operation
from mediation.endpoints import Endpoint, compile_endpoint
from mediation.errors import ConfigurationError, ExpressionSyntaxError, GrammarError, Needs, NotRunnable
from mediation.expressions import compile_expression, compile_template, compile_value
from mediation.expressions.xpath import XPath
from mediation.findings import Finding, Severity
from mediation.grammar import ARTIFACTS, KNOWN_MEDIATORS, MEDIATORS, Mediator, Reported, local_name, namespaces_of

if TYPE_CHECKING:
    from lxml import etree

    from mediation.expressions import Expression, InlineTemplate, Value

NOT_RUNNABLE: Final = "grammar.not-runnable"
"""Id of these findings; what would be needed is added, as in ``grammar.not-runnable.java``."""

CHECKS: Final[tuple[tuple[type[ConfigurationError], str], ...]] = (
    (NotRunnable, NOT_RUNNABLE),
    (ExpressionSyntaxError, "grammar.expression"),
    (GrammarError, "grammar.value"),
)


MAX_NESTING: Final = 60
"""How deep mediators may lie inside each other; far above what people write, far below what the interpreter bears."""


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A name that an artifact uses: ``kind`` is ``sequence``, ``endpoint``, ``template`` or ``localEntry``, or
    ``connector`` for an operation such as ``gmail.init``.
    """

    kind: str
    name: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Compilation:
    """
    What came of one artifact's XML.

    Attributes:
        kind: the element's name: ``sequence``, ``proxy``, ``inboundEndpoint``, ``endpoint``, ``localEntry``, or one
        that is only kept.
        name: the artifact's name (``key`` of a local entry), ``""`` if it has none.
        artifact: the compiled object; ``None`` if an error or something not runnable was found.
        references: names that it uses, in order; late bound, so a missing one is no error.
    """

    kind: str
    name: str
    artifact: Any
    findings: tuple[Finding, ...]
    references: tuple[Reference, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def not_runnable(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.NOT_RUNNABLE)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.WARNING)


class Compiler:
    """Collects what is found while one artifact is compiled, and lends its parts a hand. Used once."""

    def __init__(self) -> None:
        self._depth = 0
        self.findings: list[Finding] = []
        self.references: list[Reference] = []

    # -- remarks

    def error(self, exc: ConfigurationError, element: etree._Element) -> None:
        """Keep a mistake, with the element's line if the error has none of its own."""
        if isinstance(exc, Reported):
            return
        severity = Severity.NOT_RUNNABLE if isinstance(exc, NotRunnable) else Severity.ERROR
        check = next((check for kind, check in CHECKS if isinstance(exc, kind)), "grammar")
        if isinstance(exc, NotRunnable) and exc.needs:
            check = f"{check}.{exc.needs.lower()}"
        line = element.sourceline if exc.line is None else exc.line
        self.findings.append(Finding(severity, exc.message, line, check))

    def warning(self, message: str, element: etree._Element, check: str = "grammar.unknown") -> None:
        self.findings.append(Finding(Severity.WARNING, message, element.sourceline, check))

    def info(self, message: str, element: etree._Element, check: str = "grammar.info") -> None:
        self.findings.append(Finding(Severity.INFO, message, element.sourceline, check))

    def refer(self, kind: str, name: str, element: etree._Element) -> None:
        """Note that the artifact uses another one."""
        self.references.append(Reference(kind, name, element.sourceline))

    # -- parts

    def mediators(self, parts: Iterable[etree._Element]) -> tuple[Mediator, ...]:
        """Compile mediators; mistakes are kept, and what is right is returned."""
        compiled = []
        self._depth += 1
        for element in parts:
            try:
                compiled.append(self.mediator(element))
            except ConfigurationError as exc:
                self.error(exc, element)
        self._depth -= 1
        return tuple(compiled)

    def mediator(self, element: etree._Element) -> Mediator:
        """
        Raises:
            GrammarError: there is no such mediator, or it is nested too deeply.
            NotRunnable: there is, but not here.
        """
        if self._depth > MAX_NESTING:
            raise GrammarError(f"mediators are nested more than {MAX_NESTING} deep", element.sourceline)
        tag = local_name(element)
        found = MEDIATORS.get(tag)
        if found is not None:
            return found.from_xml(element, self)
        name = tag.rpartition("}")[2]
        if tag in KNOWN_MEDIATORS or name in ("rule", "throttle"):
            instead = ALTERNATIVES.get(name, Alternative(Needs.NOTHING, ""))
            raise NotRunnable(f"the mediator <{tag}>", instead.hint, line=element.sourceline, needs=instead.needs)
        if is_operation(tag):
            return ConnectorOperation.from_xml(element, self)
        raise GrammarError(
            f"Unknown mediator referenced by configuration element : {element.tag!s}", element.sourceline
        )

    def endpoint(self, element: etree._Element) -> Endpoint:
        return compile_endpoint(element, self)

    def expression(self, text: str, element: etree._Element) -> Expression:
        """
        Raises:
            ExpressionSyntaxError: it does not compile.
        """
        expression = compile_expression(text, namespaces_of(element))
        self._weigh(expression, element)
        return expression

    def value(self, text: str, element: etree._Element) -> Value:
        """
        Raises:
            ExpressionSyntaxError: the expression in braces does not compile.
        """
        value = compile_value(text, namespaces_of(element))
        self._weigh(value.expression, element)
        return value

    def _weigh(self, expression: Expression | None, element: etree._Element) -> None:
        if isinstance(expression, XPath) and expression.repeats_search:
            self.warning(
                f'"{expression.source}" looks through the whole document for each node that the predicate is asked of; '
                "a large message takes long",
                element,
                "expression.search",
            )

    def template(self, text: str, element: etree._Element) -> InlineTemplate:
        """
        Raises:
            ExpressionSyntaxError: an expression in the text does not compile.
        """
        return compile_template(text, namespaces_of(element))


KEPT_KINDS: Final = {
    "eventSource": "event source",
}
"""Artifact kinds that are stored, exported and reported, but do not run in this version."""


def artifact_name(element: etree._Element) -> str:
    """The name that an artifact's element gives it; ``""`` if it gives none."""
    if local_name(element) == "api":
        return name_of_api(element)
    return (element.get("key") if local_name(element) == "localEntry" else element.get("name")) or ""


def compile_artifact(element: etree._Element) -> Compilation:
    """
    Compile one artifact's element.

    Never raises for what the XML says: mistakes are findings, and ``artifact`` is then ``None``.
    """
    kind = local_name(element)
    name = artifact_name(element)
    compiler = Compiler()
    artifact = None
    try:
        if kind in ARTIFACTS:
            artifact = ARTIFACTS[kind](placeholders.filled(element, compiler), compiler)
        elif kind in KEPT_KINDS:
            raise NotRunnable(f"the {KEPT_KINDS[kind]} <{kind}>", line=element.sourceline)
        else:
            raise GrammarError(f"<{kind}> is not an artifact", element.sourceline)
    except ConfigurationError as exc:
        compiler.error(exc, element)
    fatal = any(f.severity in (Severity.ERROR, Severity.NOT_RUNNABLE) for f in compiler.findings)
    return Compilation(kind, name, None if fatal else artifact, tuple(compiler.findings), tuple(compiler.references))
