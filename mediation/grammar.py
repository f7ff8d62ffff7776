"""
The grammar of the language, written as the fields of the classes that run it.

::

    @mediator("respond")
    class RespondMediator(Mediator):
        def mediate(self, ctx: MessageContext) -> bool: ...

A class that is read from an element says with :func:`attribute`, :func:`expression`, :func:`text`, :func:`child`, ...
what the element may hold. The compiler, the admin's errors, the warnings and the generated reference all read these
fields; nothing repeats them. Instances are frozen and shared by every message.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar, cast, dataclass_transform

from lxml import etree

from mediation.errors import ConfigurationError, ExpressionSyntaxError, GrammarError, NotRunnable
from mediation.payloads.xml import SYNAPSE_NS

if TYPE_CHECKING:
    from mediation.compiler import Compiler
    from mediation.flow import Outcome
    from mediation.message import MessageContext

REQUIRED: Final[Any] = object()

NAMESPACES: Final = frozenset({SYNAPSE_NS, "http://www.wso2.org/products/wso2commons/tasks"})
"""Namespaces of the language: Synapse's, and the one that tools of WSO2 write around tasks."""

COMMON_ATTRIBUTES: Final = frozenset({"description", "statistics", "trace", "traceFilter"})
"""Accepted on every mediator; they only switch the originals' tracing."""


def local_name(element: etree._Element) -> str:
    """
    The element's name in the Synapse language, or ``{namespace}name`` for an element of another one.

    An element without a namespace counts as Synapse's, because much published configuration leaves the namespace out.
    """
    tag = element.tag
    if not isinstance(tag, str):
        return ""  # a comment or a processing instruction
    if tag.startswith("{"):
        namespace, _, name = tag[1:].partition("}")
        return name if namespace in NAMESPACES else tag
    return tag


def elements(parent: etree._Element) -> Iterator[etree._Element]:
    """Child elements, without comments and processing instructions."""
    return parent.iterchildren("*")


def find(parent: etree._Element, tag: str) -> etree._Element | None:
    """The first child element of that name in the Synapse language."""
    return next((child for child in elements(parent) if local_name(child) == tag), None)


def namespaces_of(element: etree._Element) -> dict[str, str]:
    """The prefixes in scope; XPath 1.0 has no default namespace."""
    return {prefix: uri for prefix, uri in element.nsmap.items() if prefix is not None}


def refuse_synapse_expression(text: str, hint: str = "use XPath or json-eval()") -> None:
    """
    For the places where the language takes no ``${...}``.

    Raises:
        ExpressionSyntaxError: the text is one.
    """
    if text.strip().startswith("${"):
        raise ExpressionSyntaxError(text.strip(), f"synapse expressions do not run here; {hint}")


# -- rules: how one field is read


