"""``<rewrite>``: change the address of a message by rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from mediation import grammar
from mediation.errors import GrammarError, MediationError
from mediation.evaluators import Condition
from mediation.expressions import Expression, Pattern, compile_regex
from mediation.expressions.results import string_value
from mediation.grammar import Mediator, Node, mediator, node
from mediation.uri_fragments import FRAGMENTS, UriFragments

if TYPE_CHECKING:
    from mediation.message import MessageContext

ACTIONS: Final = ("set", "append", "prepend", "replace", "remove", "remove-query-param")
_NAME: Final = re.compile(r"\{([^{}]+)\}")


@node("action")
class Action(Node):
    """
    One change of one part of the URI.

    ::

        <action type="set" fragment="host" value="stock.example.org"/>
        <action type="replace" fragment="path" regex="/v1/" value="/v2/"/>
        <action type="append" fragment="query" xpath="get-property('token')"/>
        <action type="remove-query-param" value="debug"/>

    ``full``, the default, replaces the URI whatever the ``type``; so does ``port`` with its number. ``resolve="true"``
    puts properties in place of ``{name}``.
    """

    value: str | None = grammar.attribute(None, name="value")
    xpath: Expression | None = grammar.expression("xpath", plain=True)
    type: str = grammar.attribute("set", name="type", choices=ACTIONS)
    fragment: str = grammar.attribute("full", name="fragment", choices=("full", *FRAGMENTS))
    regex: Pattern | None = grammar.attribute(None, name="regex", convert=compile_regex)
    resolve: bool = grammar.attribute(False, name="resolve", convert=grammar.boolean)

    def check(self) -> None:
        if self.type != "remove" and self.value is None and self.xpath is None:
            raise GrammarError(f'<action type="{self.type}"> needs the attribute "value" or "xpath"')
        if self.type == "replace" and self.regex is None:
            raise GrammarError('<action type="replace"> needs the attribute "regex"')

    def apply(self, fragments: UriFragments, ctx: MessageContext) -> None:
        value = self._value(ctx)
        if self.type == "remove-query-param":
            fragments.set("query", _without(fragments.query, value or ""))
        elif self.type == "remove":
            fragments.set(self.fragment, None)
        elif self.fragment == "full":
            fragments.set("full", value)
        elif self.fragment == "port":
            fragments.set("port", _port(value))
        else:
            fragments.set(self.fragment, self._changed(fragments.get(self.fragment), value or ""))

    def _value(self, ctx: MessageContext) -> str | None:
        value = self.value if self.xpath is None else self.xpath.string(ctx)
        if value is None or not self.resolve:
            return value
        return _NAME.sub(lambda match: string_value(ctx.get(match[1])) or match[0], value)

    def _changed(self, before: str | None, value: str) -> str | None:
        if self.type == "set":
            return value
        if self.type == "replace":
            assert self.regex is not None
            # Java writes a group as $1.
            return None if before is None else self.regex.sub(re.sub(r"\$(\d)", r"\\\1", value), before)
        joint = "&" if self.fragment == "query" and before else ""
        return f"{before or ''}{joint}{value}" if self.type == "append" else f"{value}{joint}{before or ''}"


def _port(value: str | None) -> str | None:
    if value is None or not value.strip() or value.strip() == "-1":
        return None
    try:
        return str(int(float(value)))  # what XPath computes is 8080.0
    except ValueError:
        raise MediationError(f'<rewrite> cannot set the port "{value}": it is not a number') from None


def _without(query: str | None, name: str) -> str | None:
    kept = [part for part in (query or "").split("&") if part and part.partition("=")[0] != name]
    return "&".join(kept) or None


@node("rewriterule")
class RewriteRule(Node):
    """Changes, and the condition under which they are made."""

    condition: Condition | None = grammar.child("condition", Condition)
    actions: tuple[Action, ...] = grammar.children("action", Action, required=True)


@mediator("rewrite")
class RewriteMediator(Mediator):
    """
    Change where a message goes.

    ::

        <rewrite>
            <rewriterule>
                <condition><equal type="url" source="protocol" value="http"/></condition>
                <action type="set" fragment="protocol" value="https"/>
            </rewriterule>
        </rewrite>

    Works on the address ``To``, or on the property ``inProperty``; the result becomes the address, or the property
    ``outProperty``. Rules are tried in order, and each sees what those before it have made.
    """

    in_property: str | None = grammar.attribute(None, name="inProperty")
    out_property: str | None = grammar.attribute(None, name="outProperty")
    rules_: tuple[RewriteRule, ...] = grammar.children("rewriterule", RewriteRule)

    def mediate(self, ctx: MessageContext) -> Literal[True]:
        before = ctx.to if self.in_property is None else string_value(ctx.get(self.in_property))
        fragments = UriFragments.parse(before or "")
        for rule in self.rules_:
            if rule.condition is None or rule.condition.holds(ctx, str(fragments)):
                for action in rule.actions:
                    action.apply(fragments, ctx)
        after = str(fragments)
        if self.out_property is None:
            ctx.to = after
        else:
            ctx.set(self.out_property, after)
        return True
