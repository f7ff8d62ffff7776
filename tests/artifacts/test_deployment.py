import pytest
from django.db import DatabaseError, connection

from artifacts import deployment
from artifacts.deployment import DatabaseSource
from artifacts.models import InboundEndpoint, Sequence, State
from artifacts.registry import RegistryDirectory
from artifacts.store import delete_artifact, find_artifact, save_artifact, set_transport_parameters
from mediation.defaults import default_sequence

pytestmark = pytest.mark.django_db

GOOD = '<sequence name="s"><respond/></sequence>'
FAULTY = '<sequence name="s"><log level="fll"/></sequence>'


def load(previous=None):
    return DatabaseSource().load(previous)


def inbound(name, port=9091, suspend="false"):
    return (
        f'<inboundEndpoint name="{name}" protocol="ws" sequence="main" suspend="{suspend}"><parameters>'
        f'<parameter name="inbound.ws.port">{port}</parameter></parameters></inboundEndpoint>'
    )


def test_an_empty_configuration_has_the_default_sequences():
    snapshot = load()

    assert snapshot.sequence("main") is default_sequence("main")
    assert snapshot.sequence("fault") is default_sequence("fault")
    assert snapshot.sequence("nowhere") is None
    assert DatabaseSource().is_current(snapshot)


def test_artifacts_are_found_by_name():
    save_artifact('<sequence name="main"><drop/></sequence>')
    save_artifact('<endpoint name="e"><address uri="ws://localhost/"/></endpoint>')
    save_artifact('<localEntry key="k">text</localEntry>')
    save_artifact('<proxy name="p"><target inSequence="main"/></proxy>')
    save_artifact(inbound("i"))

    snapshot = load()

    assert snapshot.sequence("main") is not default_sequence("main")
    assert snapshot.endpoint("e") is not None
    assert snapshot.local_entry("k").value == "text"
    assert snapshot.proxy_service("p").name == "p"
    assert snapshot.inbound_endpoint("i").port == 9091
    assert list(snapshot.inbound_endpoints()) == ["i"]
    assert snapshot.endpoint("main") is None


def test_a_local_entry_that_holds_a_sequence_or_endpoint_is_one():
    save_artifact('<localEntry key="s"><sequence name="inner"><drop/></sequence></localEntry>')
    save_artifact('<localEntry key="e"><endpoint><address uri="ws://localhost/"/></endpoint></localEntry>')

    snapshot = load()

    assert snapshot.sequence("s") is snapshot.local_entry("s").artifact
    assert snapshot.endpoint("e") is snapshot.local_entry("e").artifact
    assert snapshot.sequence("e") is None


def test_a_sequence_of_its_own_goes_before_a_local_entry():
    save_artifact('<localEntry key="s"><sequence name="inner"><drop/></sequence></localEntry>')
    save_artifact(GOOD)

    assert load().sequence("s") is not load().local_entry("s").artifact


def test_transport_parameters_are_by_scheme():
    set_transport_parameters("http", {"a": "1"}, replace=False)

    snapshot = load()

    assert snapshot.transport_parameters("ws") == {"ws.outflow.dispatch.sequence": "outDispatchSeq"}
    assert snapshot.transport_parameters("http") == {"a": "1"}
    assert snapshot.transport_parameters("https") == {}


def test_a_faulty_artifact_does_no_harm_to_others():
    save_artifact(FAULTY)
    save_artifact(inbound("i", "ninety"))
    save_artifact('<eventSource name="a"/>')
    save_artifact('<sequence name="good"/>')

    snapshot = load()

    assert snapshot.sequence("good") is not None
    assert snapshot.sequence("s") is None
    assert snapshot.states["sequence", "s"].state is State.FAULTY
    assert 'level "fll" is not one of' in snapshot.states["sequence", "s"].reason
    assert snapshot.states["inboundEndpoint", "i"].version is None
    assert snapshot.states["eventSource", "a"].state is State.NOT_RUNNABLE
    assert snapshot.states["sequence", "good"].state is State.DEPLOYED


def test_the_last_good_version_serves():
    save_artifact(GOOD)
    before = load()
    save_artifact(FAULTY)

    snapshot = load(before)

    assert snapshot.sequence("s") is before.sequence("s")
    state = snapshot.states["sequence", "s"]
    assert (state.state, state.version) == (State.FAULTY_SERVING_OLDER, 1)
    assert load().sequence("s").mediators[0].tag == "respond"


