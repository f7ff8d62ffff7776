"""
The only way that the configuration is written; the admin, the import and the commands all come through here.

::

    saved = save_artifact('<sequence name="s" xmlns="http://ws.apache.org/ns/synapse"><drop/></sequence>')
    saved.outcome, saved.row.state, saved.compilation.warnings
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.db import transaction
from lxml import etree

from mediation.compiler import Compilation, compile_artifact
from mediation.errors import GrammarError
from mediation.payloads.xml import parse_xml

from .models import ARTIFACT_MODELS, Artifact, KeptArtifact, State, TransportParameter, TransportSender
from .synapse_xml import identity, same_xml

Outcome = Literal["created", "changed", "unchanged"]

RUNNING: Final = (State.DEPLOYED, State.SUSPENDED)

_MODELS: Final = {model.kind: model for model in ARTIFACT_MODELS if model is not KeptArtifact}


@dataclass(frozen=True)
class Saved:
    """
    What came of a save.

    Attributes:
        outcome: ``unchanged`` when the stored text says the same; then nothing was written.
        compilation: of the given text; its lines are those of the text.
    """

    outcome: Outcome
    row: Artifact
    compilation: Compilation


def model_for(kind: str) -> type[Artifact]:
    """The model whose rows hold artifacts of this kind."""
    return _MODELS.get(kind, KeptArtifact)


def find_artifact(kind: str, name: str) -> Artifact | None:
    model = model_for(kind)
    rows = model._default_manager.filter(name=name)
    return (rows.filter(kind=kind) if model is KeptArtifact else rows).first()


def all_artifacts() -> Iterator[Artifact]:
    """Every stored artifact, by kind and name; what is used comes before what uses it."""
    for model in ARTIFACT_MODELS:
        yield from model._default_manager.iterator()


def save_artifact(
    xml: str,
    *,
    element: etree._Element | None = None,
    row: Artifact | None = None,
    source: str = "",
    user: Any = None,
    reason: str = "",
) -> Saved:
    """
    Store an artifact, in place of the one of its kind and name if there is one.

    An artifact with mistakes is stored as faulty, and its last good version goes on being served. Line ends are stored
    as line feeds.

    Args:
        xml: the whole artifact, with the comments and the XML declaration around it.
        element: the root element, if ``xml`` has been parsed already.
        row: the artifact to change, for a text that may give it another name.
        source: the file that it came from.
        user: who is named in the history; by default who sent the request, if there is one.
        reason: of the change, for the history.

    Raises:
        XmlError: it is not well-formed.
        GrammarError: it is no artifact or has no name; or ``row`` is of another kind, or cannot have this name.
    """
    xml = xml.replace("\r\n", "\n")
    element = parse_xml(xml) if element is None else element
    kind, name = identity(element)
    with transaction.atomic():
        namesake = find_artifact(kind, name)
        if row is None:
            row = namesake
        elif namesake is not None and namesake.pk != row.pk:
            raise GrammarError(f'there is another <{kind}> with the name "{name}"', element.sourceline)
        if row is not None and same_xml(row.xml, xml):
            if row.state not in RUNNING:
                row.recheck()  # what it waited for, such as a key store, may be there by now
            return Saved("unchanged", row, compile_artifact(element))
        outcome: Outcome = "created" if row is None else "changed"
        row = model_for(kind)() if row is None else row
        row.xml = xml
        row.source = source or row.source
        _sign(row, user, reason)
        row.save()
    return Saved(outcome, row, row.compilation)


def delete_artifact(row: Artifact, user: Any = None, reason: str = "") -> None:
    _sign(row, user, reason)
    row.delete()


def recheck() -> int:
    """
    Compile again what could not be deployed, for a product that can do more than the one that stored it.

    Returns:
        How many artifacts are deployed now that were not.
    """
    deployed = 0
    with transaction.atomic():
        for model in ARTIFACT_MODELS:
            for row in model._default_manager.exclude(state__in=RUNNING):
                deployed += row.recheck() and row.state in RUNNING
    return deployed


def transport_parameters(scheme: str) -> dict[str, str]:
    """The parameters of the transport sender; empty if there are none."""
    return dict(TransportParameter.objects.filter(sender__scheme=scheme).values_list("name", "value"))


def set_transport_parameters(scheme: str, parameters: Mapping[str, str], *, replace: bool) -> Outcome:
    """
    Set parameters of the transport sender for ``scheme``, which is created if there is none.

    Args:
        replace: remove the parameters that are not given; otherwise they stay.

    Raises:
        ValueError: there is no transport for this scheme.
    """
    if scheme not in TransportSender.Scheme.values:
        raise ValueError(f'no transport sends to "{scheme}"')
    with transaction.atomic():
        sender, created = TransportSender.objects.get_or_create(scheme=scheme)
        before = transport_parameters(scheme)
        for name, value in parameters.items():
            if before.get(name) != value:
                TransportParameter.objects.update_or_create(sender=sender, name=name, defaults={"value": value})
        if replace:
            sender.parameters.exclude(name__in=parameters).delete()
        changed = transport_parameters(scheme) != before
    return "created" if created else "changed" if changed else "unchanged"


def _sign(row: Artifact, user: Any, reason: str) -> None:
    """Say to the history who changed the row, and why."""
    if user is not None:
        row._history_user = user
    if reason:
        row._change_reason = reason
