"""APIs of texts, and requests to them."""

from __future__ import annotations

from mediation.api import ApiRequest, ApiTable, Cors, DirectAnswer, Dispatched
from mediation.headers import Headers
from mediation.payloads.xml import SYNAPSE_NS
from tests.mediation.support import DictEnvironment


def api(resources: str = "<resource/>", context: str = "/a", name: str = "a", more: str = "") -> str:
    return f'<api xmlns="{SYNAPSE_NS}" name="{name}" context="{context}" {more}>{resources}</api>'


def resource(attributes: str = "", inside: str = "<inSequence/>") -> str:
    return f"<resource {attributes}>{inside}</resource>"


def find(
    path: str, *artifacts: str, method: str = "GET", scheme: str = "http", cors: Cors | None = None, **headers: str
) -> Dispatched | DirectAnswer | None:
    """Where a request goes; ``headers`` with underscores for hyphens."""
    table = ApiTable(DictEnvironment(*artifacts), cors or Cors())
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return table.find(ApiRequest(method, path, scheme, fields, fields.get("caller") or "default"))


def properties(path: str, *artifacts: str, **request: str) -> dict[str, object]:
    found = find(path, *artifacts, **request)
    assert isinstance(found, Dispatched), found
    return found.properties


def chosen(path: str, *artifacts: str, **request: str) -> str | int | None:
    """The name of the in sequence that gets the request, or the status of a direct answer."""
    found = find(path, *artifacts, **request)
    if found is None:
        return None
    return found.status if isinstance(found, DirectAnswer) else getattr(found.service.in_sequence, "name", None)
