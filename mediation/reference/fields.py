"""What an element may hold, from the fields of the class that is read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mediation import grammar
from mediation.grammar import REQUIRED, Node, Rule
from mediation.parameters import declared_parameters

from .markdown import inline, literal, prose, table


def fields(cls: type[Node], seen: frozenset[type[Node]] = frozenset()) -> Iterator[str]:
    """
    The attributes and children of an element, then those of its children.

    Args:
        seen: classes that are described above.
    """
    rules = [rule for _, rule in cls.rules()]
    attributes = [row for rule in rules for row in _attributes(rule)]
    yield table(("Attribute", "Value", "Default"), attributes)
    yield table(("Child", "What it is"), [row for rule in rules for row in _children(rule)])
    seen |= {cls}
    for rule in rules:
        if isinstance(rule, grammar.Child) and rule.node not in seen:
            yield f"**`<{rule.tag}>`** {prose(rule.node)}"
            yield from fields(rule.node, seen)
            seen |= {rule.node}


def _attributes(rule: Rule) -> Iterator[tuple[str, str, str]]:
    match rule:
        case grammar.Attribute():
            yield literal(rule.name), _kind(rule), _default(rule.default)
        case grammar.ExpressionAttribute():
            yield literal(rule.name), "expression", "required" if rule.required else ""
        case grammar.ValueAttribute():
            what = {"sequence": "name of a sequence", "endpoint": "name of an endpoint", "localEntry": "key"}
            text = what.get(rule.refers or "", rule.refers or "text")
            default = _default(rule.default) if rule.default is not None else "required" if rule.required else ""
            yield literal(rule.name), f"{text}, or an expression in braces", default
        case grammar.SequenceName():
            yield literal(rule.name), "name of a sequence", ""
        case _:
            for name in rule.attributes:
                yield literal(name), _summary(type(rule)), ""


def _kind(rule: grammar.Attribute) -> str:
    if rule.choices:
        return ", ".join(map(literal, rule.choices))
    if rule.convert is None:
        return "text"
    return _converted(rule.convert)


def _converted(convert: Callable[[str], Any]) -> str:
    """What a converter says of itself in its docstring."""
    said = (convert.__doc__ or "").strip().split("\n")[0].removeprefix("Converter: ").rstrip(".")
    return inline(said) or "text"


def _default(value: Any) -> str:
    if value is REQUIRED:
        return "required"
    if isinstance(value, (tuple, frozenset)):
        value = " ".join(sorted(map(str, value)))
    if value is None or value == "":
        return ""
    return literal(str(value).lower() if isinstance(value, bool) else str(value))


def _children(rule: Rule) -> Iterator[tuple[str, str]]:
    match rule:
        case grammar.Child():
            number = "any number" if rule.many else "one"
            number = f"at least {number}" if rule.many and rule.required else number
            needed = "required" if rule.required else number
            yield literal(f"<{rule.tag}>"), "at least one" if rule.many and rule.required else needed
        case grammar.Unsupported():
            yield literal(f"<{rule.tag}>"), f"does not run{f': {inline(rule.hint)}' if rule.hint else ''}"
        case grammar.EndpointChild():
            yield literal("<endpoint>"), "required" if rule.required else "one, inline or by `key`"
        case grammar.Mediators():
            yield "mediators", "run in their order"
        case grammar.Xml():
            yield (literal(f"<{rule.tag}>") if rule.tag else "any"), "required" if rule.required else "XML"
        case _:
            if rule.takes_text:
                yield "text", ""
            for tag in rule.tags:
                yield literal(f"<{tag}>"), _summary(type(rule))


def _summary(cls: type) -> str:
    return inline((cls.__doc__ or "").strip().split("\n")[0].rstrip("."))


def parameters(cls: type) -> str:
    """The ``<parameter>`` children of an artifact, from the fields of its class."""
    rows = [
        (
            literal(declared.name),
            inline(declared.values),
            "required" if declared.required else _default(_readable(declared.default)),
            inline(declared.help),
        )
        for _, declared in declared_parameters(cls)
    ]
    return table(("Parameter", "Value", "Default", "Meaning"), rows)


def _readable(value: Any) -> Any:
    if isinstance(value, (tuple, frozenset, set)):
        return " ".join(sorted(map(str, value)))
    return value if isinstance(value, (str, int, float, bool)) else None
