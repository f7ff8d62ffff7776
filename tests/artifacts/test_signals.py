import pytest
from django.core.management import call_command
from django.db import connection, transaction

from artifacts.models import Deployment, InboundEndpoint, Sequence, State, Template, TransportParameter, TransportSender
from artifacts.signals import deployed
from artifacts.store import save_artifact, set_transport_parameters
from mediation.compiler import compile_artifact
from mediation.payloads.xml import parse_xml

pytestmark = pytest.mark.django_db

SEQUENCE = '<sequence name="s"/>'


@pytest.mark.parametrize(
    "change",
    [
        lambda: save_artifact('<sequence name="t"/>'),
        lambda: save_artifact('<sequence name="s"><drop/></sequence>'),
        lambda: Sequence.objects.get().delete(),
        lambda: Sequence.objects.all().delete(),
        lambda: save_artifact('<api name="a"/>'),
        lambda: set_transport_parameters("ws", {"a": "1"}, replace=True),
        lambda: TransportParameter.objects.all().delete(),
        lambda: TransportSender.objects.filter(scheme="ws").delete(),
    ],
)
def test_every_change_raises_the_generation(change):
    save_artifact(SEQUENCE)
    before = Deployment.current()

    change()

    assert Deployment.current() > before


@pytest.mark.parametrize(
    "nothing",
    [
        lambda: save_artifact(SEQUENCE),
        lambda: InboundEndpoint.objects.all().delete(),
        lambda: set_transport_parameters("ws", {}, replace=False),
    ],
)
def test_what_changes_nothing_does_not_raise_it(nothing):
    save_artifact(SEQUENCE)
    before = Deployment.current()

    nothing()

    assert Deployment.current() == before


def test_a_migration_deploys_what_could_not_run_before(monkeypatch):
    row = save_artifact('<sequence name="s"><smooks config-key="x"/></sequence>').row
    can_run = compile_artifact(parse_xml(SEQUENCE))
    monkeypatch.setattr("artifacts.models.base.compile_artifact", lambda element: can_run)

    call_command("migrate", verbosity=0)

    row.refresh_from_db()
    assert row.state == State.DEPLOYED


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_migrations_are_undone_and_done_again():
    call_command("migrate", "artifacts", "zero", verbosity=0)
    call_command("migrate", "artifacts", verbosity=0)

    assert Deployment.current() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_was_only_kept_becomes_an_artifact_of_its_kind():
    call_command("migrate", "artifacts", "0003", verbosity=0)
    text = '<template name="t"><parameter name="p"/><sequence/></template>'
    with connection.cursor() as cursor:
        for table, names, values in (
            ("artifacts_keptartifact", "findings, last_good_xml", ["[]", ""]),
            ("artifacts_historicalkeptartifact", "history_date, history_type", ["2026-01-01", "+"]),
        ):
            cursor.execute(
                f"INSERT INTO {table} (id, kind, name, xml, state, version, source, created, updated, {names})"
                " VALUES (1, %s, %s, %s, %s, 1, '', %s, %s, %s, %s)",
                ["template", "t", text, "not-runnable", "2026-01-01", "2026-01-01", *values],
            )

    call_command("migrate", "artifacts", verbosity=0)

    row = Template.objects.get()
    assert (row.name, row.xml, row.parameters) == ("t", text, "p")
    assert [record.xml for record in row.history.all()] == [text]


@pytest.fixture
def told():
    generations = []

    def receive(sender, **kwargs):
        generations.append(Deployment.current())

    deployed.connect(receive)
    yield generations
    deployed.disconnect(receive)


def test_who_serves_is_told_after_the_commit(told, django_capture_on_commit_callbacks):
    before = Deployment.current()
    with django_capture_on_commit_callbacks(execute=True):
        save_artifact(SEQUENCE)
        assert told == []

    assert set(told) == {before + 1}


def test_nobody_is_told_of_what_is_rolled_back(told, django_capture_on_commit_callbacks):
    before = Deployment.current()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        save_artifact(SEQUENCE)
        transaction.set_rollback(True)

    assert told == []
    assert Deployment.current() == before
