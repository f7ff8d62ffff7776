import zipfile

import pytest

from artifacts.synapse_xml.packages import PackageError, read_path
from artifacts.synapse_xml.packages.found import SourceFile
from artifacts.synapse_xml.packages.resources import resources_of

APPLICATION = """<artifacts><artifact name="app" version="1" type="carbon/application">
  <dependency artifact="res" version="1" include="true"/>
</artifact></artifacts>"""
DESCRIPTION = '<artifact name="res" version="1" type="registry/resource"><file>registry-info.xml</file></artifact>'
INFO = """<resources>
  <item><file>a.xslt</file><path>/_system/governance/xslt</path><mediaType>application/xslt+xml</mediaType></item>
  <collection><directory>more</directory><path>/_system/config/more</path></collection>
</resources>"""
CAR = {
    "artifacts.xml": APPLICATION,
    "res_1/artifact.xml": DESCRIPTION,
    "res_1/registry-info.xml": INFO,
    "res_1/resources/a.xslt": "<x/>",
    "res_1/resources/more/deep/b.json": "{}",
}


def found(**files):
    return resources_of([SourceFile(path, content.encode()) for path, content in files.items()])


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("registry/config/a.xml", "config/a.xml"),
        ("registry/conf/a.xml", "config/a.xml"),
        ("p/src/main/wso2mi/resources/registry/gov/x/a.xml", "governance/x/a.xml"),
        ("p/src/main/wso2mi/resources/xslt/a.xslt", "governance/mi-resources/xslt/a.xslt"),
        ("registry/samples/a.js", "samples/a.js"),
        ("registry/a.js", "a.js"),
        ("p/registry-resources/gov/a.js", "governance/a.js"),
        ("p/registry-resources/_system/config/a.js", "config/a.js"),
        ("p/registry-resources/a.js", None),
        ("p/src/main/wso2mi/resources/conf/config.properties", None),
        ("p/src/main/wso2mi/resources/registry/artifact.xml", None),
        ("sequences/registry.xml", None),
    ],
)
def test_the_place_of_a_file_says_what_its_path_is(place, path):
    assert found(**{place: "<a/>"}) == ({} if path is None else {place: path})


@pytest.mark.parametrize("base", ["", "deep/er/"])
def test_an_application_says_where_its_resources_belong(base):
    assert found(**{base + place: content for place, content in CAR.items()}) == {
        f"{base}res_1/resources/a.xslt": "governance/xslt/a.xslt",
        f"{base}res_1/resources/more/deep/b.json": "config/more/deep/b.json",
    }


def test_a_source_project_says_where_its_resources_belong():
    description = """<artifacts><artifact type="registry/resource">
        <item><file>xslt/a.xslt</file><path>/_system/governance/custom</path></item></artifact></artifacts>"""

    assert found(**{"P/artifact.xml": description, "P/xslt/a.xslt": "<x/>"}) == {
        "P/xslt/a.xslt": "governance/custom/a.xslt"
    }


def test_a_path_that_leads_out_of_the_registry_is_none():
    info = INFO.replace("/_system/governance/xslt", "/_system/../../etc")

    assert "res_1/resources/a.xslt" not in found(**{**CAR, "res_1/registry-info.xml": info})


def test_resources_are_read_whatever_their_names_are(tmp_path):
    path = tmp_path / "app.car"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in CAR.items():
            archive.writestr(name, content)

    package = read_path(path)

    assert [(each.place, each.path, each.content) for each in package.resources] == [
        (f"{path}!/res_1/resources/a.xslt", "governance/xslt/a.xslt", b"<x/>"),
        (f"{path}!/res_1/resources/more/deep/b.json", "config/more/deep/b.json", b"{}"),
    ]


def test_a_large_resource_of_an_archive_is_refused_like_any_member(tmp_path):
    path = tmp_path / "app.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("registry/bomb.txt", b"x" * 10_000_000)

    with pytest.raises(PackageError, match="inflates to more than"):
        read_path(path)


@pytest.mark.parametrize("base", ["", "home/"])
def test_what_artifacts_name_by_url_is_taken_from_the_package(tmp_path, base):
    for name, content in {
        "synapse.xml": """<definitions>
            <registry><parameter name="root">file:./samples/resources/</parameter></registry>
            <localEntry key="a" src="file:samples/a%20b.xslt"/>
            <localEntry key="b" src="file:/etc/passwd"/>
            <localEntry key="c" src="file:../outside.xslt"/>
            <sequence name="s"><send><endpoint><wsdl uri='file:samples/s.wsdl'/></endpoint></send></sequence>
        </definitions>""",
        "samples/a b.xslt": "<a/>",
        "samples/s.wsdl": "<s/>",
        "samples/resources/deep/b.xml": "<b/>",
        "samples/other.xslt": "<other/>",
        "samples/resources/sequence.xml": '<sequence name="held"/>',
    }.items():
        path = tmp_path / "given" / base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "outside.xslt").write_text("<outside/>")

    package = read_path(tmp_path / "given")

    assert sorted((each.path, each.content) for each in package.resources) == [
        ("samples/a b.xslt", b"<a/>"),
        ("samples/resources/deep/b.xml", b"<b/>"),
        ("samples/s.wsdl", b"<s/>"),
    ]
    assert [each.file.rpartition("/")[2] for each in package.ignored] == ["other.xslt"]
