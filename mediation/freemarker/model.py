"""What the FreeMarker template of a ``<payloadFactory>`` sees of a message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation.errors import MediationError
from mediation.expressions.results import string_value
from mediation.payloads.xml import PAYLOAD_NS, whole_text

from .template import Template
from .values import MISSING, Document, Nodes, TemplateFailure

if TYPE_CHECKING:
    from mediation.message import MessageContext

_WRAPPER: Final = f"{{{PAYLOAD_NS}}}text"
_ARGUMENT: Final = re.compile(r"arg([1-9][0-9]{0,3})")


class FreemarkerTemplate:
    """
    A template with FreeMarker's directives; see :class:`mediation.payload_template.Template`.

    Args:
        arguments: how many ``<arg>`` there are.
        from_xml: the template was written as XML.

    Raises:
        ExpressionSyntaxError, NotRunnable: with the line within the template.
    """

    __slots__ = ("_arguments", "_template")

    def __init__(self, text: str, arguments: int, *, from_xml: bool = False) -> None:
        self._template = Template(text, from_xml=from_xml)
        self._arguments = arguments

    def filled(self, ctx: MessageContext, argument: Callable[[int], str]) -> str:
        """
        Raises:
            MediationError: a value is missing, or of another kind than the template needs.
        """
        model = _Lazy(
            payload=lambda: _payload(ctx),
            args=lambda: _Arguments(argument, self._arguments),
            ctx=lambda: _Properties(ctx, "default", ctx.properties),
            axis2=lambda: _Properties(ctx, "axis2", ctx.axis2),
            trp=lambda: _Properties(ctx, "transport", dict(ctx.headers.items())),
            vars=lambda: {name: _variable(value) for name, value in ctx.variables.items()},
        )
        try:
            return self._template.render(model)
        except TemplateFailure as exc:
            raise MediationError("Error parsing FreeMarking template", detail=str(exc)) from exc


def _payload(ctx: MessageContext) -> Any:
    payload = ctx.payload
    if payload.is_json:
        return payload.json()
    root = payload.first_child
    if root is None:
        return MISSING
    return whole_text(root) if root.tag == _WRAPPER else Document(root)


def _variable(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], etree._Element):
        return Nodes(value)
    return Nodes([value]) if isinstance(value, etree._Element) else value


class _Lazy(Mapping[str, Any]):
    """Values that are made when a template first asks for them."""

    def __init__(self, **makers: Callable[[], Any]) -> None:
        self._makers = makers
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class _Properties(Mapping[str, str]):
    """The properties of a scope, as text."""

    def __init__(self, ctx: MessageContext, scope: str, names: Mapping[str, Any]) -> None:
        self._ctx = ctx
        self._scope = scope
        self._names = names

    def __getitem__(self, name: str) -> str:
        value = string_value(self._ctx.get(name, self._scope))
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Arguments(Mapping[str, str]):
    """``arg1``, ``arg2``, ...: what the ``<arg>`` elements give."""

    def __init__(self, argument: Callable[[int], str], count: int) -> None:
        self._argument = argument
        self._count = count

    def __getitem__(self, name: str) -> str:
        match = _ARGUMENT.fullmatch(name)
        if match is None or int(match[1]) > self._count:
            raise KeyError(name)
        return self._argument(int(match[1]))

    def __iter__(self) -> Iterator[str]:
        return (f"arg{number}" for number in range(1, self._count + 1))

    def __len__(self) -> int:
        return self._count
