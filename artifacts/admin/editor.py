"""The XML editor of the forms."""

import json
from collections.abc import Iterable
from typing import Any

from django.forms import Media
from django_ace import AceWidget

from mediation.findings import Finding, Severity

_MARKS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOT_RUNNABLE: "warning", Severity.INFO: "info"}


class XmlEditor(AceWidget):
    """
    Shows :attr:`remarks` beside the lines that they are about.

    Without JavaScript it is a plain text area.
    """

    remarks: tuple[Finding, ...] = ()

    def __init__(self) -> None:
        super().__init__(
            mode="xml",
            width="100%",
            height=None,
            minlines=16,
            maxlines=45,
            tabsize=4,
            showprintmargin=False,
            # Its own check of the syntax would replace the remarks, and knows less.
            useworker=False,
            toolbar=False,
        )

    @property
    def media(self) -> Media:
        return super().media + Media(
            js=["django_ace/ace/theme-tomorrow_night.js", "django_ace/ace/ext-searchbox.js", "artifacts/editor.js"],
            css={"all": ["artifacts/admin.css"]},
        )

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> str:
        shown = {"data-remarks": json.dumps(annotations(self.remarks)), "spellcheck": "false"}
        return super().render(name, value, {**(attrs or {}), **shown}, renderer)


def annotations(remarks: Iterable[Finding]) -> list[dict[str, Any]]:
    """Remarks as Ace takes them; its rows begin with 0. What has no line is said at the first."""
    return [
        {"row": max((remark.line or 1) - 1, 0), "column": 0, "text": remark.message, "type": _MARKS[remark.severity]}
        for remark in remarks
    ]
