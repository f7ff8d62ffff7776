"""The body of a message."""

from __future__ import annotations

import copy
import re
from typing import Any, Final

from lxml import etree

from mediation.errors import PayloadError

from . import media_types
from .builders import binary_wrapper, build, is_known, text_wrapper
from .formatters import encode, format_body
from .json_text import dumps, glance, loads
from .json_xml import json_to_xml, xml_to_json
from .media_types import decode, is_binary_type, is_json_type, is_xml_type, media_type
from .related import RELATED, Attachment, Packaging, write_package
from .soap import (
    SoapVersion,
    body_of,
    empty_envelope,
    envelope_version,
    first_element,
    header_of,
    in_version,
    is_fault,
    wrap,
)
from .xml import SOAP11_NS, SOAP12_NS, to_text

_DECLARATION: Final = re.compile(r"\ufeff?<\?xml\s[^>]*\?>\s*")
_ENCODING: Final = re.compile(rb"""^[^>]{0,200}\sencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)


class Payload:
    """
    The body of one message: parsed at most once, written only when it changed.

    The language sees every body as a SOAP envelope (XML that is not SOAP is the first child of its Body), but the
    envelope is built only when somebody asks for it. Until a body is changed it leaves byte for byte as it came. A JSON
    body stays JSON text and is expanded to XML only for those who ask for XML.

    Not locked, and not shared between messages: use :meth:`copy`. Who edits :attr:`envelope` in place calls
    :meth:`changed` afterwards.

    Args:
        raw: as it came: an HTTP body, a text frame (``str``) or a binary frame (``bytes``).
        content_type: with parameters. ``None``: the body is only carried, and the language sees an empty envelope.
        is_frame: ``raw`` is a WebSocket frame, whose kind (text or binary) stays as long as it is not changed. A frame
            of a type that has no builder is only carried, too.
        guess: a text of no type is looked at when somebody asks for its content: what turns out to be JSON or XML is
            read as that, and anything else is only carried.
        wrapper: tag of the element that plain text and binary content become, in place of the usual ones.

    Attributes:
        raw: as it came; ``None`` once the body has been changed.
        content_type: what the body is, or was when it came. See :meth:`format` for what it leaves as.
        modified: whether the body is no longer the one that came.
    """

    __slots__ = (
        "_attachments",
        "_envelope",
        "_glanced",
        "_guess",
        "_json",
        "_value",
        "_version",
        "_wrapper",
        "content_type",
        "is_frame",
        "modified",
        "raw",
    )

    def __init__(
        self,
        raw: bytes | str | None = None,
        content_type: str | None = None,
        is_frame: bool = False,
        guess: bool = False,
        wrapper: str | None = None,
    ) -> None:
        self.raw = raw
        self.content_type = content_type
        self.is_frame = is_frame
        self.modified = False
        self._guess = guess
        self._wrapper = wrapper
        self._envelope: etree._Element | None = None
        self._attachments: tuple[Attachment, ...] = ()
        self._version: SoapVersion = "soap11"
        self._json: str | None = None
        self._value: Any = _UNPARSED
        self._glanced: Any = _UNPARSED

    # -- reading

    @property
    def media_type(self) -> str | None:
        """The content type in lower case and without parameters."""
        return media_type(self.content_type)

    @property
    def is_json(self) -> bool:
        """Whether there is JSON text: it came as such or was set as such, and the tree has not been changed since."""
        return self._json is not None or self._has_json_raw()

    def _has_json_raw(self) -> bool:
        return self.raw is not None and is_json_type(media_type(self.content_type)) and bool(self.raw.strip())

    @property
    def is_built(self) -> bool:
        """Whether the body has been parsed, or set by a mediator; ``False`` while it is only carried."""
        return self._envelope is not None or self._json is not None

    @property
    def envelope(self) -> etree._Element:
        """
        The SOAP envelope, built when it is first asked for.

        Raises:
            PayloadError: the body is not what its content type says.
        """
        if self._envelope is None:
            self._build()
        assert self._envelope is not None
        return self._envelope

    def _guess_type(self) -> None:
        """Decide, once, what a text of no type is."""
        self._guess = False
        if self.content_type is not None or not isinstance(self.raw, str):
            return
        start = self.raw.lstrip()[:1]
        try:
            if start in ("{", "["):
                self._value = loads(self.raw)
                self.content_type = media_types.JSON
            elif start == "<":
                self._envelope, self._version, _ = build(self.raw, media_types.XML)
                self.content_type = media_types.XML
        except PayloadError:
            pass  # it only looked like it

    def _build(self) -> None:
        if self._guess:
            self._guess_type()
            if self._envelope is not None:
                return
        if self.is_json:
            self._envelope, self._version = wrap(json_to_xml(self.json())), "pox"
        elif self._is_only_carried() or not self.raw or not self.raw.strip():
            self._set_empty()
        else:
            self._envelope, self._version, self._attachments = build(self.raw, self.content_type, self._wrapper)

    def _is_only_carried(self) -> bool:
        return self.content_type is None or (self.is_frame and not is_known(self.content_type))

    def _set_empty(self) -> None:
        is_soap12 = self.media_type == media_types.SOAP12
        self._envelope = empty_envelope(SOAP12_NS if is_soap12 else SOAP11_NS)
        if is_soap12:
            self._version = "soap12"
        else:
            self._version = "soap11" if self.media_type in (None, media_types.TEXT_XML) else "pox"

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Parts beside the XML, of a body that came as ``multipart/related``. They stay when the body is changed."""
        if self._envelope is None and self.media_type == RELATED:
            self._build()
        return self._attachments

    @property
    def body(self) -> etree._Element:
        """The Body of the envelope."""
        return body_of(self.envelope)

    @property
    def header(self) -> etree._Element | None:
        """The Header of the envelope, if it has one."""
        return header_of(self.envelope)

    @property
    def first_child(self) -> etree._Element | None:
        """The first element in the Body, if there is one."""
        return first_element(self.body)

    @property
    def soap_version(self) -> SoapVersion:
        """``soap11``, ``soap12``, or ``pox`` for what came without an envelope. Builds the envelope."""
        if self._envelope is None:
            if self.is_json:
                return "pox"
            self._build()
        return self._version

    @property
    def is_fault(self) -> bool:
        """Whether the body is a SOAP fault."""
        return not self.is_json and is_fault(self.envelope)

    def json(self) -> Any:
        """
        The body as JSON value; XML is converted. ``None`` for an empty body, too.

        The value is shared by all who ask: change a copy of it, and hand that to :meth:`replace_json`.

        Raises:
            PayloadError: not JSON, or XML that has no form in JSON.
        """
        if self._guess:
            self._guess_type()
        if not self.is_json:
            return None if self.first_child is None else loads(self.json_text())
        if self._value is _UNPARSED:
            self._value = loads(self.json_text())
        return self._value

    def json_glance(self) -> Any:
        """
        The body that :attr:`is_json` as JSON value, for looking at texts, truth values and members that are not there.

        Costs a fraction of :meth:`json`, but numbers in it are not kept as they were written.

        Raises:
            PayloadError: not JSON.
        """
        if self._value is not _UNPARSED:
            return self._value
        if self._glanced is _UNPARSED:
            text = self.raw if self._json is None else self._json
            if isinstance(text, bytes) and media_types.charset(self.content_type) not in (None, "utf-8", "UTF-8"):
                return self.json()
            try:
                self._glanced = glance(text or b"")
            except ValueError:
                return self.json()
        return self._glanced

    def json_text(self) -> str:
        """
        The body as JSON text: the text that came or was set, as it is; XML is converted; ``""`` for an empty body.

        Raises:
            PayloadError: the bytes are not text, or the XML has no form in JSON.
        """
        if self._guess:
            self._guess_type()
        if self._json is None:
            if not self._has_json_raw():
                return "" if self.first_child is None else xml_to_json(self.first_child)
            assert self.raw is not None
            self._json = decode(self.raw, self.content_type)
        return self._json

    @property
    def unread_xml(self) -> bytes | None:
        """
        What came, if it is XML (not SOAP 1.2) that nobody has looked into; ``None`` for any other body.

        The bytes are such that :func:`mediation.payloads.xml.parse_xml` reads them. Whoever transforms them elsewhere
        hands the result to :meth:`rewritten`.
        """
        raw = self.raw
        if self._envelope is not None or raw is None or self.media_type == media_types.SOAP12:
            return None
        if not is_xml_type(self.media_type) or (self.is_frame and isinstance(raw, bytes)):
            return None
        if (media_types.charset(self.content_type) or "utf-8").lower() != "utf-8":
            return None
        content = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
        return None if not content.strip() or _ENCODING.match(content) else content

    def rewritten(self, xml: bytes) -> Payload:
        """A payload of the same type that nobody has looked into, with this XML in UTF-8."""
        raw = xml.decode() if isinstance(self.raw, str) else xml
        return Payload(raw, f"{self.media_type}; charset=UTF-8", is_frame=self.is_frame)

    # -- changing

    def _change(self) -> None:
        self.raw = None
        self.modified = True
        self._json = None
        self._value = _UNPARSED
        self._glanced = _UNPARSED

    def changed(self) -> None:
        """Somebody edited the envelope in place: what came does not leave any more."""
        if self._envelope is None:
            self._build()
        self._change()

    def replace_envelope(self, envelope: etree._Element) -> None:
        """
        Put another envelope in place. The element is taken over, not copied.

        Raises:
            PayloadError: it is not a SOAP envelope with a Body.
        """
        version = envelope_version(envelope)
        if version is None:
            raise PayloadError(f"<{etree.QName(envelope).localname}> is not a SOAP Envelope")
        body_of(envelope)
        self._change()
        self._envelope, self._version = envelope, version
        self.content_type = self.content_type or (media_types.TEXT_XML if version == "soap11" else media_types.SOAP12)

    def replace_body(self, element: etree._Element | None) -> None:
        """Make the element the only content of the Body; the Header stays. The element is taken over, not copied."""
        body = self._own_envelope_body()
        for child in list(body):
            body.remove(child)
        body.text = None
        if element is not None:
            element.tail = None
            body.append(element)
        self._change()
        if self.content_type is None:
            self.content_type, self._version = media_types.XML, "pox"

    def _own_envelope_body(self) -> etree._Element:
        # A body that is about to go need not be parsed, unless it may have a SOAP header or attachments that stay.
        is_plain = not is_xml_type(self.media_type) and self.media_type != RELATED
        if self._envelope is None and (self.is_json or is_plain):
            self._set_empty()
        return self.body

    def replace_json(self, value: Any, *, keep_type: bool = False) -> None:
        """
        Make this JSON the body. A ``str`` is JSON text and is kept as it is; anything else is a JSON value.

        Args:
            keep_type: it leaves in the type that the body has, converted to that if need be.

        Raises:
            PayloadError: the text is not JSON.
        """
        text, parsed = (value, loads(value)) if isinstance(value, str) else (dumps(value), value)
        self._change()
        self._envelope = None
        self._json, self._value = text, parsed
        if not keep_type or self.content_type is None:
            self.content_type = media_types.JSON

    def replace_text(self, text: str) -> None:
        """
        Make this plain text the body.

        Raises:
            PayloadError: a character that XML does not have.
        """
        self.replace_body(text_wrapper(text))
        self.content_type, self._version = media_types.TEXT, "pox"

    def replace_binary(self, content: bytes) -> None:
        """Make these bytes the body."""
        self.replace_body(binary_wrapper(content))
        self.content_type, self._version = media_types.BINARY, "pox"

    def clear(self) -> None:
        """Empty the body; the content type stays."""
        self._change()
        self._set_empty()

    def copy(self) -> Payload:
        """A payload whose changes this one does not see. Costs a copy of the tree only if the body was changed."""
        other = Payload(self.raw, self.content_type, self.is_frame, self._guess, self._wrapper)
        other.modified = self.modified
        other._json = self._json
        other._attachments = self._attachments
        if self.raw is None and self._json is None and self._envelope is not None:
            other._envelope, other._version = copy.deepcopy(self._envelope), self._version
        return other

    def with_envelope(self, envelope: etree._Element) -> Payload:
        """Another payload of the same kind, with that envelope. The element is taken over, not copied."""
        other = Payload(None, self.content_type)
        other.modified = True
        other._envelope, other._version = envelope, self.soap_version
        return other

    # -- writing

    def _untouched(self, message_type: str | None) -> bool:
        """Whether what came can leave as it is. What is only carried leaves under any name."""
        if self.modified:
            return False
        return (
            self.raw is None
            or message_type is None
            or self.content_type is None
            or media_type(message_type) == self.media_type
        )

    def format(
        self, message_type: str | None = None, *, as_rest: bool | None = None, charset: str | None = "UTF-8"
    ) -> tuple[bytes, str]:
        """
        The body as bytes, and its Content-Type.

        Args:
            message_type: the type to leave as, by default the one that it came as.
            as_rest: write the first child of the Body instead of the envelope, where the type leaves the choice
                (``text/xml``); by default when the message is not SOAP.
            charset: of textual bodies that have to be written, and added to their Content-Type; ``None``: UTF-8 without
                saying so. A charset in ``message_type`` wins.

        Raises:
            PayloadError: the body cannot be parsed, or has no form in that type.
        """
        if self._untouched(message_type):
            fallback = media_types.TEXT if isinstance(self.raw, str) else media_types.BINARY
            content_type = self.content_type or message_type or fallback
            if isinstance(self.raw, str):
                return encode(self.raw, media_types.charset(content_type) or "utf-8"), content_type
            return self.raw or b"", content_type
        media = media_type(message_type) or self.media_type or media_types.TEXT_XML
        if media == RELATED:
            message_type, media = None, self._root_type()  # attachments leave with format_package() only
        named = media_types.charset(message_type)
        rest = as_rest if as_rest is not None else self.soap_version == "pox"
        body, parameters = format_body(self, media, rest, named or charset or "utf-8")
        content_type = message_type if message_type and not parameters else media
        content_type += "".join(f'; {name}="{value}"' for name, value in parameters.items())
        if charset is not None and named is None and not is_binary_type(media):
            content_type += f"; charset={charset}"
        return body, content_type

    def format_package(self, packaging: Packaging) -> tuple[bytes, str]:
        """
        The envelope with its attachments, and their Content-Type.

        Raises:
            PayloadError: the body cannot be parsed.
        """
        if not self.modified and self.raw is not None and self.media_type == RELATED:
            return encode(self.raw, "utf-8") if isinstance(self.raw, str) else self.raw, self.content_type or RELATED
        media = self._root_type()
        envelope = in_version(self.envelope, "soap12" if media == media_types.SOAP12 else "soap11")
        return write_package(envelope, self._attachments, packaging, media)

    def _root_type(self) -> str:
        return media_types.SOAP12 if self.soap_version == "soap12" else media_types.TEXT_XML

    def as_frame(self, message_type: str | None = None, *, as_rest: bool = True) -> str | bytes:
        """
        The body as a WebSocket frame: ``str`` for a text frame, ``bytes`` for a binary one.

        A frame that was not changed leaves as it came; anything else that is not binary leaves as text, XML without a
        declaration, and SOAP with its envelope.

        Args:
            message_type: as for :meth:`format`.
            as_rest: ``False`` puts a declaration in front of SOAP (``docs/websocket.md``, what is sent).

        Raises:
            PayloadError: as for :meth:`format`.
        """
        raw = self.raw
        if message_type is None and raw is not None and (self.is_frame or isinstance(raw, str)):
            return raw  # the way of almost every frame
        media = media_type(message_type) or self.media_type
        if self._untouched(message_type):
            if self.raw is None:
                return ""
            if isinstance(self.raw, str) or self.is_frame or media is None or is_binary_type(media):
                return self.raw
            if not is_xml_type(media):
                return decode(self.raw, self.content_type)
            if media_types.charset(self.content_type) or not _ENCODING.match(self.raw):
                return self._declared(_DECLARATION.sub("", decode(self.raw, self.content_type), count=1), as_rest)
        if is_binary_type(media):
            return self.format(message_type)[0]
        if media is None or is_xml_type(media):
            if self.soap_version != "pox":
                return self._declared(to_text(self.envelope), as_rest)
            return "" if self.first_child is None else to_text(self.first_child)
        return self.format(message_type, charset="UTF-8")[0].decode()

    def _declared(self, text: str, as_rest: bool) -> str:
        return text if as_rest else f"<?xml version='1.0' encoding='UTF-8'?>{text}"

    def __repr__(self) -> str:
        return f"<Payload {self.content_type} {'modified' if self.modified else 'as it came'}>"


_UNPARSED: Final = object()
