"""Connectors, as packages and as directories."""

import zipfile

import pytest

from artifacts.synapse_xml.packages import PackageError, read_path
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
