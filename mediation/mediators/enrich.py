"""``<enrich>``: take from one place of a message, put into another."""

from __future__ import annotations

import dataclasses
import logging
import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from lxml import etree

from mediation import grammar
from mediation.enrichment import json_values, xml_nodes
from mediation.enrichment.inline import Inline, lenient_json
from mediation.errors import GrammarError, MediationError, NotRunnable
from mediation.expressions import Expression
from mediation.expressions.json_eval import JsonEval
from mediation.expressions.jsonpath import MISSING, Path
from mediation.expressions.results import is_node_list
from mediation.expressions.synapse import SynapseExpression
from mediation.grammar import Mediator, Node, Rule, mediator, node
from mediation.message import MessageContext
from mediation.payloads.json_text import loads
from mediation.properties import NO_ENTITY_BODY

if TYPE_CHECKING:
    from mediation.compiler import Compiler

SOURCES: Final = ("custom", "envelope", "body", "property", "inline", "key")
TARGETS: Final = ("custom", "envelope", "body", "property", "key")
ACTIONS: Final = ("replace", "child", "sibling", "remove")

_FORBIDDEN: Final = {
    ("envelope", "custom"),
    ("envelope", "envelope"),
    ("envelope", "body"),
    ("body", "envelope"),
    ("body", "body"),
    ("custom", "envelope"),
}
_COMMA: Final = re.compile(r",(?![^\[]*\])")
_MEMBER: Final = re.compile(r"(?P<parent>\$.*)(?:\.(?P<name>[^.\[\]]+)|\[\s*(['\"])(?P<quoted>.+)\3\s*\])")

property_ = property  # sources and targets have a field of that name

logger = logging.getLogger(__name__)


class Member(NamedTuple):
    """A member of JSON objects: the path of what has it, and its name."""

    parent: Path
    name: str


def _json_paths(text: str) -> list[str]:
    """``json-eval($.a, $.b)`` as one expression for each path; nothing for XPath."""
    text = text.strip()
    if not (text.startswith("json-eval(") and text.endswith(")")):
        return []
    return [f"json-eval({path.strip()})" for path in _COMMA.split(text[len("json-eval(") : -1])]


