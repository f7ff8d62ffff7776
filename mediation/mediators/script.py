"""``<script>``: JavaScript on the message."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from mediation import grammar
from mediation.arguments import Inputs
from mediation.errors import GrammarError, MediationError, Needs, NotRunnable
from mediation.expressions import Value
from mediation.grammar import Mediator, Node, mediator, node
from mediation.scripting.engine import Script, ScriptError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mediation.message import MessageContext

JAVASCRIPT: Final = frozenset({"js", "rhinoJs", "nashornJs", "graalJs", "javascript", "ecmascript"})

logger = logging.getLogger(__name__)


@node("include")
class Include(Node):
    """A script of a local entry or of the registry that is loaded first."""

    key: Value = grammar.value("key", required=True, refers="localEntry")


@mediator("script")
class ScriptMediator(Mediator):
    """
    Run JavaScript, which sees the message as ``mc``.

    ::

        <script language="js"><![CDATA[
            var symbol = mc.getPayloadXML()..*::Code.toString();
            mc.setPayloadXML(<m:getQuote xmlns:m="urn:x"><m:symbol>{symbol}</m:symbol></m:getQuote>);
        ]]></script>
        <script language="js" key="conf:/scripts/transform.js" function="transform"/>

    The flow ends if the script gives ``false``. Scripts run in processes of their own, which know no file, network or
    Java, within the limits ``ESB_SCRIPT_SECONDS`` and ``ESB_SCRIPT_MEMORY_BYTES``; the functions of ``mc`` are in
    ``docs/compatibility.md`` (scripts). A script that fails leaves the message as it was.
    """

    language: str = grammar.attribute(name="language")
    key: Value | None = grammar.value("key", refers="localEntry")
    function: str | None = grammar.attribute(None, name="function")
    target: str | None = grammar.attribute(None, name="target", choices=("body", "variable", "none"))
    target_variable: str | None = grammar.attribute(None, name="target-variable")
    includes: tuple[Include, ...] = grammar.children("include", Include)
    inputs: Inputs | None = grammar.child("inputs", Inputs)
    text: str | None = grammar.text()

    def check(self) -> None:
        if self.language not in JAVASCRIPT:
            raise NotRunnable(f'<script language="{self.language}">', "write it in JavaScript", needs=Needs.JAVA)
        if self.function is not None and self.key is None:
            raise GrammarError("Cannot use 'function' attribute without 'key' attribute for a script")
        if self.target == "variable" and not self.target_variable:
            raise GrammarError('<script target="variable"> needs the attribute "target-variable"')
        if self.key is None and not self.includes:
            try:
                _compiled(self.text or "", None, ())
            except ScriptError as exc:
                line = None if exc.line is None or self.line is None else self.line + exc.line - 1
                raise GrammarError(f"the script cannot be compiled: {exc.reason}", line) from exc

    def mediate(self, ctx: MessageContext) -> Coroutine[Any, Any, bool]:
        return self._run(ctx)

    async def _run(self, ctx: MessageContext) -> bool:
        key = None if self.key is None else self.key.string(ctx)
        try:
            includes = tuple(_source(ctx, include.key.string(ctx)) for include in self.includes)
            if self.key is None:
                script = _compiled(self.text or "", None, includes)
            else:
                script = _compiled(_source(ctx, key), self.function or "mediate", includes)
            arguments = [] if self.inputs is None else self.inputs.evaluate(ctx)
            result = await script.run(ctx, arguments)
        except ScriptError as exc:
            what = "inlined js script" if key is None else f"external js script : {key}"
            where = f" function {self.function or 'mediate'}" if key is not None else " function mediate"
            raise MediationError(
                f"The script engine returned an error executing the {what}{where}: {exc}", detail=str(exc)
            ) from exc
        except NotRunnable as exc:
            raise MediationError(exc.message) from exc
        if self.target is not None:
            self._put(ctx, result)
            return True
        return result is not False

    def _put(self, ctx: MessageContext, result: Any) -> None:
        if self.target == "variable":
            assert self.target_variable is not None
            ctx.variables[self.target_variable] = result
        elif self.target == "body":
            if isinstance(result, etree._Element):
                ctx.payload.replace_body(result)
            elif isinstance(result, str) and not result.lstrip().startswith(("{", "[")):
                ctx.payload.replace_text(result)
            else:
                ctx.payload.replace_json(result)
                ctx.set("messageType", "application/json", "axis2")


@lru_cache(maxsize=256)
def _compiled(text: str, function: str | None, includes: tuple[str, ...]) -> Script:
    return Script.compile(text, function=function, includes=includes)


def _source(ctx: MessageContext, key: str | None) -> str:
    """The text of an entry; an element's text, for scripts that are wrapped in one."""
    entry = ctx.environment.local_entry(key or "")
    if entry is None:
        raise MediationError(f"Cannot find an object for the key [{key}]")
    return entry.value if isinstance(entry.value, str) else "".join(str(text) for text in entry.value.itertext())
