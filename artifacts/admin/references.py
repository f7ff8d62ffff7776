"""What an artifact uses, what uses it, and what there is to say about that."""

from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from django.urls import reverse

from artifacts.lint import CONNECTOR, lint, operation_keys
from artifacts.models import ARTIFACT_MODELS, Artifact, KeptArtifact, Template, TransportParameter
from artifacts.registry import RESOURCE, registry_directory
from artifacts.store import find_artifact
from mediation.compiler import Compilation, compile_artifact
from mediation.defaults import DEFAULTS
from mediation.findings import Finding
from mediation.payloads.xml import parse_xml

_MOST_CANDIDATES: Final = 500


class Known(Container[tuple[str, str]]):
    """Kind and name of every artifact that is deployed; each kind is read when it is first asked for."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._models = {model.kind: model for model in ARTIFACT_MODELS if model is not KeptArtifact}

    def __contains__(self, key: object) -> bool:
        kind, name = key  # type: ignore[misc]
        if kind == RESOURCE and kind not in self._names:
            self._names[kind] = set(registry_directory().stamps())
        if kind == CONNECTOR and kind not in self._names:
            templates = Template.objects.filter(serving_version__isnull=False, name__contains=".")
            keys = operation_keys((Template.kind, each) for each in templates.values_list("name", flat=True))
            self._names[kind] = {operation for _, operation in keys}
        if kind not in self._names:
            model = self._models.get(kind)
            deployed = () if model is None else model.objects.filter(serving_version__isnull=False)
            self._names[kind] = set(deployed.values_list("name", flat=True)) if deployed else set()
        return name in self._names[kind]


class Use(NamedTuple):
    """One end of a reference; ``url`` is empty when there is nothing to link to."""

    kind: str
    name: str
    url: str
    missing: bool = False


@lru_cache(maxsize=1000)
def compiled(xml: str) -> Compilation:
    """Lists and pages compile the same texts again and again."""
    return compile_artifact(parse_xml(xml))


def lint_rows(rows: Iterable[Artifact]) -> dict[int, list[Finding]]:
    """What lint says about these rows, by primary key. All are of one model."""
    listed = list(rows)
    found = lint([compiled(row.xml) for row in listed], Known())
    return {row.pk: found.get((row.kind, row.name), []) for row in listed}


def uses(row: Artifact) -> list[Use]:
    """What the artifact refers to."""
    return [_use(kind, name) for kind, name in _references(row)]


def used_by(row: Artifact) -> list[Use]:
    """Artifacts and transports that refer to this one."""
    found = [
        Use(other._meta.verbose_name or other.kind, other.name, change_url(other))
        for other in _candidates(row)
        if other != row and any(_is_meant(row, *reference) for reference in _references(other))
    ]
    parameters = TransportParameter.objects.filter(value=row.name, name__endswith="sequence").select_related("sender")
    for parameter in parameters if row.kind == "sequence" else ():
        url = reverse("admin:artifacts_transportsender_change", args=[parameter.sender_id])
        found.append(Use("transport", parameter.sender.scheme, url))
    return found


def change_url(row: Artifact) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _references(row: Artifact) -> Iterable[tuple[str, str]]:
    """Kinds and names, each once, in their order."""
    return dict.fromkeys((reference.kind, reference.name) for reference in compiled(row.xml).references)


def _use(kind: str, name: str) -> Use:
    row = find_artifact(kind, name) or find_artifact("localEntry", name)
    if kind == CONNECTOR:
        row = Template.objects.filter(name__endswith=f".{name}").order_by("name").first()
    if row is not None:
        return Use(row._meta.verbose_name or kind, name, change_url(row))
    word = {"localEntry": "local entry"}.get(kind, kind)
    is_default = kind == "sequence" and name in DEFAULTS
    return Use(f"default {word}" if is_default else word, name, "", missing=not is_default)


def _candidates(row: Artifact) -> Iterator[Artifact]:
    """Rows whose text contains the name; a name with special characters stands there escaped."""
    for model in ARTIFACT_MODELS:
        yield from model.objects.filter(xml__contains=escape(row.name)).order_by("name")[:_MOST_CANDIDATES]


def _is_meant(row: Artifact, kind: str, name: str) -> bool:
    # A local entry may hold a sequence or an endpoint, and is found under its key.
    return name == row.name and row.kind in (kind, "localEntry")
