import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from artifacts.models import ProxyService, Sequence, State
from artifacts.store import save_artifact
from mediation.errors import GrammarError, XmlError
from mediation.findings import Severity

pytestmark = pytest.mark.django_db

GOOD = '<sequence name="s" onError="e"><respond/></sequence>'
FAULTY = '<sequence name="s">\n  <log level="fll"/>\n</sequence>'
NOT_RUNNABLE = '<sequence name="s"><smooks config-key="x"/></sequence>'


def saved(xml):
    return save_artifact(xml).row


def test_columns_are_read_from_the_text():
    row = saved(GOOD)

    assert (row.name, row.on_error, row.state, row.version) == ("s", "e", State.DEPLOYED, 1)
    assert (row.last_good_xml, row.serving_version, row.reason) == (GOOD, 1, "")


def test_a_row_that_is_saved_directly_follows_its_text():
    row = saved(GOOD)

    row.xml, row.name, row.on_error, row.version = GOOD.replace('"e"', '"f"'), "x", "x", 99
    row.save()

    row.refresh_from_db()
    assert (row.name, row.on_error, row.version) == ("s", "f", 2)


def test_a_save_that_does_not_change_the_text_is_no_new_version():
    row = saved(GOOD)

    row.save()

    assert row.version == 1


def test_a_new_artifact_with_a_mistake_is_faulty():
    row = saved(FAULTY)

    assert (row.state, row.serving_version, row.last_good_xml) == (State.FAULTY, None, "")
    assert row.reason == 'line 2: <log> level "fll" is not one of simple, headers, full, custom'
    assert row.remarks[0].severity is Severity.ERROR


def test_a_new_artifact_that_cannot_run_is_not_runnable():
    row = saved(NOT_RUNNABLE)

    assert row.state == State.NOT_RUNNABLE
    assert row.reason.startswith("line 1: the mediator <smooks> is kept, but cannot run in this version")


@pytest.mark.parametrize("worse", [FAULTY, NOT_RUNNABLE])
def test_the_last_good_version_goes_on_serving(worse):
    saved(GOOD)

    row = saved(worse)

    assert (row.state, row.version, row.serving_version) == (State.FAULTY_SERVING_OLDER, 2, 1)
    assert (row.xml, row.last_good_xml) == (worse, GOOD)


def test_a_repaired_artifact_serves_its_newest_version():
    saved(GOOD)
    saved(FAULTY)

    row = saved(GOOD.replace('"e"', '"f"'))

    assert (row.state, row.version, row.serving_version, row.findings) == (State.DEPLOYED, 3, 3, [])


def test_a_proxy_that_does_not_start_is_suspended():
    row = saved('<proxy name="p" startOnLoad="false"><target inSequence="in"/></proxy>')

    assert row.state == State.SUSPENDED
    assert row.serving_version == 1


def test_warnings_are_kept_and_do_no_harm():
    row = saved('<sequence name="s"><respond colour="red"/></sequence>')

    assert row.state == State.DEPLOYED
    assert [remark.severity for remark in row.remarks] == [Severity.WARNING]
    assert row.reason == ""


def test_text_that_is_no_xml_is_not_stored():
    with pytest.raises(XmlError):
        Sequence(xml="<sequence").save()

    assert not Sequence.objects.exists()


def test_text_that_nests_too_deeply_is_faulty():
    row = saved(f'<sequence name="s">{"<in>" * 250}{"</in>" * 250}</sequence>')
    assert row.state == State.FAULTY
    assert "nested more than 60 deep" in row.reason


def test_another_kind_is_not_stored():
    with pytest.raises(GrammarError, match="<proxy> is not a <sequence>"):
        Sequence(xml='<proxy name="p"/>').save()


@pytest.mark.parametrize(
    ("xml", "messages"),
    [
        (FAULTY, ['line 2: <log> level "fll" is not one of simple, headers, full, custom']),
        ("<sequence><respond/></sequence>", ['line 1: <sequence> needs the attribute "name"']),
        ('<proxy name="p"/>', ["line 1: <proxy> is not a <sequence>"]),
    ],
)
def test_validation_reports_mistakes_on_the_text(xml, messages):
    with pytest.raises(ValidationError) as caught:
        Sequence(xml=xml).full_clean()

    assert caught.value.message_dict == {"xml": messages}


def test_validation_reports_the_line_of_broken_xml():
    with pytest.raises(ValidationError) as caught:
        Sequence(xml="<sequence name='s'>\n  <log>\n</sequence>").full_clean()

    assert caught.value.message_dict["xml"][0].startswith("line 3: ")


def test_validation_lets_pass_what_cannot_run_yet():
    Sequence(xml=NOT_RUNNABLE).full_clean()


def test_validation_refuses_the_name_of_another_row():
    saved(GOOD)

    with pytest.raises(ValidationError) as caught:
        Sequence(xml=GOOD).full_clean()

    assert "name" in caught.value.message_dict


def test_each_change_is_a_version_in_the_history():
    user = User.objects.create(username="ann")
    save_artifact(GOOD, user=user, reason="because")
    saved(GOOD.replace('"e"', '"f"'))

    newest, oldest = Sequence.history.all()
    assert (oldest.xml, oldest.version, oldest.history_user, oldest.history_change_reason) == (GOOD, 1, user, "because")
    assert newest.version == 2


def test_an_old_version_is_reverted_to():
    saved(GOOD)
    saved(FAULTY)

    Sequence.history.earliest().instance.save()

    row = Sequence.objects.get()
    assert (row.xml, row.version, row.state, row.serving_version) == (GOOD, 3, State.DEPLOYED, 3)


def test_a_deleted_artifact_is_restored_from_the_history():
    saved(GOOD).delete()

    Sequence.history.earliest().instance.save()

    assert Sequence.objects.get().state == State.DEPLOYED


def test_facts_of_a_proxy_are_columns():
    saved('<proxy name="p" transports="http https"><target inSequence="in" endpoint="e"/></proxy>')

    row = ProxyService.objects.get(transports="http,https")
    assert (row.in_sequence, row.endpoint, row.start_on_load) == ("in", "e", True)
