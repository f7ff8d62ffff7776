"""The form of one artifact: facts as fields, the whole XML beside them, saved as one text."""

import dataclasses
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet, inlineformset_factory
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from artifacts.models import InboundEndpoint, InboundParameter
from artifacts.store import find_artifact
from artifacts.synapse_xml import Facts, Parameter, read_facts, revised
from mediation.errors import XmlError
from mediation.findings import Finding, Severity
from mediation.payloads.xml import parse_xml

from .editor import XmlEditor
from .merging import line_before, merge
from .skeletons import SKELETONS

XML_HELP = (
    "The whole artifact; what is saved and exported. The fields on this page say the same: a changed field is written "
    "into the XML, a changed XML into the fields, and comments and formatting stay. What fields and XML change to "
    "different values is refused."
)


class ArtifactForm(forms.ModelForm):
    """
    Merges fields and XML into the text that is to be saved: ``cleaned_data["xml"]``.

    A text that does not compile is refused with the lines of its mistakes, and stays in the editor as it was typed.
    """

    base_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        widgets = {"xml": XmlEditor, "value": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "xml" not in self.fields:  # of somebody who may only look
            return
        text = self.instance.xml or SKELETONS.get(self.instance.kind, "")
        self._base = read_facts(parse_xml(text))
        facts = {} if self._base is None else dataclasses.asdict(self._base)
        self.initial = {**facts, "xml": text, "base_version": self.instance.version, **(kwargs.get("initial") or {})}
        for name in self.fields:
            self.fields[name].required = name == "xml"
        # A text area's line breaks and the space around its text are the author's.
        self.fields["xml"].strip = False
        self.fields["xml"].help_text = XML_HELP if facts else "The whole artifact; what is saved and exported."
        if not self.is_bound:
            self.show_remarks(self.instance.remarks)

    def show_remarks(self, remarks: list[Finding]) -> None:
        """Have these said beside the lines in the editor."""
        self.fields["xml"].widget.remarks = tuple(remarks)

    # -- validation

    def clean(self) -> None:
        super().clean()
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):
                self.cleaned_data[name] = value.replace("\r\n", "\n")
        self._refuse_outdated()
        if "xml" in self.cleaned_data:
            self._typed = self.cleaned_data["xml"]
            try:
                self._merge(self._typed)
            except XmlError as exc:
                self.show_remarks([Finding(Severity.ERROR, exc.message, exc.line)])
                self.add_error("xml", str(exc))

    def _refuse_outdated(self) -> None:
        if self.instance.pk is None:
            return
        rows = type(self.instance)._default_manager.select_for_update().filter(pk=self.instance.pk)
        version = rows.values_list("version", flat=True).first()
        if version != self.cleaned_data.get("base_version"):
            self.add_error(None, ValidationError(self._outdated(version)))

    def _outdated(self, version: int | None) -> SafeString:
        latest = self.instance.history.first()
        user = getattr(latest, "history_user", None)
        return format_html(
            "Nothing was saved: {} has saved version {} since you opened this form with version {}. "
            'Your text is still below. <a href="{}">See what was changed</a>, then open the form again.',
            user or "somebody else",
            version,
            self.cleaned_data.get("base_version"),
            reverse(f"admin:artifacts_{self.instance._meta.model_name}_history", args=[self.instance.pk]),
        )

    def _merge(self, typed: str) -> None:
        """
        Raises:
            XmlError: the typed text, or XML in a field, is not well-formed.
        """
        in_xml = read_facts(parse_xml(typed))
        # An element of another kind is refused when the row reads it.
        if self._base is None or in_xml is None or type(in_xml) is not type(self._base):
            return
        wanted = merge(self._base, self._in_fields(), in_xml)
        for name in wanted.conflicts:
            self._object(name, f"The XML says {_shown(in_xml, name)} now, and this something else; change one of them.")
        if not wanted.conflicts:
            text = revised(typed, wanted.facts)
            written = read_facts(parse_xml(text))
            for name in _differences(written, wanted.facts):
                if getattr(written, name) == getattr(in_xml, name):
                    self._object(name, "This XML has no place for it; change the XML instead.")
            self.cleaned_data["xml"] = text
            self.cleaned_data["name"] = wanted.facts.name

    def _in_fields(self) -> Facts:
        """The facts that the fields say; one whose field is not shown or wrong is as before."""
        names = {field.name for field in dataclasses.fields(self._base)} & self.cleaned_data.keys()
        changed = {name: self.cleaned_data[name] for name in names if not self._is_as_shown(name)}
        return dataclasses.replace(self._base, **changed)

    def _is_as_shown(self, name: str) -> bool:
        """Fields lose the space around a text, and browsers the line breaks in what has one line."""
        before, typed = getattr(self._base, name), self.cleaned_data[name]
        if isinstance(before, str) and not isinstance(self.fields[name].widget, forms.Textarea):
            before = before.replace("\n", "")
        return typed == (before.strip() if isinstance(before, str) else before)

    def _object(self, name: str, message: str) -> None:
        if name in self.fields:
            self.add_error(name, message)
        else:
            self.add_error(None, f"{name}: {message}")

    # -- what the compiler says

    def _post_clean(self) -> None:
        # Without a text there is nothing that the row could be read from.
        if "xml" not in self.cleaned_data:
            return
        super()._post_clean()
        self._speak_of_typed_lines()
        if not self._errors:
            self._refuse_namesake()

    def _refuse_namesake(self) -> None:
        namesake = find_artifact(self.instance.kind, self.instance.name)
        if namesake is not None and namesake.pk != self.instance.pk:
            self.add_error("xml", f'there is another <{self.instance.kind}> with the name "{self.instance.name}"')

    def _speak_of_typed_lines(self) -> None:
        """The compiled text may have lines more or less than the one in the editor."""
        remarks = [
            dataclasses.replace(remark, line=line_before(remark.line, self._typed, self.instance.xml))
            for remark in self.instance.remarks
        ]
        self.show_remarks(remarks)
        compiled = [str(remark) for remark in self.instance.remarks if remark.severity is Severity.ERROR]
        if self._errors.get("xml") and list(self._errors["xml"]) == compiled:
            del self._errors["xml"]
            self.add_error("xml", [str(remark) for remark in remarks if remark.severity is Severity.ERROR])