def test_what_did_not_change_is_the_same_object():
    save_artifact(GOOD)
    save_artifact('<endpoint name="e"><address uri="ws://localhost/"/></endpoint>')
    before = load()
    save_artifact(GOOD.replace("respond", "drop"))

    after = load(before)

    assert after.endpoint("e") is before.endpoint("e")
    assert after.sequence("s") is not before.sequence("s")
    assert before.sequence("s").mediators[0].tag == "respond"


def test_an_artifact_that_is_made_anew_is_not_taken_for_the_old_one():
    save_artifact(GOOD)
    before = load()
    delete_artifact(find_artifact("sequence", "s"))
    save_artifact(GOOD.replace("respond", "drop"))

    assert load(before).sequence("s").mediators[0].tag == "drop"


def test_an_old_text_that_is_restored_under_its_old_key_is_not_taken_for_the_newer_one():
    save_artifact(GOOD)
    save_artifact(GOOD.replace("respond", "drop"))
    before = load()
    old = Sequence.history.earliest().instance
    delete_artifact(find_artifact("sequence", "s"))
    old.save()

    assert load(before).sequence("s").mediators[0].tag == "respond"


def test_what_is_deleted_is_gone():
    save_artifact(GOOD)
    before = load()
    delete_artifact(find_artifact("sequence", "s"))

    after = load(before)

    assert after.sequence("s") is None
    assert ("sequence", "s") not in after.states


def test_a_snapshot_that_changes_little_asks_little(django_assert_max_num_queries):
    for number in range(50):
        save_artifact(f'<sequence name="s{number}"/>')
    before = load()

    with django_assert_max_num_queries(40):
        load(before)


def test_whether_anything_has_changed_is_one_query(django_assert_num_queries):
    source, snapshot = DatabaseSource(), load()

    with django_assert_num_queries(1):
        assert source.is_current(snapshot)

    save_artifact(GOOD)
    assert not source.is_current(snapshot)


def test_a_suspended_inbound_endpoint_is_in_the_snapshot():
    save_artifact(inbound("i", suspend="true"))

    snapshot = load()

    assert snapshot.inbound_endpoint("i").suspended
    assert snapshot.states["inboundEndpoint", "i"].state is State.SUSPENDED


def test_two_inbound_endpoints_on_a_port_are_one():
    save_artifact(inbound("first"))
    save_artifact(inbound("second"))

    snapshot = load()

    assert list(snapshot.inbound_endpoints()) == ["first"]
    assert snapshot.states["inboundEndpoint", "second"].reason.endswith(
        "Another endpoint named : first is currently using this port: 9091"
    )


def test_a_port_that_two_got_side_by_side_is_the_first_ones():
    save_artifact(inbound("first"))
    InboundEndpoint.objects.update(listening_port=None)
    save_artifact(inbound("second"))

    snapshot = load()

    assert list(snapshot.inbound_endpoints()) == ["first"]
    assert snapshot.states["inboundEndpoint", "second"].state is State.FAULTY


def test_an_artifact_that_the_compiler_stumbles_over_does_no_harm(monkeypatch, caplog):
    save_artifact(GOOD)
    save_artifact('<sequence name="other"/>')
    compile_artifact = deployment.compile_artifact

    def stumbling(element):
        if element.get("name") == "s":
            raise RuntimeError("bug")
        return compile_artifact(element)

    monkeypatch.setattr(deployment, "compile_artifact", stumbling)

    snapshot = load()

    assert snapshot.sequence("other") is not None
    assert snapshot.states["sequence", "s"].reason == "RuntimeError: bug"
    assert "<sequence> s is faulty: RuntimeError: bug" in caplog.text


def test_an_artifact_that_becomes_faulty_is_told_once(caplog):
    save_artifact(GOOD)
    save_artifact(FAULTY)

    load(load())

    assert caplog.text.count("<sequence> s is faulty, version 1 goes on being served: line 1:") == 1


def test_a_change_while_reading_is_read_as_a_whole(monkeypatch):
    """Two artifacts that are saved in one transaction are in a snapshot both, or neither."""
    save_artifact(GOOD)
    read_served = deployment._Loader._read_served
    changed = []

    def change_meanwhile(self, model):
        read_served(self, model)
        if model is Sequence and not changed:
            changed.append(save_artifact(GOOD.replace("respond", "drop")))
            save_artifact('<proxy name="p"><target inSequence="s"/></proxy>')

    monkeypatch.setattr(deployment._Loader, "_read_served", change_meanwhile)

    snapshot = load()

    assert snapshot.proxy_service("p") is not None
    assert snapshot.sequence("s").mediators[0].tag == "drop"
    assert DatabaseSource().is_current(snapshot)


