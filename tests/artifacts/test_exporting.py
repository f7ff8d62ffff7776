import pytest
from django.conf import settings

from artifacts.exporting import ExportError, export_directory
from artifacts.importing import Options, import_paths
from artifacts.models import ARTIFACT_MODELS
from artifacts.registry import registry_directory
from artifacts.store import all_artifacts, save_artifact, set_transport_parameters, transport_parameters
from artifacts.synapse_xml import same_xml

pytestmark = pytest.mark.django_db

NS = "http://ws.apache.org/ns/synapse"

SAMPLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{NS}" xmlns:m="urn:m">
    <registry provider="org.Registry"><parameter name="cachableDuration">15000</parameter></registry>
    <taskManager provider="org.Manager"/>
    <!-- the way in -->
    <sequence name="in" onError="fault">
        <!-- inside --><invented a="&#10;b"><![CDATA[<x>]]></invented>
        <property name="p" expression="//m:x"/>
    </sequence>
    <sequence name="IN"><drop/></sequence>
    <proxy name="P/../p" transports="http"><target inSequence="in"/></proxy>
    <localEntry key="conf:/x y">text</localEntry>
    <localEntry key="."><m:xml/></localEntry>
    <endpoint name="CON"><address uri="ws://localhost:1/"/></endpoint>
    <inboundEndpoint name="ä" protocol="ws" sequence="in" suspend="true"/>
    <api name="v:1" context="/a"/>
    <template name="t"/>
    <messageStore name="m"/>
    <messageProcessor name="m"/>
    <priorityExecutor name="x"/>
    <eventSource name="x"/>
    <import name="{{c}}c" package="c"/>
    <task name="{"long" * 60}"/>
    <unknown name="u"><!-- kept --></unknown>
    <out/>
</definitions>"""


def configuration():
    return {(row.kind, row.name): row.xml for row in all_artifacts()}


def clear():
    for model in ARTIFACT_MODELS:
        model.objects.all().delete()


def test_what_was_imported_is_exported_and_imported_again_as_it_was(tmp_path):
    source, target = tmp_path / "synapse.xml", tmp_path / "export"
    source.write_text(SAMPLE)
    import_paths([source], Options())
    set_transport_parameters("ws", {"a 'b'": 'c "d"'}, replace=False)
    before, transports = configuration(), transport_parameters("ws")

    written = export_directory(target)
    clear()
    set_transport_parameters("ws", {}, replace=True)
    import_paths([target], Options())

    after = configuration()
    assert len(before) == 19
    assert before.keys() == after.keys()
    assert [key for key, text in before.items() if not same_xml(text, after[key])] == []
    assert transport_parameters("ws") == transports
    assert len(written) == 19 + 1


@pytest.mark.parametrize("example", ["example-1", "example-2"])
def test_the_examples_are_exported_as_they_were_written(tmp_path, example):
    source = settings.BASE_DIR / "examples" / "websocket-endpoint" / example
    import_paths([source], Options())

    export_directory(tmp_path)

    written = {path.name: path.read_bytes() for path in tmp_path.glob("*/*.xml")}
    assert written == {path.name: path.read_bytes() for path in source.glob("*.xml")}


def test_artifacts_lie_where_the_originals_look_for_them(tmp_path):
    source = tmp_path / "synapse.xml"
    source.write_text(SAMPLE)
    import_paths([source], Options())

    names = {path.relative_to(tmp_path / "export").as_posix() for path in export_directory(tmp_path / "export")}

    assert names == {
        "registry.xml",
        "task-manager.xml",
        "synapse.xml",
        "deployment.toml",
        "sequences/IN.xml",
        "sequences/in~2.xml",
        "sequences/main.xml",
        "proxy-services/P%2F..%2Fp.xml",
        "local-entries/conf%3A%2Fx y.xml",
        "local-entries/%2E.xml",
        "endpoints/%43ON.xml",
        "inbound-endpoints/%C3%A4.xml",
        "api/v%3A1.xml",
        "templates/t.xml",
        "message-stores/m.xml",
        "message-processors/m.xml",
        "priority-executors/x.xml",
        "event-sources/x.xml",
        "imports/{c}c.xml",
        f"tasks/{'long' * 50}.xml",
    }


def test_the_text_is_written_character_by_character(tmp_path):
    text = f'<!-- a --><sequence\n\n  name=\'s\' xmlns="{NS}" ><log a="&#10;"/>\n</sequence>\n'
    save_artifact(text)

    export_directory(tmp_path)

    assert (tmp_path / "sequences/s.xml").read_bytes() == text.encode()


def test_a_directory_that_is_not_empty_is_refused_without_force(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    save_artifact('<sequence name="s"/>')

    with pytest.raises(ExportError, match="is not empty; --force writes into it all the same"):
        export_directory(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    export_directory(tmp_path, force=True)
    export_directory(tmp_path, force=True)

    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (tmp_path / "sequences/s.xml").exists()


@pytest.mark.parametrize("link", ["sequences", "sequences/s.xml"])
def test_nothing_is_written_through_a_link(tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside if link == "sequences" else outside / "file"
    place = tmp_path / "export" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(target)
    save_artifact('<sequence name="s"/>')

    with pytest.raises(ExportError):
        export_directory(tmp_path / "export", force=True)

    assert list(outside.iterdir()) == []


def test_a_file_is_no_directory(tmp_path):
    (tmp_path / "f").write_text("")

    with pytest.raises(ExportError, match="is not a directory"):
        export_directory(tmp_path / "f", force=True)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_resources_of_the_registry_are_exported_and_imported_again(tmp_path, settings):
    settings.ESB_REGISTRY_DIR = tmp_path / "one"
    contents = {"config/a.xslt": b"<a/>", "governance/x/b.bin": b"\xff\x00", "c": b"plain"}
    for path, content in contents.items():
        registry_directory().write(path, content)

    export_directory(tmp_path / "export")
    settings.ESB_REGISTRY_DIR = tmp_path / "other"
    import_paths([tmp_path / "export"], Options())

    registry = registry_directory()
    assert {path: registry.read(path) for path in registry.stamps()} == contents
