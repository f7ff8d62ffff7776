"""
FreeMarker templates: text, ``${...}``, ``<#if>``, ``<#list>``, ``<#assign>``, ``<#switch>``.

A template is compiled to steps that write into a list. Lines that hold nothing but directives leave nothing, as in
FreeMarker. Directives that could load or define things (``<#include>``, ``<#macro>``, ...) do not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mediation.errors import ConfigurationError, ExpressionSyntaxError, NotRunnable

from .expressions import Parser, compile_expression, truth
from .parts import Part, parts_of, without_blank_lines
from .scope import Evaluate, Loop, Scope
from .values import MISSING, TemplateFailure, text

MAX_STEPS: Final = 200_000
"""How often all loops of a template together may go round for one message."""
MAX_DEPTH: Final = 30
"""How deep directives may lie in each other."""

Write = Callable[[Scope, list[str]], None]


class Break(Exception):
    """``<#break>``"""


class Continue(Exception):
    """``<#continue>``"""


class Template:
    """
    A compiled template, shared by all messages.

    Args:
        from_xml: it was written as XML, whose escapes within ``${...}`` have to be undone.

    Raises:
        ExpressionSyntaxError: a mistake in an expression or directive.
        NotRunnable: a directive or built-in that this version does not have. Both with the line within the template.
    """

    def __init__(self, source: str, *, from_xml: bool = False) -> None:
        reader = _Reader(without_blank_lines(parts_of(source, from_xml=from_xml)))
        self._write = reader.block()
        if reader.index < len(reader.parts):
            reader.unexpected()

    def render(self, model: Mapping[str, Any]) -> str:
        """
        Raises:
            TemplateFailure: a value is missing or of another kind than the template needs, or there is too much to do.
        """
        written: list[str] = []
        try:
            self._write(Scope(model), written)
        except (Break, Continue) as exc:
            raise TemplateFailure(f"{exc.__doc__} outside of <#list> and <#switch>") from exc
        return "".join(written)


def compile_text(source: str) -> Evaluate:
    """A text with ``${...}`` in it, as a function of the scope."""
    write = _Reader(parts_of(source)).block()

    def evaluate(scope: Scope) -> str:
        written: list[str] = []
        write(scope, written)
        return "".join(written)

    return evaluate


# -- pieces to steps