class SourcePaths(Rule):
    """an expression; several JSONPaths, separated by commas, for `remove`"""

    attributes = ("xpath",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> tuple[Expression, ...]:
        text = _custom(element)
        return () if text is None else tuple(compiler.expression(path, element) for path in _json_paths(text) or [text])


class Place(Rule):
    """an expression; for a `key` its JSONPath"""

    attributes = ("xpath",)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Expression | Member | None:
        if element.get("type") == "key":
            return _member(_json_paths(element.get("xpath", "")))
        text = _custom(element)
        return None if text is None else compiler.expression(text, element)


def _custom(element: etree._Element) -> str | None:
    """The expression of a source or target that needs one."""
    if element.get("type", "custom") != "custom":
        return None
    text = element.get("xpath")
    if not text:
        raise GrammarError("xpath attribute is required for CUSTOM type")
    return text


def _member(paths: list[str]) -> Member:
    path = paths[0].removeprefix("json-eval(").removesuffix(")") if len(paths) == 1 else ""
    match = _MEMBER.fullmatch(path if path.startswith("$") else f"$.{path}")
    if match is None:
        raise GrammarError("Xpath must be defined for the target type 'key'.")
    return Member(Path(match["parent"]), match["name"] or match["quoted"])


class InlineContent(Rule):
    """The element or the text of an inline source."""

    takes_all_children = True
    takes_text = True

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Inline | None:
        if element.get("type") != "inline":
            return None
        content: etree._Element | str | None = next(grammar.elements(element), element.text)
        if isinstance(content, str) and not content.strip():
            content = None
        if content is None:
            if element.get("key") is None:
                raise GrammarError("XML element is required for INLINE type")
            return None
        return Inline(content, lambda text: compiler.expression(text, element))


@node("source")
class EnrichSource(Node):
    """Where the content comes from."""

    type: str = grammar.attribute("custom", name="type", choices=SOURCES)
    clone: bool = grammar.attribute(True, name="clone", convert=lambda text: text.strip().lower() == "true")
    paths: tuple[Expression, ...] = dataclasses.field(metadata={"rule": SourcePaths()})
    property: str | None = grammar.attribute(None, name="property")
    key: str | None = grammar.attribute(None, name="key")
    inline: Inline | None = dataclasses.field(metadata={"rule": InlineContent()})

    def check(self) -> None:
        if self.type == "property" and not self.property:
            raise GrammarError('<source type="property"> needs the attribute "property"')
        if self.type == "key" and not self.key:
            raise GrammarError('<source type="key"> needs the attribute "key"')

    @property_
    def xpath(self) -> Expression | None:
        return self.paths[0] if self.paths else None

    def nodes(self, ctx: MessageContext) -> list[xml_nodes.Node]:
        """Elements and texts. Those of the message itself only if they are to move: everything else is a copy."""
        if self.xpath is not None:
            nodes = xml_nodes.nodes_of(self.xpath.value(ctx), as_copies=self.clone)
            if not nodes:
                logger.error("Specified node by xpath cannot be found.")
            return nodes
        if self.type == "body":
            return xml_nodes.nodes_of(ctx.payload.first_child, as_copies=self.clone)
        if self.type == "envelope":
            return xml_nodes.nodes_of(ctx.payload.envelope)
        if self.property is not None:
            value = ctx.get(self.property)
            if value is None:
                logger.error("Invalid source property type.")
            return xml_nodes.nodes_of(value)
        return xml_nodes.nodes_of(self._entry(ctx)) if self.inline is None else [self.inline.node(ctx)]

    def _entry(self, ctx: MessageContext) -> Any:
        entry = None if self.key is None else ctx.environment.local_entry(self.key)
        if entry is None:
            logger.error("Specified Resource as Source is not valid.")
            return None
        return entry.value

    def json(self, ctx: MessageContext) -> Any:
        """
        The JSON value, or ``MISSING``.

        Raises:
            MediationError: a path of the body leads nowhere.
        """
        if isinstance(self.xpath, JsonEval):
            return json_values.read(self.xpath, ctx, keep=self.clone)
        if self.xpath is not None:
            value = self.xpath.value(ctx)
            return MISSING if value is None else value
        if self.type == "body":
            return ctx.payload.json()
        if self.property is not None:
            return _json_of(ctx.get(self.property))
        if self.inline is not None:
            return self.inline.json(ctx)
        return _json_of(self._entry(ctx))


def _json_of(value: Any) -> Any:
    """The JSON value that a property or local entry is, any text but markup being a string at least."""
    if isinstance(value, list) and value and is_node_list(value):
        if any(isinstance(part, etree._Element) for part in value):
            return MISSING
        value = "".join(map(str, value))
    if value is None or isinstance(value, etree._Element):
        return MISSING
    if not isinstance(value, str):
        return value
    found = lenient_json(value)
    return value if found is MISSING and '"' not in value else found


@node("target")
class EnrichTarget(Node):
    """Where the content goes to, and how."""

    type: str = grammar.attribute("custom", name="type", choices=TARGETS)
    action: str = grammar.attribute("replace", name="action", choices=ACTIONS)
    place: Expression | Member | None = dataclasses.field(metadata={"rule": Place()})
    property: str | None = grammar.attribute(None, name="property")

    @property_
    def xpath(self) -> Expression | None:
        return None if isinstance(self.place, Member) else self.place

    def check(self) -> None:
        if self.type == "property" and not self.property:
            raise GrammarError('<target type="property"> needs the attribute "property"')
        if self.type == "envelope" and self.action != "replace":
            raise GrammarError("Invalid target action")
        if isinstance(self.xpath, JsonEval):
            if self.xpath.reads_property:
                raise NotRunnable(f"the target {self.xpath.source}", 'use type="property"')
            if self.action == "replace" and self.xpath.is_whole:
                raise GrammarError(
                    "Acting replace is not supported for root path in type custom. "
                    "Please use type body action replace instead"
                )

    def put_nodes(self, nodes: list[xml_nodes.Node], ctx: MessageContext) -> None:
        if self.xpath is not None:
            xml_nodes.put_at(self.xpath, nodes, self.action, ctx)
        elif self.type == "body":
            xml_nodes.put_into_body(nodes, self.action, ctx.payload)
        elif self.type == "envelope":
            xml_nodes.put_envelope(nodes, ctx.payload)
        elif self.property is not None:
            xml_nodes.put_property(self.property, nodes, self.action, ctx)
        else:
            raise MediationError("Failed to rename the key. The body is not JSON")

    def put_json(self, value: Any, ctx: MessageContext) -> None:
        if isinstance(self.place, Member):
            json_values.rename(self.place.parent, self.place.name, value, ctx)
        elif isinstance(self.xpath, JsonEval):
            json_values.put_at(self.xpath, value, self.action, ctx)
        elif self.type == "body":
            json_values.put_into_body(value, self.action, ctx)
        else:
            assert self.property is not None, "checked"
            json_values.put_property(self.property, value, self.action, ctx)


@mediator("enrich")
class EnrichMediator(Mediator):
    """
    Take content from ``<source>`` and put it into ``<target>``.

    ::

        <enrich>
            <source type="body"/>
            <target type="property" property="REQUEST"/>
        </enrich>
        <enrich>
            <source type="inline"><m:currency xmlns:m="http://services.samples">EUR</m:currency></source>
            <target xpath="//m:order" action="child" xmlns:m="http://services.samples"/>
        </enrich>
        <enrich>
            <source type="inline">{"id": "{$ctx:id}"}</source>
            <target xpath="json-eval($.order)" action="child"/>
        </enrich>
        <enrich>
            <source xpath="json-eval($.card, $.pin)"/>
            <target type="body" action="remove"/>
        </enrich>

    A source is ``custom`` (an expression in ``xpath``), the ``body`` (its first element), the ``envelope``, a
    ``property``, or ``inline``: XML or text, in which ``{expression}`` stands for a value, or the ``key`` of a local
    entry. With ``clone="false"`` what an expression finds in the message moves instead of being copied.

    A target is ``custom`` (the first element, attribute or text that ``xpath`` finds), the ``body``, the ``envelope``,
    a ``property``, or the ``key`` of a JSON object, which is given another name. ``action`` is ``replace``, ``child``
    (inside, at the end), ``sibling`` (behind) or ``remove``.

    A body that is JSON stays JSON when neither side is XML: no XPath, no ``envelope``, no XML inline or in the property
    (``docs/compatibility.md``, enrich). There ``child`` adds to an array or merges objects, ``remove`` takes away what
    the paths of the source find, in the body or in a property, and a property gets JSON text. Otherwise a property gets
    the nodes, which print as XML.
    """

    source: EnrichSource = grammar.child("source", EnrichSource, required=True)
    target: EnrichTarget = grammar.child("target", EnrichTarget, required=True)
    may_be_json: bool = dataclasses.field(init=False, default=False)
    """Whether it works on JSON if the body is JSON."""

    def __post_init__(self) -> None:
        source, target, inline = self.source.xpath, self.target.xpath, self.source.inline
        object.__setattr__(
            self,
            "may_be_json",
            "envelope" not in (self.source.type, self.target.type)
            and (source is None or isinstance(source, JsonEval | SynapseExpression))
            and (target is None or isinstance(target, JsonEval))
            and (inline is None or not inline.is_xml),
        )

    def check(self) -> None:
        source, target = self.source, self.target
        if (source.type, target.type) in _FORBIDDEN:
            raise GrammarError("Wrong combination of source and target type")
        if target.action == "remove":
            if source.type != "custom":
                raise GrammarError("Wrong combination of source type and target action")
            if target.type not in ("body", "property"):
                raise GrammarError("Wrong combination of target type and target action")
            if not all(isinstance(path, JsonEval) for path in source.paths):
                raise NotRunnable(
                    "<enrich> with action remove for XML", "the originals remove JSON only; use <xslt> for XML"
                )
        elif len(source.paths) > 1:
            raise GrammarError('several paths in xpath are only for action="remove"')
        if target.type == "key":
            if source.type in ("envelope", "body"):
                raise GrammarError("Wrong combination of source type and target type")
            if target.action != "replace":
                raise GrammarError("Wrong combination of target type and target action")

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        if self.target.action == "remove":
            self._remove(ctx)
        elif self.may_be_json and _has_json(ctx) and not self._reads_xml_property(ctx):
            value = self.source.json(ctx)
            if value is MISSING:
                raise MediationError("Failed to get the source for Enriching : ")
            self.target.put_json(value, ctx)
        else:
            self.target.put_nodes(self.source.nodes(ctx), ctx)
        if self.target.type in ("body", "envelope"):
            ctx.remove(NO_ENTITY_BODY, "axis2")
        return True

    def _reads_xml_property(self, ctx: MessageContext) -> bool:
        name = self.source.property
        return name is not None and ctx.get(name) is not None and _json_of(ctx.get(name)) is MISSING

    def _remove(self, ctx: MessageContext) -> None:
        paths = [path.path(ctx) for path in self.source.paths if isinstance(path, JsonEval)]
        name = self.target.property
        if name is not None:
            held = ctx.get(name)
            left = json_values.without(loads(held) if isinstance(held, str) else held, paths)
            json_values.put_property(name, "" if left is MISSING else left, "replace", ctx)
            return
        if not _has_json(ctx):
            raise MediationError("Error occurred while executing the action : remove", detail="the body is not JSON")
        left = json_values.without(ctx.payload.json(), paths)
        if left is MISSING:
            ctx.payload.clear()
        else:
            ctx.payload.replace_json(left, keep_type=True)


def _has_json(ctx: MessageContext) -> bool:
    """Whether the body is JSON; a body of no type is looked at for that."""
    payload = ctx.payload
    return payload.is_json or (payload.content_type is None and payload.soap_version == "pox" and payload.is_json)