class Rule:
    """How one field of a class is read from the class's element."""

    attributes: tuple[str, ...] = ()
    """Names of the attributes that this rule reads."""
    tags: tuple[str, ...] = ()
    """Names of the child elements that this rule reads."""
    takes_all_children = False
    takes_text = False

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        """
        Raises:
            ConfigurationError: the element does not hold what this field needs.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Attribute(Rule):
    name: str
    default: Any
    choices: tuple[str, ...]
    convert: Callable[[str], Any] | None

    @property
    def attributes(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.name,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        value = element.get(self.name)
        if value is None:
            if self.default is REQUIRED:
                raise GrammarError.missing(node.tag, f'the attribute "{self.name}"', element.sourceline)
            return self.default
        if self.choices and value not in self.choices:
            raise GrammarError.choice(node.tag, self.name, value, self.choices, element.sourceline)
        if self.convert is None:
            return value
        try:
            return self.convert(value)
        except ValueError as exc:
            raise GrammarError(f'<{node.tag}> {self.name} "{value}" {exc}', element.sourceline) from exc


@dataclasses.dataclass(frozen=True)
class ExpressionAttribute(Rule):
    """``json-eval(...)``, ``${...}`` or XPath 1.0; namespaces are those in scope at the element."""

    name: str
    required: bool
    plain: bool

    @property
    def attributes(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.name,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        text = element.get(self.name)
        if text is None:
            if self.required:
                raise GrammarError.missing(node.tag, f'the attribute "{self.name}"', element.sourceline)
            return None
        if self.plain:
            refuse_synapse_expression(text)
        return compiler.expression(text, element)


@dataclasses.dataclass(frozen=True)
class ValueAttribute(Rule):
    """A literal, or an expression in braces: ``{get-property('x')}``."""

    name: str
    required: bool
    default: str | None
    refers: str | None

    @property
    def attributes(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.name,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        text = element.get(self.name, self.default)
        if text is None:
            if self.required:
                raise GrammarError.missing(node.tag, f'the attribute "{self.name}"', element.sourceline)
            return None
        if self.refers is not None and not text.startswith("{"):
            compiler.refer(self.refers, text, element)
        return compiler.value(text, element)


@dataclasses.dataclass(frozen=True)
class SequenceName(Rule):
    """A sequence's name, kept as text and looked up when a message needs it."""

    name: str

    @property
    def attributes(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.name,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        key = element.get(self.name)
        if key is not None and not key.startswith("{"):
            compiler.refer("sequence", key, element)
        return key


class Text(Rule):
    takes_text = True

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        return element.text


@dataclasses.dataclass(frozen=True)
class Template(Rule):
    """The element's own text, with ``${...}`` in it."""

    takes_text = True
    convert: Callable[[str], str] | None

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        text = (element.text or "") + "".join(child.tail or "" for child in element)
        return compiler.template(text if self.convert is None else self.convert(text), element)


@dataclasses.dataclass(frozen=True)
class Child(Rule):
    """Child elements that are read as another class."""

    tag: str
    node: type[Node]
    many: bool
    required: bool

    @property
    def tags(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.tag,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        found = [child for child in elements(element) if local_name(child) == self.tag]
        if self.required and not found:
            raise GrammarError.missing(node.tag, f"a child <{self.tag}>", element.sourceline)
        if self.many:
            return tuple(self.node.from_xml(child, compiler) for child in found)
        return self.node.from_xml(found[0], compiler) if found else None


class Mediators(Rule):
    """All child elements that no other field reads, as mediators."""

    takes_all_children = True

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        return compiler.mediators(child for child in elements(element) if local_name(child) not in node.known_tags())


@dataclasses.dataclass(frozen=True)
class EndpointChild(Rule):
    """An ``<endpoint>`` child: inline, or a reference by key."""

    tags = ("endpoint",)
    required: bool

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        found = find(element, "endpoint")
        if found is None:
            if self.required:
                raise GrammarError.missing(node.tag, "a child <endpoint>", element.sourceline)
            return None
        return compiler.endpoint(found)


@dataclasses.dataclass(frozen=True)
class Xml(Rule):
    """The element itself, for a class whose content is data: ``xml("format")`` takes a child, ``xml()`` the whole."""

    tag: str | None
    required: bool

    @property
    def tags(self) -> tuple[str, ...]:  # type: ignore[override]
        return () if self.tag is None else (self.tag,)

    @property
    def takes_all_children(self) -> bool:  # type: ignore[override]
        return self.tag is None

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        if self.tag is None:
            return element
        found = find(element, self.tag)
        if found is None and self.required:
            raise GrammarError.missing(node.tag, f"a child <{self.tag}>", element.sourceline)
        return found


@dataclasses.dataclass(frozen=True)
class Unsupported(Rule):
    """A child element of the language that this version does not run."""

    tag: str
    hint: str

    @property
    def tags(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.tag,)

    def read(self, element: etree._Element, compiler: Compiler, node: type[Node]) -> Any:
        found = find(element, self.tag)
        if found is not None:
            raise NotRunnable(f"<{self.tag}> in <{node.tag}>", self.hint, line=found.sourceline)
        return None


# -- field specifiers


def field(rule: Rule) -> Any:
    """A field that is read by a rule of its own; the specifiers below cover the usual ones."""
    return dataclasses.field(metadata={"rule": rule})


def attribute(
    default: Any = REQUIRED,
    *,
    name: str,
    choices: Iterable[str] = (),
    convert: Callable[[str], Any] | None = None,
) -> Any:
    """
    An attribute.

    Args:
        convert: makes a value of the text; a ``ValueError`` from it completes the sentence ``<tag> name "text" ...``.
    """
    return field(Attribute(name, default, tuple(choices), convert))


def expression(name: str = "expression", *, required: bool = False, plain: bool = False) -> Any:
    """
    An attribute that holds an expression; the field is an ``Expression`` or ``None``.

    Args:
        plain: where the language takes no ``${...}``.
    """
    return field(ExpressionAttribute(name, required, plain))


def value(name: str, *, required: bool = False, default: str | None = None, refers: str | None = None) -> Any:
    """
    An attribute that may hold an expression in braces; the field is a ``Value`` or ``None``.

    Args:
        refers: the kind of artifact that a literal value names, so that a missing one can be warned of.
    """
    return field(ValueAttribute(name, required, default, refers))


def sequence_name(name: str) -> Any:
    """An attribute that names a sequence; the field is the name or ``None``."""
    return field(SequenceName(name))


def text() -> Any:
    """The element's own text; the field is a ``str`` or ``None``."""
    return field(Text())


def template(convert: Callable[[str], str] | None = None) -> Any:
    """
    The element's own text, in which ``${...}`` are expressions; the field is an ``InlineTemplate``.

    Args:
        convert: what is done to the text before it is compiled.
    """
    return field(Template(convert))


def child(tag: str, node: type[Node], *, required: bool = False) -> Any:
    """One child element; the field is a ``node`` or ``None``."""
    return field(Child(tag, node, many=False, required=required))


def children(tag: str, node: type[Node], *, required: bool = False) -> Any:
    """All child elements of that name; the field is a tuple."""
    return field(Child(tag, node, many=True, required=required))


def mediators() -> Any:
    """All other child elements, as mediators; the field is a tuple."""
    return field(Mediators())


def endpoint(*, required: bool = False) -> Any:
    """An ``<endpoint>`` child; the field is an ``Endpoint`` or ``None``."""
    return field(EndpointChild(required))


def xml(tag: str | None = None, *, required: bool = False) -> Any:
    """A child element, or the element itself, as it stands; the field is an lxml element. Copy before changing it."""
    return field(Xml(tag, required))


def unsupported(tag: str, hint: str = "") -> Any:
    """A child element that is reported as not runnable; the field is ``None``."""
    return field(Unsupported(tag, hint))


def boolean(text: str) -> bool:
    """Converter: ``true`` and ``false`` in any case."""
    lowered = text.strip().lower()
    if lowered not in ("true", "false"):
        raise ValueError("is not true or false")
    return lowered == "true"


def integer(text: str) -> int:
    """Converter: a whole number."""
    try:
        return int(text.strip())
    except ValueError:
        raise ValueError("is not a whole number") from None


# -- classes


class Node:
    """Base of everything that is read from one element."""

    __slots__ = ("line",)

    tag: ClassVar[str] = ""
    line: int | None
    """1-based line of the element in the text that was read."""

    @classmethod
    def rules(cls) -> Iterator[tuple[str, Rule]]:
        for declared in dataclasses.fields(cls):  # type: ignore[arg-type]
            rule = declared.metadata.get("rule")
            if rule is not None:
                yield declared.name, rule

    @classmethod
    def known_tags(cls) -> frozenset[str]:
        return frozenset({"description"}.union(*(rule.tags for _, rule in cls.rules())))

    @classmethod
    def from_xml(cls, element: etree._Element, compiler: Compiler) -> Self:
        """
        Read the element. All mistakes of it are reported to the compiler, not just the first.

        Raises:
            Reported: there was a mistake.
            ConfigurationError: the parts are right, but do not go together.
        """
        rules = dict(cls.rules())
        values: dict[str, Any] = {}
        for name, rule in rules.items():
            try:
                values[name] = rule.read(element, compiler, cls)
            except ConfigurationError as exc:
                compiler.error(exc, element)
        cls._warn_of_unknown(element, rules.values(), compiler)
        if len(values) < len(rules):
            raise Reported(f"<{cls.tag}> has mistakes", element.sourceline)
        node = cls(**values)
        object.__setattr__(node, "line", element.sourceline)
        node.check()
        return node

    @classmethod
    def _warn_of_unknown(cls, element: etree._Element, rules: Iterable[Rule], compiler: Compiler) -> None:
        known = COMMON_ATTRIBUTES.union(*(rule.attributes for rule in rules))
        for name in element.attrib:
            if not str(name).startswith("{") and name not in known:
                compiler.warning(f'<{cls.tag}> does not know the attribute "{name}"; it is ignored', element)
        if not any(rule.takes_all_children for rule in rules):
            tags = cls.known_tags()
            for part in elements(element):
                if local_name(part) not in tags:
                    compiler.warning(f"<{cls.tag}> does not know the child <{local_name(part)}>; it is ignored", part)

    def check(self) -> None:
        """
        What the fields cannot say each for itself.

        Raises:
            ConfigurationError: with or without a line; the element's own is added.
        """


class Reported(ConfigurationError):
    """A mistake that the compiler has been told of already."""


class Mediator(Node):
    """
    One step of a flow. Subclasses are frozen; what happens to a message is in its context.

    A new mediator is one new file in ``mediation/mediators``.
    """

    __slots__ = ()

    def mediate(self, ctx: MessageContext) -> Outcome:
        """
        Do this step.

        Returns:
            ``True``: the flow goes on. ``False``: it ends here. A mediator that has to wait returns a coroutine of
            that.

        Raises:
            MediationError: the message cannot go on; the nearest fault handler gets it.
        """
        raise NotImplementedError


_C = TypeVar("_C", bound=type[Node])
_M = TypeVar("_M", bound=type[Mediator])

MEDIATORS: Final[dict[str, type[Mediator]]] = {}
"""Mediators by element name; filled when :mod:`mediation.mediators` is imported."""


@dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(
        attribute,
        expression,
        value,
        sequence_name,
        text,
        template,
        child,
        children,
        mediators,
        endpoint,
        xml,
    ),
)
def node(tag: str) -> Callable[[_C], _C]:
    """Declare a class that is read from ``<tag>``."""

    def declare(cls: _C) -> _C:
        declared = dataclasses.dataclass(frozen=True, kw_only=True, eq=False, slots=True)(cls)
        declared.tag = tag
        return cast(_C, declared)

    return declare


@dataclass_transform(
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(
        attribute,
        expression,
        value,
        sequence_name,
        text,
        template,
        child,
        children,
        mediators,
        endpoint,
        xml,
    ),
)
def mediator(tag: str) -> Callable[[_M], _M]:
    """Declare and register the mediator ``<tag>``."""

    def register(cls: _M) -> _M:
        declared = node(tag)(cls)
        MEDIATORS[tag] = declared
        return declared

    return register


ARTIFACTS: Final[dict[str, Callable[[etree._Element, Compiler], object]]] = {}
"""Readers of the artifact kinds that run, by element name; filled when :mod:`mediation.compiler` is imported."""


_R = TypeVar("_R", bound="Callable[[etree._Element, Compiler], object]")


def artifact(kind: str) -> Callable[[_R], _R]:
    """Register the function that reads the artifact ``<kind>``."""

    def register(read: _R) -> _R:
        ARTIFACTS[kind] = read
        return read

    return register


_NAMES: Final = """
aggregate annotatedCommand bam bean builder cache call call-template callout class clone conditionalRouter
datamapper dataServiceCall dbreport dblookup detach drop ejb enqueue enrich entitlementService event
eventPublisher fastXSLT filter foreach header in iterate jsontransform kerberosService log loopback makefault
NTLM oauthService opa out payloadFactory pojoCommand property propertyGroup publishEvent replace respond
rewrite RMSequence router rule sampler scatter-gather script send sequence smooks spring store switch synapse
throttle throwError transaction validate variable xquery xslt
"""

KNOWN_MEDIATORS: Final = frozenset(_NAMES.split())
"""Every mediator of the language; those that are not in :data:`MEDIATORS` are reported as not runnable."""