class _Reader:
    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.index = 0
        self.depth = 0

    def unexpected(self) -> None:
        part = self.parts[self.index]
        raise ExpressionSyntaxError(f"<{'/' if part.is_end else ''}#{part.kind}>", "it does not belong here", part.line)

    def block(self, *ends: str) -> Write:
        """Steps up to a directive that ends the block; that one is left to the caller."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionSyntaxError("the template", "directives are nested too deeply", self.parts[self.index].line)
        steps: list[Write] = []
        while self.index < len(self.parts):
            part = self.parts[self.index]
            if part.is_end or part.kind in ("elseif", "else", "case", "default", "sep"):
                break
            self.index += 1
            try:
                step = self.step(part)
            except ConfigurationError as exc:
                if exc.line is None:
                    exc.line = part.line
                raise
            if step is not None:
                steps.append(step)
        self.depth -= 1
        return steps[0] if len(steps) == 1 else _all(steps)

    def step(self, part: Part) -> Write | None:
        if part.kind == "text":
            return _literal(part.text) if part.text else None
        if part.kind == "value":
            return _value(part)
        if part.kind == "comment":
            return None
        if part.kind == "break":
            return _raise(Break)
        if part.kind == "continue":
            return _raise(Continue)
        read: Mapping[str, Callable[[Part], Write]] = {
            "if": self.condition,
            "list": self.list,
            "switch": self.switch,
            "assign": self.assign,
            "global": self.assign,
            "compress": self.compress,
        }
        return read[part.kind](part)

    def end(self, opening: Part) -> None:
        """The end of a directive."""
        if self.index >= len(self.parts):
            raise ExpressionSyntaxError(f"<#{opening.kind}>", "it is not closed", opening.line)
        part = self.parts[self.index]
        if not part.is_end or part.kind != opening.kind:
            self.unexpected()
        self.index += 1

    def at(self, *kinds: str) -> Part | None:
        """The directive here, taken if it is one of these."""
        if self.index < len(self.parts):
            part = self.parts[self.index]
            if part.kind in kinds and not part.is_end:
                self.index += 1
                return part
        return None

    # -- directives

    def condition(self, part: Part) -> Write:
        branches = [(truth(compile_expression(part.text)), self.block())]
        while branch := self.at("elseif"):
            branches.append((truth(compile_expression(branch.text)), self.block()))
        otherwise = self.block() if self.at("else") else _all([])
        self.end(part)

        def write(scope: Scope, written: list[str]) -> None:
            for holds, then in branches:
                if holds(scope):
                    return then(scope, written)
            return otherwise(scope, written)

        return write

    def list(self, part: Part) -> Write:
        parser = Parser(part.text)
        values = parser.expression().evaluate
        if not parser.take("as"):
            raise NotRunnable("<#list> without as", "name the variable: <#list items as item>")
        name = parser.name()
        second = parser.name() if parser.take(",") else None
        parser.need_end()
        body = self.block()
        separator = None
        if self.at("sep"):
            separator = self.block()
            if self.index < len(self.parts) and self.parts[self.index].kind == "sep":
                self.index += 1
                body = _all([body, _unless_last(separator, name), self.block()])
            else:
                body = _all([body, _unless_last(separator, name)])
        otherwise = self.block() if self.at("else") else _all([])
        self.end(part)

        def write(scope: Scope, written: list[str]) -> None:
            items = _items(values(scope), second is not None)
            if not items:
                return otherwise(scope, written)
            return _loop(scope, written, name, second, items, body)

        return write

    def switch(self, part: Part) -> Write:
        value = compile_expression(part.text)
        self.block()  # what stands before the first case is not written
        cases: list[tuple[Evaluate | None, Write]] = []
        while branch := self.at("case", "default"):
            wanted = compile_expression(branch.text) if branch.kind == "case" else None
            cases.append((wanted, self.block()))
        self.end(part)

        def write(scope: Scope, written: list[str]) -> None:
            found = value(scope)
            start = next((n for n, (wanted, _) in enumerate(cases) if wanted and wanted(scope) == found), None)
            if start is None:
                start = next((n for n, (wanted, _) in enumerate(cases) if wanted is None), len(cases))
            try:
                for _, then in cases[start:]:
                    then(scope, written)
            except Break:
                pass

        return write

    def assign(self, part: Part) -> Write:
        parser = Parser(part.text)
        assignments: list[tuple[str, Evaluate]] = []
        while parser.token.kind == "name":
            name = parser.name()
            if not parser.take("="):
                parser.need_end()
                body = self.block()
                self.end(part)
                return _captured(name, body)
            assignments.append((name, parser.expression().evaluate))
            parser.take(",")
        parser.need_end()

        def write(scope: Scope, written: list[str]) -> None:
            for name, evaluate in assignments:
                value = evaluate(scope)
                if value is MISSING:
                    raise TemplateFailure(f"{name} is assigned a value that is missing")
                scope.variables[name] = value

        return write

    def compress(self, part: Part) -> Write:
        body = self.block()
        self.end(part)

        def write(scope: Scope, written: list[str]) -> None:
            inner: list[str] = []
            body(scope, inner)
            written.append(re.sub(r"\s+", lambda match: "\n" if "\n" in match[0] else " ", "".join(inner)))

        return write


def _all(steps: Sequence[Write]) -> Write:
    def write(scope: Scope, written: list[str]) -> None:
        for step in steps:
            step(scope, written)

    return write


def _literal(source: str) -> Write:
    return lambda scope, written: written.append(source)


def _value(part: Part) -> Write:
    evaluate, line = compile_expression(part.text), part.line

    def write(scope: Scope, written: list[str]) -> None:
        try:
            written.append(text(evaluate(scope)))
        except TemplateFailure as exc:
            raise TemplateFailure(f"line {line}: {exc}" if not str(exc).startswith("line ") else str(exc)) from exc

    return write


def _raise(exception: type[Exception]) -> Write:
    def write(scope: Scope, written: list[str]) -> None:
        raise exception

    return write


def _captured(name: str, body: Write) -> Write:
    def write(scope: Scope, written: list[str]) -> None:
        inner: list[str] = []
        body(scope, inner)
        scope.variables[name] = "".join(inner)

    return write


def _unless_last(separator: Write, name: str) -> Write:
    def write(scope: Scope, written: list[str]) -> None:
        loop = scope.loop(name)
        if loop is not None and loop.index + 1 < loop.size:
            separator(scope, written)

    return write


def _items(value: Any, pairs: bool) -> Sequence[Any]:
    if value is MISSING:
        raise TemplateFailure("<#list> of a value that is missing")
    if isinstance(value, Mapping) and pairs:
        return list(value.items())
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence) or pairs:
        raise TemplateFailure("<#list> needs a sequence" if not pairs else "<#list> with two variables needs a hash")
    return value


def _loop(scope: Scope, written: list[str], name: str, second: str | None, items: Sequence[Any], body: Write) -> None:
    loop = Loop(name, None, 0, len(items))
    other = Loop(second or "", None, 0, len(items))
    scope.loops += [loop, other]
    try:
        for index, item in enumerate(items):
            scope.steps += 1
            if scope.steps > MAX_STEPS:
                raise TemplateFailure(f"its loops go round more than {MAX_STEPS} times")
            loop.index = other.index = index
            loop.value, other.value = item if second else (item, None)
            try:
                body(scope, written)
            except Continue:
                continue
            except Break:
                break
    finally:
        del scope.loops[-2:]