def _shown(facts: Facts, name: str) -> str:
    value = getattr(facts, name)
    return "other parameters" if name == "parameters" else f'"{value}"'


def _differences(one: Any, other: Any) -> list[str]:
    names = [field.name for field in dataclasses.fields(one)]
    return [name for name in names if getattr(one, name) != getattr(other, name)]


# -- kinds with fields of their own


class ProxyServiceForm(ArtifactForm):
    def clean_transports(self) -> str:
        return ",".join(self.cleaned_data["transports"].replace(",", " ").split())


class BaseParameterFormSet(BaseInlineFormSet):
    """
    Parameters by their order alone: their rows are made anew whenever the XML is saved.

    They are saved as part of the XML, so there is nothing to save here.
    """

    def save(self, commit: bool = True) -> list[InboundParameter]:
        self.new_objects, self.changed_objects, self.deleted_objects = [], [], []
        return []

    def parameters(self) -> tuple[Parameter, ...]:
        """Of a valid form set."""
        rows = [row for row in self.cleaned_data if row.get("name") and not row.get("DELETE")]
        return tuple(Parameter(row["name"], row["value"].replace("\r\n", "\n"), row["key"]) for row in rows)


ParameterFormSet = inlineformset_factory(
    InboundEndpoint, InboundParameter, formset=BaseParameterFormSet, fields=("name", "value", "key"), extra=0
)


class InboundEndpointForm(ArtifactForm):
    """Reads the parameters from the rows below the form, which are posted with it."""

    def clean(self) -> None:
        formset = ParameterFormSet(
            self.data, prefix="parameters", instance=self.instance, queryset=InboundParameter.objects.none()
        )
        if formset.is_valid():
            self.cleaned_data["parameters"] = formset.parameters()
        else:
            self.add_error(None, "There is a mistake in the parameters below.")
        super().clean()
