"""What to use in place of mediators that do not run here, and why they do not."""

from __future__ import annotations

from typing import Final, NamedTuple

from mediation.errors import Needs


class Alternative(NamedTuple):
    """
    Attributes:
        needs: what the mediator would need.
        hint: what to use instead, as part of a sentence.
    """

    needs: Needs
    hint: str


_PYTHON: Final = Alternative(Needs.JAVA, "use <class> with a Python class")
_EVENTS: Final = Alternative(Needs.JAVA, "send the event with <call> to a server that collects events")

ALTERNATIVES: Final[dict[str, Alternative]] = {
    "annotatedCommand": _PYTHON,
    "bam": _EVENTS,
    "bean": _PYTHON,
    "datamapper": Alternative(Needs.JAVA, "use <payloadFactory>, <script> or <xslt>"),
    "dataServiceCall": Alternative(Needs.JAVA, "use <dblookup> or <dbreport>"),
    "detach": Alternative(Needs.NOTHING, "use <enrich>"),
    "ejb": _PYTHON,
    "entitlementService": Alternative(Needs.JAVA, "ask the policy server with <call>, and decide with <filter>"),
    "event": Alternative(
        Needs.JAVA, "send to local:///inbound/NAME, which reaches all clients of a WebSocket endpoint"
    ),
    "eventPublisher": _EVENTS,
    "kerberosService": Alternative(Needs.JAVA, "let a proxy in front of the server authenticate clients"),
    "NTLM": Alternative(Needs.JAVA, "let a proxy in front of the back-end authenticate"),
    "oauthService": Alternative(Needs.JAVA, "ask the authorization server with <call>, and decide with <filter>"),
    "opa": Alternative(Needs.NOTHING, "ask the policy server with <call>, and decide with <filter>"),
    "pojoCommand": _PYTHON,
    "publishEvent": _EVENTS,
    "replace": Alternative(Needs.NOTHING, "use <enrich>"),
    "RMSequence": Alternative(Needs.JAVA, "use <store> and a message processor, which delivers in order"),
    "rule": Alternative(Needs.JAVA, "use <switch>, <filter> or <script>"),
    "sampler": Alternative(Needs.NOTHING, "use <store> and a sampling message processor"),
    "smooks": Alternative(Needs.JAVA, "use <xslt> or <script>"),
    "spring": _PYTHON,
}
"""By element name."""
