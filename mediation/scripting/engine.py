"""
Running scripts, with limits.

::

    script = Script.compile(text, function=None)
    result = await script.run(ctx)
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import quickjs
from lxml import etree

from mediation.child_processes import ChildError, ChildPool
from mediation.errors import MediationError, Needs, NotRunnable, PayloadError, XmlError
from mediation.expressions.results import string_value
from mediation.log_text import one_line
from mediation.options import Options
from mediation.payloads.xml import parse_xml, to_text

from .e4x import E4xError, translate

if TYPE_CHECKING:
    from mediation.message import MessageContext

WORKER: Final = (sys.executable, "-I", str(Path(__file__).parent / "worker.py"))
_XML: Final = re.compile(r"PayloadXML|\bmc\s*\[")
_JSON: Final = re.compile(r"PayloadJSON|PayloadText|JsonText|\bmc\s*\[")
_ENVELOPE: Final = re.compile(r"EnvelopeXML|isSOAP1|isDoing|\bmc\s*\[")
_SCOPES: Final = ("default", "axis2", "operation", "transport")
_ADDRESSES: Final = ("to", "from_", "reply_to", "fault_to", "action", "message_id")
_LEVELS: Final = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR")}

logger = logging.getLogger("mediation.script")


class ScriptError(Exception):
    """
    The script cannot be compiled, or failed.

    Args:
        reason: as the script engine says it.
        line: 1-based line in the script, if known.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Limits:
    """Of every script of the process."""

    seconds: float
    memory: int


