"""``<class>``: a Python class as a mediator."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation import grammar
from mediation.arguments import Inputs
from mediation.errors import GrammarError
from mediation.expressions import Expression
from mediation.grammar import Mediator, Node, mediator, node
from mediation.python_classes import import_class

if TYPE_CHECKING:
    from mediation.flow import Outcome
    from mediation.message import MessageContext

_CONVERTERS: Final[dict[Any, Callable[[str], Any]]] = {int: int, float: float, bool: grammar.boolean}


@node("property")
class ClassProperty(Node):
    """An attribute of the object: text, an element, or what an expression gives for each message."""

    name: str = grammar.attribute(name="name")
    value: str | None = grammar.attribute(None, name="value")
    expression: Expression | None = grammar.expression()
    element: etree._Element = grammar.xml()

    def check(self) -> None:
        if self.value is None and self.expression is None and next(grammar.elements(self.element), None) is None:
            raise GrammarError(f'<property name="{self.name}"> needs a value, an expression or an element')

    def constant(self) -> Any:
        return self.value if self.value is not None else next(grammar.elements(self.element))


@mediator("class")
class ClassMediator(Mediator):
    """
    Hand the message to an object of a Python class.

    ::

        <class name="shop.mediators.Discount">
            <property name="percent" value="10"/>
            <property name="customer" expression="//m:customer"/>
        </class>

    The class is called without arguments when the artifact is deployed. Properties become attributes of the object;
    one that the class annotates with ``int``, ``float`` or ``bool`` is converted. ``mediate(ctx)`` gets the
    :class:`~mediation.message.MessageContext`; ``False`` ends the flow, anything else lets it go on.

    It runs on the event loop: what has to wait is written as ``async def``, and nothing may block. All messages share
    the object, but each gets a copy of it when a property is an expression.

    With ``inputs`` or ``target`` the ``method`` gets the arguments alone, and its result goes to the ``body``, into
    ``target-variable``, or nowhere.

    ``name`` may be that of a Java class for which ``ESB_CLASSES`` names a Python class.
    """

    name: str = grammar.attribute(name="name")
    method: str = grammar.attribute("mediate", name="method")
    target: str | None = grammar.attribute(None, name="target", choices=("body", "variable", "none"))
    target_variable: str | None = grammar.attribute(None, name="target-variable")
    properties: tuple[ClassProperty, ...] = grammar.children("property", ClassProperty)
    inputs: Inputs | None = grammar.child("inputs", Inputs)
    instance: Any = dataclasses.field(init=False, default=None)
    types: dict[str, Any] = dataclasses.field(init=False, default_factory=dict)

    def check(self) -> None:
        if self.target == "variable" and not self.target_variable:
            raise GrammarError('<class target="variable"> needs the attribute "target-variable"')
        cls = import_class(self.name, self.method, "a mediator")
        try:
            instance = cls()
            object.__setattr__(self, "types", typing.get_type_hints(cls))
            for each in self.properties:
                if each.expression is None:
                    self._assign(instance, each.name, each.constant())
        except Exception as exc:  # whatever the class does
            raise GrammarError(f"an object of {self.name} cannot be made ({type(exc).__name__}: {exc})") from exc
        object.__setattr__(self, "instance", instance)

    def _assign(self, instance: Any, name: str, value: Any) -> None:
        convert = _CONVERTERS.get(self.types.get(name, str))
        setattr(instance, name, convert(value) if convert is not None and isinstance(value, str) else value)

    def mediate(self, ctx: MessageContext) -> Outcome:
        instance = self.instance
        dynamic = [each for each in self.properties if each.expression is not None]
        if dynamic:
            instance = copy.copy(instance)
            for each in dynamic:
                assert each.expression is not None
                self._assign(instance, each.name, each.expression.string(ctx))
        method = getattr(instance, self.method)
        if self.inputs is None and self.target is None:
            result = method(ctx)
        else:
            result = method(*([] if self.inputs is None else self.inputs.evaluate(ctx)))
        if inspect.isawaitable(result):
            return self._finish(result, ctx)
        return self._ended(result, ctx)

    async def _finish(self, waiting: Awaitable[Any], ctx: MessageContext) -> bool:
        return self._ended(await waiting, ctx)

    def _ended(self, result: Any, ctx: MessageContext) -> bool:
        if self.target == "variable":
            assert self.target_variable is not None
            ctx.variables[self.target_variable] = result
        elif self.target == "body":
            if isinstance(result, etree._Element):
                ctx.payload.replace_body(result)
            elif isinstance(result, str):
                ctx.payload.replace_text(result)
            else:
                ctx.payload.replace_json(result)
        return result is not False or self.target is not None
