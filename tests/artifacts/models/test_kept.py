import pytest

from artifacts.models import KeptArtifact, State
from artifacts.store import save_artifact
from mediation.errors import GrammarError

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("xml", "kind", "name"),
    [
        ('<eventSource name="n"/>', "eventSource", "n"),
        ('<dashboard name="n"/>', "dashboard", "n"),
        ('<t:task xmlns:t="urn:t" name="n"/>', "{urn:t}task", "n"),
    ],
)
def test_what_does_not_run_is_kept_and_said(xml, kind, name):
    row = save_artifact(xml).row

    assert (row.kind, row.name, row.xml) == (kind, name, xml)
    assert (row.state, row.serving_version) == (State.NOT_RUNNABLE, None)
    assert row.reason


def test_two_kinds_may_have_one_name():
    save_artifact('<eventSource name="n"/>')
    save_artifact('<priorityExecutor name="n"/>')

    assert save_artifact('<eventSource name="n" x="y"/>').outcome == "changed"
    assert KeptArtifact.objects.count() == 2


def test_an_unknown_element_passes_validation():
    KeptArtifact(kind="dashboard", xml='<dashboard name="n"/>').full_clean()


def test_a_row_keeps_its_kind():
    row = save_artifact('<eventSource name="n"/>').row
    row.xml = '<priorityExecutor name="n"/>'

    with pytest.raises(GrammarError, match="<priorityExecutor> is not a <eventSource>"):
        row.save()