class Engine:
    """The pool of workers of this process; they start with the first script."""

    def __init__(self) -> None:
        self._pool: ChildPool | None = None
        self._limits = Limits(0, 0)

    async def call(self, script: dict[str, Any], snapshot: str, arguments: str) -> dict[str, Any]:
        """
        Raises:
            ScriptError: it failed, or was stopped.
        """
        if self._pool is None:
            options = Options.from_settings()
            self._pool = ChildPool(WORKER, size=options.script_workers)
            self._limits = Limits(options.script_seconds, options.script_memory_bytes)
        request = {
            "script": {**script, "memory": self._limits.memory},
            "snapshot": snapshot,
            "arguments": arguments,
            "seconds": self._limits.seconds,
        }
        try:
            # The engine's own limit counts processor time and comes first; the other one holds whatever happens.
            answer = await self._pool.call(json.dumps(request).encode(), seconds=2 * self._limits.seconds + 5)
        except ChildError as exc:
            raise ScriptError(str(exc)) from exc
        found: dict[str, Any] = json.loads(answer)
        for level, text in found["log"]:
            logger.log(_LEVELS[level], "%s", one_line(text))
        if "error" in found:
            raise ScriptError(found["error"], found["line"])
        return found

    async def aclose(self) -> None:
        """End the workers; the next script starts new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()


ENGINE: Final = Engine()


@dataclass(frozen=True, slots=True)
class Script:
    """
    A compiled script. Shared by all messages.

    Attributes:
        wire: what a worker is told about it.
        reads_xml: whether it asks for the body as XML; likewise the others.
    """

    wire: dict[str, Any]
    reads_xml: bool
    reads_json: bool
    reads_envelope: bool

    @classmethod
    def compile(cls, text: str, *, function: str | None = None, includes: Iterable[str] = ()) -> Script:
        """
        Args:
            function: that is called with the message; without one the text itself is run.
            includes: scripts that are loaded first.

        Raises:
            ScriptError: not JavaScript.
            NotRunnable: it uses Java.
        """
        sources = [*includes, text]
        whole = "\n".join(sources)
        plain = [_plain(source) for source in sources]
        inline = plain.pop() if function is None else None
        key = hashlib.sha256(json.dumps([plain, inline, function]).encode()).hexdigest()
        return cls(
            {"id": key, "sources": plain, "inline": inline, "function": function},
            _XML.search(whole) is not None,
            _JSON.search(whole) is not None,
            _ENVELOPE.search(whole) is not None,
        )

    async def run(self, ctx: MessageContext, arguments: Iterable[Any] = ()) -> Any:
        """
        Run it on a message, which has the changes afterwards.

        Returns:
            What the script gave: a truth value, number, text, JSON value, an element, or ``None``.

        Raises:
            ScriptError: it failed, or was stopped at a limit; the message is as it was.
            MediationError: it made something that is no message.
        """
        answer = await ENGINE.call(self.wire, json.dumps(self._snapshot(ctx)), json.dumps(list(arguments)))
        for name, *details in answer["changes"]:
            _CHANGES[name](ctx, *details)
        return _value(answer["result"])

    def _snapshot(self, ctx: MessageContext) -> dict[str, Any]:
        snapshot: dict[str, Any] = {
            "xml": None,
            "json": "",
            "envelope": None,
            "soap": None,
            "response": ctx.is_response,
            "addresses": {name: getattr(ctx, name) for name in _ADDRESSES},
            "properties": {
                "default": _plain_values(ctx.properties),
                "axis2": _plain_values(ctx.axis2),
                "operation": _plain_values(ctx.operation),
                "transport": dict(ctx.headers.items()),
            },
            "variables": _plain_values(ctx.variables),
            "errors": {},
        }
        payload, errors = ctx.payload, snapshot["errors"]
        try:
            if self.reads_xml:
                child = payload.first_child
                snapshot["xml"] = None if child is None else to_text(child)
            if self.reads_envelope:
                snapshot["soap"] = payload.soap_version
                snapshot["envelope"] = to_text(payload.envelope)
        except PayloadError as exc:
            errors["xml"] = errors["envelope"] = str(exc)
        try:
            if self.reads_json:
                snapshot["json"] = payload.json_text()
        except PayloadError as exc:
            errors["json"] = str(exc)
        return snapshot


def _plain(source: str) -> str:
    try:
        translation = translate(source)
    except E4xError as exc:
        raise ScriptError(str(exc)) from exc
    if translation.java:
        what = f"a script that uses Java ({translation.java[0]})"
        raise NotRunnable(what, "write that part in plain JavaScript", needs=Needs.JAVA)
    _check_syntax(translation.text)
    return translation.text


def _check_syntax(source: str) -> None:
    """Read it without running it."""
    context = quickjs.Context()
    context.set("source", source)
    try:
        context.eval("void new Function(source)")
    except quickjs.JSException as exc:
        reason, _, trace = str(exc).partition("\n")
        place = re.search(r"<input>:(\d+)", trace)
        # Two lines go before the text in the function that is made of it.
        raise ScriptError(reason, max(1, int(place[1]) - 2) if place else None) from exc


def _plain_values(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if _is_plain(value) else string_value(value)
        for name, value in values.items()
        if not isinstance(value, Exception)
    }


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)  # JSON has no other
    return value is None or isinstance(value, str | int)


# -- what comes back


def _value(sent: dict[str, Any] | None) -> Any:
    if sent is None:
        return None
    if "xml" in sent:
        return _element(sent["xml"])
    return json.loads(sent["json"]) if "json" in sent else sent["value"]


def _stored(sent: dict[str, Any]) -> Any:
    """As a property: XML as an element, an object as JSON text."""
    if "xml" in sent:
        return _element(sent["xml"])
    value = sent["json"] if "json" in sent else sent["value"]
    # JavaScript has one kind of number.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _element(text: str) -> etree._Element | str:
    try:
        return parse_xml(text)
    except XmlError:
        return text  # text, or several elements


def _set_xml(ctx: MessageContext, text: str) -> None:
    if not text.strip():
        ctx.payload.clear()
        return
    found = _element(text)
    if isinstance(found, str):
        raise MediationError(f"the script made a body that is not XML: {text[:100]}")
    ctx.payload.replace_body(found)
    if ctx.payload.is_json or ctx.payload.media_type is None:
        ctx.payload.content_type = "application/xml"


def _set_json(ctx: MessageContext, text: str) -> None:
    ctx.payload.replace_json(text)
    ctx.set("messageType", "application/json", "axis2")


def _set_text(ctx: MessageContext, text: str) -> None:
    ctx.payload.replace_text(text)
    ctx.set("messageType", "text/plain", "axis2")


def _set_property(ctx: MessageContext, name: str, sent: dict[str, Any], scope: str) -> None:
    if scope not in _SCOPES and scope != "axis2-client":
        raise MediationError(f'a script sets the property "{name}" in the scope "{scope}", which there is not')
    ctx.set(name, _stored(sent), scope)


def _set_variable(ctx: MessageContext, name: str, sent: dict[str, Any]) -> None:
    ctx.variables[name] = _value(sent)


def _no_variable(ctx: MessageContext, name: str) -> None:
    ctx.variables.pop(name, None)


def _set_address(ctx: MessageContext, name: str, text: str) -> None:
    setattr(ctx, name, text)


def _set_response(ctx: MessageContext, response: bool) -> None:
    ctx.is_response = response


def _add_header(ctx: MessageContext, must_understand: bool, text: str) -> None:
    block = _element(text)
    if isinstance(block, str):
        raise MediationError(f"the script adds a SOAP header that is not XML: {text[:100]}")
    envelope = ctx.payload.envelope
    namespace = etree.QName(envelope).namespace
    header = ctx.payload.header
    if header is None:
        header = etree.Element(f"{{{namespace}}}Header")
        envelope.insert(0, header)
    if must_understand:
        block.set(f"{{{namespace}}}mustUnderstand", "1")
    header.append(block)
    ctx.payload.changed()


def _remove(ctx: MessageContext, name: str, scope: str) -> None:
    ctx.remove(name, scope)


_CHANGES: Final[dict[str, Callable[..., None]]] = {
    "xml": _set_xml,
    "json": _set_json,
    "text": _set_text,
    "set": _set_property,
    "remove": _remove,
    "variable": _set_variable,
    "no variable": _no_variable,
    "header": _add_header,
    "address": _set_address,
    "response": _set_response,
}