def test_writers_without_end_do_not_keep_a_snapshot_from_being_read(monkeypatch):
    load_once = deployment._Loader.load

    def change_meanwhile(self):
        loaded = load_once(self)
        save_artifact(f'<sequence name="s{loaded.generation}"/>')
        return loaded

    monkeypatch.setattr(deployment._Loader, "load", change_meanwhile)

    assert not DatabaseSource().is_current(load())


def test_a_lost_database_is_told_and_reconnected(monkeypatch):
    snapshot = load()

    def lost():
        raise DatabaseError("server closed the connection")

    closed = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    monkeypatch.setattr(deployment.Deployment, "current", lost)

    with pytest.raises(DatabaseError):
        DatabaseSource().is_current(snapshot)
    with pytest.raises(DatabaseError):
        DatabaseSource().load(None)

    assert closed == [True, True]


def test_a_database_without_tables_says_how_to_make_them(monkeypatch):
    def no_table():
        raise DatabaseError("no such table: artifacts_deployment")

    monkeypatch.setattr(deployment.Deployment, "current", no_table)

    with pytest.raises(DatabaseError, match=r"no such table: artifacts_deployment; .*manage\.py migrate"):
        DatabaseSource().load(None)


# -- registry


@pytest.fixture
def registry(settings, tmp_path):
    settings.ESB_REGISTRY_DIR = tmp_path
    return RegistryDirectory(tmp_path)


def test_resources_answer_to_keys(registry):
    registry.write("config/a.xml", b"<a/>")
    registry.write("config/s.xml", b'<sequence name="s"><drop/></sequence>')
    registry.write("governance/e.xml", b'<endpoint><address uri="http://localhost/"/></endpoint>')

    snapshot = load()

    assert snapshot.local_entry("conf:/a.xml").value.tag == "a"
    assert snapshot.local_entry("conf:/none.xml") is None
    assert snapshot.sequence("conf:/s.xml").name == "s"
    assert snapshot.sequence("gov:/e.xml") is None
    assert snapshot.endpoint("gov:/e.xml") is not None
    assert snapshot.endpoint("conf:/s.xml") is None


def test_a_changed_resource_is_seen_and_the_rest_is_the_same(registry):
    registry.write("a.txt", b"one")
    registry.write("b.txt", b"two")
    save_artifact(GOOD)
    before = load()
    registry.write("b.txt", b"three")

    assert not DatabaseSource().is_current(before)
    after = load(before)

    assert after.local_entry("b.txt").value == "three"
    assert after.local_entry("a.txt") is before.local_entry("a.txt")
    assert after.sequence("s") is before.sequence("s")
    assert DatabaseSource().is_current(after)


def test_an_entry_whose_content_lies_elsewhere_has_it_as_soon_as_it_is_there(registry, caplog):
    save_artifact('<localEntry key="k" src="file:samples/a.xml"/>')
    before = load()
    registry.write("samples/a.xml", b"<a/>")
    after = load(before)

    assert before.local_entry("k") is None
    assert "local entry k: file:samples/a.xml is no resource of the registry" in caplog.text
    assert after.local_entry("k").value.tag == "a"


def test_kept_kinds_that_have_no_effect_are_deployed():
    save_artifact('<registry provider="a.B"/>')

    assert load().states["registry", "registry"].state is State.DEPLOYED


def test_keys_that_artifacts_name_are_looked_for_below_the_root_of_the_registry(registry, settings, tmp_path):
    settings.ESB_REGISTRY_DIR = tmp_path / "empty"
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.xslt").write_text("<a/>")
    save_artifact(f'<registry provider="a.B"><parameter name="root">file:{tmp_path}/</parameter></registry>')
    save_artifact('<sequence name="s"><sequence key="t/a.xslt"/></sequence>')

    snapshot = load()

    assert snapshot.local_entry("t/a.xslt").value.tag == "a"
    assert snapshot.local_entry("t/b.xslt") is None
    assert load(snapshot).local_entry("t/a.xslt") is not None
