import pytest
from django.core.management import CommandError, call_command

from artifacts.models import Deployment
from artifacts.store import all_artifacts
from mediation.monitoring import processes

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<sequence name="a"><drop/></sequence>')
    return path


def test_one_line_per_artifact_and_a_summary(path, capsys):
    call_command("import_synapse", path)

    assert capsys.readouterr().out.splitlines() == [f"{'created':<12} {'sequence a':<40} {path}:1", "1 created"]


def test_a_clash_fails(path):
    call_command("import_synapse", path)
    path.write_text('<sequence name="a"><respond/></sequence>')

    with pytest.raises(CommandError, match="not everything was imported"):
        call_command("import_synapse", path)
    call_command("import_synapse", path, replace=True)


def test_a_faulty_artifact_alone_does_not_fail_unless_strict(path):
    path.write_text('<sequence name="a"><log level="fll"/></sequence>')

    with pytest.raises(CommandError):
        call_command("import_synapse", path, "--strict")
    call_command("import_synapse", path)


def test_a_dry_run_says_so(path, capsys):
    call_command("import_synapse", path, "--dry-run")

    assert capsys.readouterr().out.endswith("1 created (dry run, nothing was changed)\n")
    assert list(all_artifacts()) == []


def test_waiting_ends_when_every_process_serves_the_new_generation(path, monkeypatch, capsys):
    answers = iter([{"h:1": 0, "h:2": 10**9}, {"h:1": 10**9, "h:2": 10**9}, {"h:1": 10**9}])
    monkeypatch.setattr(processes, "live_generations", lambda: next(answers))

    call_command("import_synapse", path, "--wait")

    assert capsys.readouterr().out.endswith(f"serving generation {Deployment.current()}: h:1\n")


def test_waiting_has_an_end(path, monkeypatch):
    monkeypatch.setattr(processes, "live_generations", lambda: {"h:1": 0})

    with pytest.raises(CommandError, match=r"after 0 s not serving generation \d+ yet: h:1"):
        call_command("import_synapse", path, "--wait", "0")


def test_waiting_for_nobody_ends_at_once(path, monkeypatch, capsys):
    monkeypatch.setattr(processes, "live_generations", dict)

    call_command("import_synapse", path, "--wait")

    assert capsys.readouterr().out.endswith(": no process is up\n")
