import pytest

from artifacts.models import Api, KeptArtifact, LocalEntry, Sequence, State
from artifacts.store import (
    all_artifacts,
    delete_artifact,
    find_artifact,
    model_for,
    recheck,
    save_artifact,
    set_transport_parameters,
    transport_parameters,
)
from mediation.compiler import compile_artifact
from mediation.errors import GrammarError, XmlError
from mediation.payloads.xml import parse_xml

pytestmark = pytest.mark.django_db

NS = 'xmlns="http://ws.apache.org/ns/synapse"'
TEXT = f"<!-- licence -->\n<sequence {NS}\n  name='s'>\n  <!-- why -->\n  <respond/>\n</sequence>\n"


def test_a_new_artifact_is_created_as_it_was_written():
    saved = save_artifact(TEXT, source="s.xml")

    assert saved.outcome == "created"
    assert saved.compilation.artifact is not None
    row = find_artifact("sequence", "s")
    assert row == saved.row
    assert (row.xml, row.source) == (TEXT, "s.xml")


@pytest.mark.parametrize(
    "same",
    [
        TEXT,
        TEXT.replace("'s'", '"s"'),
        TEXT.replace(f"{NS}\n  ", ""),
        TEXT.replace("<respond/>", "<respond></respond>"),
        TEXT.replace("\n", "\r\n"),
    ],
)
def test_a_text_that_says_the_same_changes_nothing(same):
    row = save_artifact(TEXT).row

    saved = save_artifact(same)

    assert (saved.outcome, saved.row.pk) == ("unchanged", row.pk)
    assert saved.compilation.artifact is not None
    assert Sequence.history.count() == 1
    assert find_artifact("sequence", "s").xml == TEXT


@pytest.mark.parametrize(
    "other", [TEXT.replace("why", "how"), TEXT.replace("licence", "license"), TEXT.replace("<respond/>", "<drop/>")]
)
def test_a_text_that_says_something_else_is_a_change(other):
    save_artifact(TEXT, source="s.xml")

    saved = save_artifact(other)

    assert (saved.outcome, saved.row.version, saved.row.xml) == ("changed", 2, other)
    assert saved.row.source == "s.xml"


def test_line_ends_are_line_feeds():
    assert save_artifact(TEXT.replace("\n", "\r\n")).row.xml == TEXT


def test_a_faulty_artifact_is_stored_and_told():
    saved = save_artifact('<sequence name="s"><log level="fll"/></sequence>')

    assert (saved.outcome, saved.row.state) == ("created", State.FAULTY)
    assert len(saved.compilation.errors) == 1


def test_what_cannot_be_stored_is_refused():
    with pytest.raises(XmlError):
        save_artifact("<sequence")
    with pytest.raises(GrammarError):
        save_artifact("<sequence/>")
    with pytest.raises(GrammarError):
        save_artifact("<definitions/>")

    assert not list(all_artifacts())


def test_an_artifact_is_renamed_in_its_row():
    row = save_artifact(TEXT).row

    saved = save_artifact(TEXT.replace("'s'", "'t'"), row=row)

    assert (saved.outcome, saved.row.pk, saved.row.name) == ("changed", row.pk, "t")
    assert find_artifact("sequence", "s") is None


def test_a_row_does_not_take_the_name_of_another():
    row = save_artifact(TEXT).row
    save_artifact('<sequence name="t"/>')

    with pytest.raises(GrammarError, match='there is another <sequence> with the name "t"'):
        save_artifact(TEXT.replace("'s'", "'t'"), row=row)


def test_a_row_does_not_become_another_kind():
    row = save_artifact(TEXT).row

    with pytest.raises(GrammarError, match="<proxy> is not a <sequence>"):
        save_artifact('<proxy name="s"/>', row=row)


def test_every_kind_has_its_model():
    assert model_for("sequence") is Sequence
    assert model_for("localEntry") is LocalEntry
    assert model_for("api") is Api
    assert model_for("eventSource") is KeptArtifact
    assert model_for("nobody knows") is KeptArtifact


def test_all_artifacts_are_listed_with_what_is_used_first():
    for xml in (
        '<api name="a"/>',
        '<sequence name="b"/>',
        '<sequence name="a"/>',
        '<localEntry key="z">1</localEntry>',
    ):
        save_artifact(xml)

    assert [(row.kind, row.name) for row in all_artifacts()] == [
        ("localEntry", "z"),
        ("sequence", "a"),
        ("sequence", "b"),
        ("api", "a"),
    ]


def test_an_artifact_is_deleted_and_stays_in_the_history():
    delete_artifact(save_artifact(TEXT).row, reason="old")

    assert find_artifact("sequence", "s") is None
    assert Sequence.history.latest().history_change_reason == "old"


def test_a_product_that_can_do_more_deploys_what_waited(monkeypatch):
    text = '<sequence name="s"><smooks config-key="x"/></sequence>'
    row = save_artifact(text).row
    assert recheck() == 0

    can_run = compile_artifact(parse_xml('<sequence name="s"/>'))
    monkeypatch.setattr("artifacts.models.base.compile_artifact", lambda element: can_run)

    assert recheck() == 1
    row.refresh_from_db()
    assert (row.state, row.version, row.serving_version, row.last_good_xml) == (State.DEPLOYED, 1, 1, text)
    assert Sequence.history.count() == 1


def test_transport_parameters_are_added_to_those_that_are_there():
    assert set_transport_parameters("ws", {"a": "1"}, replace=False) == "changed"
    assert transport_parameters("ws") == {"ws.outflow.dispatch.sequence": "outDispatchSeq", "a": "1"}


def test_transport_parameters_are_replaced():
    assert set_transport_parameters("ws", {"a": "1"}, replace=True) == "changed"
    assert transport_parameters("ws") == {"a": "1"}


def test_transport_parameters_that_are_there_are_unchanged():
    parameters = {"ws.outflow.dispatch.sequence": "outDispatchSeq"}

    assert set_transport_parameters("ws", parameters, replace=True) == "unchanged"
    assert set_transport_parameters("ws", {}, replace=False) == "unchanged"


def test_a_transport_sender_is_created():
    assert set_transport_parameters("http", {"a": "1"}, replace=False) == "created"
    assert transport_parameters("http") == {"a": "1"}
    assert transport_parameters("https") == {}


def test_there_is_no_transport_for_any_scheme():
    with pytest.raises(ValueError, match='no transport sends to "ftp"'):
        set_transport_parameters("ftp", {}, replace=False)
