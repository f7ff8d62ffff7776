"""``<enableAddressing>``: an endpoint whose back-end reads WS-Addressing headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediation.errors import GrammarError
from mediation.grammar import find
from mediation.message import MessageContext
from mediation.payloads.addressing import FINAL, SUBMISSION, Addressing, write_addressing
from mediation.properties import OUT_ONLY, is_true

if TYPE_CHECKING:
    from lxml import etree

    from mediation.compiler import Compiler

VERSIONS = {"final": FINAL, "submission": SUBMISSION}


def is_soap(ctx: MessageContext, format_: str | None) -> bool:
    """Whether an endpoint of this format sends the message as SOAP."""
    return format_ in ("soap11", "soap12") or (format_ is None and ctx.soap_media_type is not None)


def with_addressing(ctx: MessageContext, uri: str, format_: str | None, namespace: str) -> MessageContext:
    """
    A copy of a SOAP message with addressing headers for this back-end; a message that is not SOAP is itself.

    Raises:
        PayloadError: the body is not what its content type says.
    """
    if not is_soap(ctx, format_):
        return ctx
    nobody = is_true(ctx.get(OUT_ONLY))
    anonymous = f"{namespace}/anonymous" if namespace == FINAL else f"{namespace}/role/anonymous"
    # WS-Addressing 1.0 Core 3.1: "none" where no reply is wanted; the submission has no such address.
    reply_to = anonymous if not nobody else f"{namespace}/none" if namespace == FINAL else None
    said = Addressing(
        to=uri,
        from_=ctx.from_,
        reply_to=ctx.reply_to or reply_to,
        fault_to=ctx.fault_to,
        relates_to=ctx.relates_to,
        action=ctx.action or None,
        message_id=ctx.message_id,
    )
    copy = ctx.copy()
    copy.message_id = ctx.message_id
    write_addressing(copy.payload, said, namespace)
    return copy


def read_enable_addressing(element: etree._Element, compiler: Compiler) -> str | None:
    """
    The namespace of the headers that the endpoint's ``<enableAddressing>`` wants, if it has one.

    Raises:
        GrammarError: there is no such version.
    """
    found = find(element, "enableAddressing")
    if found is None:
        return None
    version = found.get("version") or "final"
    if version not in VERSIONS:
        raise GrammarError.choice("enableAddressing", "version", version, VERSIONS, found.sourceline)
    if found.get("separateListener") == "true":
        compiler.warning("separateListener has no effect: replies come over the connection of the request", found)
    return VERSIONS[version]
