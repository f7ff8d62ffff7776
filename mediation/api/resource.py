"""``<resource>`` of an API: what it takes, and what it does with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from mediation import grammar
from mediation.access import AccessRules
from mediation.errors import GrammarError, MediationError
from mediation.expressions import Pattern, compile_regex
from mediation.flow import Outcome, Step
from mediation.grammar import Node, node
from mediation.mediators.sequence import NamedSequence, SequenceMediator

from .uri_template import UriTemplate
from .url_mapping import UrlMapping

if TYPE_CHECKING:
    from mediation.endpoints import Endpoint
    from mediation.message import MessageContext

METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"})
USUAL_METHODS: Final = "GET, POST, PUT, DELETE"
"""What a resource without ``methods`` says that it takes; it takes any."""

SCHEMES: Final = frozenset({"http", "https"})


def _methods(text: str) -> tuple[str, ...]:
    """Converter: HTTP methods, separated by blanks."""
    methods = tuple(dict.fromkeys(text.split()))
    if not METHODS.issuperset(methods):
        raise GrammarError("Invalid or duplicate method definition for resource")
    return methods


def schemes(text: str) -> frozenset[str]:
    """
    Converter: ``http`` or ``https``.

    Raises:
        GrammarError: neither.
    """
    if text and text not in SCHEMES:
        raise GrammarError(f"Invalid protocol name: {text}")
    return frozenset({text}) if text else SCHEMES


def names(text: str) -> frozenset[str]:
    """Converter: names, separated by commas."""
    return frozenset(filter(None, (name.strip() for name in text.split(","))))


def _content_type(text: str) -> str | None:
    """Converter: a content type."""
    if text and text.count("/") != 1:
        raise GrammarError(f"Invalid content type: {text}")
    return text or None


def _uri_template(text: str) -> UriTemplate | None:
    """Converter: a URI template (RFC 6570)."""
    return UriTemplate(text) if text else None


def _url_mapping(text: str) -> UrlMapping | None:
    """Converter: ``/path``, ``/path/*`` or ``*.extension``."""
    return UrlMapping(text) if text else None


def _user_agent(text: str) -> Pattern | None:
    """Converter: a regular expression."""
    return compile_regex(text) if text else None


@node("resource")
class Resource(Node):
    """
    One resource of an API.

    ::

        <resource methods="GET" uri-template="/orders/{id}">
            <inSequence>...</inSequence>
        </resource>

    ``url-mapping`` counts before ``uri-template``; without either it is the API's default. A name in an attribute goes
    before an inline sequence.
    """

    methods: tuple[str, ...] = grammar.attribute((), name="methods", convert=_methods)
    uri_template: UriTemplate | None = grammar.attribute(None, name="uri-template", convert=_uri_template)
    url_mapping: UrlMapping | None = grammar.attribute(None, name="url-mapping", convert=_url_mapping)
    schemes: frozenset[str] = grammar.attribute(SCHEMES, name="protocol", convert=schemes)
    content_type: str | None = grammar.attribute(None, name="content-type", convert=_content_type)
    user_agent: Pattern | None = grammar.attribute(None, name="user-agent", convert=_user_agent)
    binds_to: frozenset[str] | None = grammar.attribute(None, name="binds-to", convert=names)
    in_sequence_name: str | None = grammar.sequence_name("inSequence")
    out_sequence_name: str | None = grammar.sequence_name("outSequence")
    fault_sequence_name: str | None = grammar.sequence_name("faultSequence")
    in_sequence: SequenceMediator | None = grammar.child("inSequence", SequenceMediator)
    out_sequence: SequenceMediator | None = grammar.child("outSequence", SequenceMediator)
    fault_sequence: SequenceMediator | None = grammar.child("faultSequence", SequenceMediator)

    @property
    def mapping(self) -> str | None:
        """What it is found by, as text; ``None`` for the default resource."""
        if self.url_mapping is not None:
            return self.url_mapping.text
        return None if self.uri_template is None else self.uri_template.text

    @property
    def is_default(self) -> bool:
        return self.url_mapping is None and self.uri_template is None

    @property
    def allowed(self) -> str:
        """Its methods, for the field ``Allow``."""
        return ", ".join(method for method in self.methods if method != "OPTIONS") or USUAL_METHODS

    def service(self, name: str, context: str, access: AccessRules) -> ApiService:
        """
        What messages of this resource run through.

        Args:
            name: of its API, with the version.
            access: likewise.
        """
        return ApiService(
            name,
            context,
            in_sequence=_sequence(self.in_sequence_name, self.in_sequence),
            out_sequence=_sequence(self.out_sequence_name, self.out_sequence),
            fault_sequence=NamedSequence(self.fault_sequence_name, "fault")
            if self.fault_sequence_name or self.fault_sequence is None
            else self.fault_sequence,
            access=access,
        )


@dataclass(frozen=True, slots=True)
class ApiService:
    """
    A resource of an API as a service.

    Attributes:
        name: of the API, with its version.
        in_sequence: the request leg; ``None`` drops the request.
        out_sequence: the response leg of a ``<send>``; ``None`` passes the answer straight to the client.
        fault_sequence: runs when either leg fails.
        access: who may call it.
    """

    name: str
    context: str
    in_sequence: Step | None
    out_sequence: Step | None
    fault_sequence: Step
    access: AccessRules
    endpoint: ClassVar[Endpoint | None] = None

    @property
    def label(self) -> str:
        """For log lines."""
        return f"api:{self.name}"

    @property
    def caption(self) -> str:
        """How the warning of a second answer names it."""
        return f"Rest API Context : {self.context}"


def _sequence(name: str | None, inline: SequenceMediator | None) -> Step | None:
    return ResourceSequence(name) if name else inline


class ResourceSequence:
    """A sequence that an attribute of a resource names. Unlike that of a proxy service it has no stand-in."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def mediate(self, ctx: MessageContext) -> Outcome:
        sequence = ctx.environment.sequence(self.name)
        if sequence is None:
            raise MediationError(f"Specified sequence: {self.name} cannot be found")
        return sequence.mediate(ctx)
