"""Connectors, as packages and as directories."""

import random
import zipfile

import pytest

from artifacts.synapse_xml.packages import PackageError, read_path
from mediation.findings import Severity
from mediation.payloads.xml import parse_xml

CONNECTOR = """<connector>
    <component name="gmail" package="org.wso2.carbon.connector">
        <dependency component="mails"/>
        <description>Mails</description>
    </component>
    <icon>icon/icon.png</icon>
</connector>"""
COMPONENT = """<component name="mails" type="synapse/template"><subComponents>
    <component name="list"><file>list.xml</file><description>Lists them</description></component>
</subComponents></component>"""
LIST = """<?xml version="1.0"?>
<!-- lists mails -->
<template   name='list' xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="user"/><sequence><drop/></sequence>
</template>"""
FILES = {"connector.xml": CONNECTOR, "mails/component.xml": COMPONENT, "mails/list.xml": LIST, "icon/icon.png": ""}


def write(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_operations_become_templates_with_full_names(tmp_path):
    package = read_path(write(tmp_path / "gmail-connector-1.0.0.zip", FILES))

    [imported, template] = package.artifacts
    assert (template.kind, template.name) == ("template", "org.wso2.carbon.connector.gmail.list")
    assert template.text == LIST.replace("'list'", '"org.wso2.carbon.connector.gmail.list"')
    assert template.place.endswith("!/mails/list.xml:3")
    assert (imported.kind, imported.name) == ("import", "gmail")
    assert dict(parse_xml(imported.text).attrib) == {
        "name": "gmail",
        "package": "org.wso2.carbon.connector",
        "status": "enabled",
    }
    assert [each.reason for each in package.ignored] == [
        "describes a connector",
        "neither .xml nor a deployment.toml",
    ]


def test_a_source_directory_is_read_likewise(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / "src/main/resources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    assert [each.name for each in read_path(tmp_path).artifacts] == ["gmail", "org.wso2.carbon.connector.gmail.list"]


@pytest.mark.parametrize(
    ("missing", "place", "reason"),
    [
        ("mails/component.xml", "mails/component.xml", "the connector names it, but it is missing"),
        ("mails/list.xml", "mails/component.xml", "names list.xml, which is missing"),
    ],
)
def test_what_is_named_and_missing_is_said(tmp_path, missing, place, reason):
    path = write(tmp_path / "c.zip", {name: content for name, content in FILES.items() if name != missing})

    assert (f"{path}!/{place}", reason) in [(each.file, each.reason) for each in read_path(path).ignored]


def test_a_description_that_cannot_be_read_rejects_the_package(tmp_path):
    path = write(tmp_path / "c.zip", FILES | {"mails/component.xml": "<component"})

    with pytest.raises(PackageError, match=r"mails/component.xml"):
        read_path(path)


def test_a_file_of_that_name_that_describes_no_connector_is_just_a_file(tmp_path):
    path = write(tmp_path / "c.zip", {"connector.xml": "<server/>", "mails/list.xml": LIST})

    assert [each.name for each in read_path(path).artifacts] == ["list"]


APPLICATION = """<artifacts><artifact name="app" version="1.0.0" type="carbon/application">
    <dependency artifact="gmail-connector" version="1.0.0" include="true"/></artifact></artifacts>"""
LIBRARY = """<artifact name="gmail-connector" version="1.0.0" type="synapse/lib">
    <file>gmail-connector-1.0.0.zip</file></artifact>"""


def test_a_connector_in_an_application_is_read(tmp_path):
    connector = write(tmp_path / "c.zip", FILES).read_bytes()
    folder = "gmail-connector_1.0.0"
    members = {f"{folder}/artifact.xml": LIBRARY, f"{folder}/gmail-connector-1.0.0.zip": connector}
    path = write(tmp_path / "app.car", {"artifacts.xml": APPLICATION, **members})

    package = read_path(path)

    assert [each.name for each in package.artifacts] == ["gmail", "org.wso2.carbon.connector.gmail.list"]
    assert package.artifacts[1].file == f"{path}!/{folder}/gmail-connector-1.0.0.zip!/mails/list.xml"


def test_a_connector_in_a_source_project_is_read(tmp_path):
    folder = tmp_path / "src/main/wso2mi/resources/connectors"
    folder.mkdir(parents=True)
    write(folder / "gmail-connector-1.0.0.zip", FILES)

    assert len(read_path(tmp_path).artifacts) == 2


@pytest.mark.parametrize("content", [b"no archive", b"PK"])
def test_a_connector_that_cannot_be_read_does_no_harm_to_the_rest(tmp_path, content):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "c.zip").write_bytes(content)
    (tmp_path / "s.xml").write_text('<sequence name="s"/>')

    package = read_path(tmp_path)

    assert [each.name for each in package.artifacts] == ["s"]
    assert [(each.reason, each.severity) for each in package.ignored] == [("is not a zip archive", Severity.WARNING)]


def test_packages_in_a_connector_are_not_opened(tmp_path):
    inner = write(tmp_path / "inner.zip", FILES).read_bytes()
    project = tmp_path / "project"
    (project / "connectors").mkdir(parents=True)
    write(project / "connectors" / "c.zip", FILES | {"connectors/inner.zip": inner})

    package = read_path(project)

    assert len(package.artifacts) == 2
    assert "a package in a package; give it as a path of its own" in [each.reason for each in package.ignored]


def test_what_connectors_of_a_package_may_inflate_to_is_bounded(tmp_path):
    folder = tmp_path / "connectors"
    folder.mkdir()
    noise = "".join(f"<!-- {random.random()} -->" for _ in range(30_000))
    large = {f"mails/{number}.xml": f"<template>{noise}</template>" for number in range(6)}
    write(folder / "00.zip", FILES | large)
    for number in range(1, 22):
        write(folder / f"{number:02}.zip", FILES)

    reasons = [each.reason for each in read_path(tmp_path).ignored if each.severity is Severity.WARNING]

    assert reasons == [
        "the package inflates to more than 4194304 bytes",
        *["only 20 connectors of a package are read; give it as a path of its own"] * 2,
    ]
