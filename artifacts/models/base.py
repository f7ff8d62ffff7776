"""What all artifacts have in common: a name, their XML, and what became of it."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from lxml import etree
from simple_history.models import HistoricalRecords

from artifacts.synapse_xml import identity, read_facts
from artifacts.synapse_xml.naming import MAX_NAME
from mediation.compiler import Compilation, compile_artifact
from mediation.errors import ConfigurationError, GrammarError
from mediation.findings import Finding, Severity
from mediation.payloads.xml import parse_xml


class State(models.TextChoices):
    """What became of an artifact when it was last saved."""

    DEPLOYED = "deployed", "deployed"
    SUSPENDED = "suspended", "suspended"
    FAULTY = "faulty", "faulty"
    FAULTY_SERVING_OLDER = "faulty-serving-older", "faulty, serving an older version"
    NOT_RUNNABLE = "not-runnable", "not runnable"


class Artifact(models.Model):
    """
    One artifact of the configuration.

    ``xml`` is the truth, the whole artifact as its author wrote it. Saving a row reads all other columns from it and
    compiles it; an artifact that does not compile is stored all the same, and its last good version goes on being
    served. Change facts by changing the text (:func:`artifacts.synapse_xml.revised`), and save with
    :func:`artifacts.store.save_artifact`.
    """

    kind: ClassVar[str]
    """Name of the element in the language; a column of the kinds that are only kept."""

    name = models.CharField(max_length=MAX_NAME, unique=True)
    xml = models.TextField("XML")
    state = models.CharField(max_length=24, choices=State.choices, editable=False, db_index=True)
    findings = models.JSONField(
        default=list, editable=False, help_text="Errors and warnings: severity, message, line, check."
    )
    version = models.PositiveIntegerField(default=0, editable=False, help_text="Rises with every change of the XML.")
    serving_version = models.PositiveIntegerField(
        null=True, editable=False, help_text="The version that is deployed; empty when none is."
    )
    last_good_xml = models.TextField(blank=True, editable=False, help_text="The XML of the version that is deployed.")
    source = models.CharField(max_length=1000, blank=True, help_text="The file that it came from.")
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    history = HistoricalRecords(
        inherit=True,
        # What follows from the text, and from what is deployed now, is no part of an old version.
        excluded_fields=["findings", "last_good_xml", "serving_version"],
        history_change_reason_field=models.TextField(null=True),
    )

    compilation: Compilation
    """Of ``xml``, since :meth:`derive` ran (``full_clean`` and ``save`` do that)."""

    class Meta:
        abstract = True
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """
        Raises:
            XmlError, GrammarError: as :meth:`derive`.
        """
        with transaction.atomic(using=kwargs.get("using")):
            stored = type(self)._base_manager.select_for_update().filter(pk=self.pk).first()
            self.derive()
            self.settle(stored)
            super().save(*args, **kwargs)
            self.save_rows()

    @property
    def remarks(self) -> list[Finding]:
        """The findings of the last save."""
        return [Finding(**{**each, "severity": Severity(each["severity"])}) for each in self.findings]

    @property
    def reason(self) -> str:
        """Why it is not served as it stands; empty when it is."""
        grave = (Severity.ERROR, Severity.NOT_RUNNABLE)
        return next(
            (str(finding) for severity in grave for finding in self.remarks if finding.severity is severity), ""
        )

    # -- from the text to the columns

    def derive(self) -> None:
        """
        Read name and facts from ``xml`` and compile it; nothing is stored.

        Raises:
            XmlError: it is not well-formed.
            GrammarError: it is no artifact of this row's kind, or has no name.
        """
        element = parse_xml(self.xml)
        found = identity(element)
        self.accept(found.kind, element)
        self.name = found.name
        self.take_facts(element)
        self.compilation = compile_artifact(element)
        self.findings = [asdict(finding) for finding in (*self.compilation.findings, *self.objections(element))]

    def accept(self, kind: str, element: etree._Element) -> None:
        """
        Raises:
            GrammarError: an artifact of this kind cannot be in this row.
        """
        if kind != self.kind:
            raise GrammarError(f"<{kind}> is not a <{self.kind}>", element.sourceline)

    def take_facts(self, element: etree._Element) -> None:
        """Fill the columns that this kind has; by default those that are named as its facts are."""
        facts = read_facts(element)
        for column, value in ({} if facts is None else asdict(facts)).items():
            setattr(self, column, value)

    def objections(self, element: etree._Element) -> list[Finding]:
        """What speaks against deploying an artifact that compiles."""
        return []

    def is_suspended(self) -> bool:
        """Whether the artifact says that it shall not serve."""
        return False

    # -- validation and what follows from a save

    def full_clean(self, exclude: Any = None, **kwargs: Any) -> None:
        """Also reports what the compiler says, on the field ``xml``."""
        if "xml" not in (exclude or ()):
            try:
                self.derive()
            except ConfigurationError as exc:
                raise ValidationError({"xml": str(exc)}) from exc
        super().full_clean(exclude=exclude, **kwargs)

    def clean(self) -> None:
        errors = [str(finding) for finding in self.remarks if finding.severity is Severity.ERROR]
        if errors:
            raise ValidationError({"xml": errors})

    def save_rows(self) -> None:
        """Store the inline rows that this kind has."""

    def recheck(self) -> bool:
        """Compile the same text again, and store what has become of it since; whether that is something new."""
        before = self.findings
        self.derive()
        if self.findings == before:
            return False
        self.save_without_historical_record()
        return True

    def settle(self, stored: "Artifact | None") -> None:
        """
        Fill version and state, which follow from the text and from what was stored before.

        Args:
            stored: the row as it is in the database; ``None`` for a new one.
        """
        self.version = 1 if stored is None else stored.version + (stored.xml != self.xml)
        severities = {finding.severity for finding in self.remarks}
        if not severities & {Severity.ERROR, Severity.NOT_RUNNABLE}:
            self.state = State.SUSPENDED if self.is_suspended() else State.DEPLOYED
            self.last_good_xml, self.serving_version = self.xml, self.version
            return
        self.last_good_xml = "" if stored is None else stored.last_good_xml
        self.serving_version = None if stored is None else stored.serving_version
        if self.serving_version is not None:
            self.state = State.FAULTY_SERVING_OLDER
        else:
            self.state = State.FAULTY if Severity.ERROR in severities else State.NOT_RUNNABLE
