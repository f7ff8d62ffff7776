"""What the admin's own templates need."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from artifacts.admin.deployment import may_export, may_import
from artifacts.admin.health import Level, Serving, badge
from artifacts.admin.references import change_url
from artifacts.models import ARTIFACT_MODELS, Deployment, State

register = template.Library()

_MOST_FAULTY = 20


@register.simple_tag
def state_badge(level: Level, text: str) -> SafeString:
    return badge(level, text)


@register.inclusion_tag("artifacts/overview.html")
def overview(user: Any) -> dict[str, Any]:
    """What runs, what does not, and where to import: for the first page."""
    serving = Serving() if user.has_perm("mediation.view_servingprocess") else None
    faulty = [
        (row, change_url(row))
        for model in ARTIFACT_MODELS
        if user.has_perm(f"artifacts.view_{model._meta.model_name}")
        for row in model.objects.filter(state__in=(State.FAULTY, State.FAULTY_SERVING_OLDER))[: _MOST_FAULTY + 1]
    ]
    return {
        "generation": Deployment.current(),
        "serving": serving,
        "ports": [port for ports in serving.ports.values() for port in ports] if serving else [],
        "faulty": faulty[:_MOST_FAULTY],
        "more_faulty": len(faulty) > _MOST_FAULTY,
        "may_import": may_import(user),
        "may_export": may_export(user),
    }
