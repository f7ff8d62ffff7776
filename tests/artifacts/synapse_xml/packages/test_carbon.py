import pytest

from artifacts.synapse_xml.packages import Ignored, PackageError
from artifacts.synapse_xml.packages.carbon import roles
from artifacts.synapse_xml.packages.found import SourceFile
from mediation.findings import Severity

APPLICATION = """<artifacts><artifact name="app" version="1.0.0" type="carbon/application">
  <dependency artifact="in" version="1.0.0" include="true"/>
  <dependency artifact="res" version="2.0.0" include="true"/>
</artifact></artifacts>"""
SEQUENCE = '<artifact name="in" version="1.0.0" type="synapse/sequence"><file>in-1.0.0.xml</file></artifact>'
RESOURCE = '<artifact name="res" version="2.0.0" type="registry/resource"><file>registry-info.xml</file></artifact>'

CAR = {
    "artifacts.xml": APPLICATION,
    "in_1.0.0/artifact.xml": SEQUENCE,
    "in_1.0.0/in-1.0.0.xml": "<sequence/>",
    "res_2.0.0/artifact.xml": RESOURCE,
    "res_2.0.0/registry-info.xml": "<resources/>",
    "res_2.0.0/resources/looks-like-one.xml": "<sequence/>",
}


def roles_of(files):
    return roles([SourceFile(path, content.encode()) for path, content in files.items()])


@pytest.mark.parametrize("base", ["", "deep/er/"])
def test_an_application_says_what_its_files_are(base):
    found = roles_of({base + path: content for path, content in CAR.items()})

    assert found.not_configuration == {
        f"{base}artifacts.xml": "describes a package",
        f"{base}in_1.0.0/artifact.xml": "describes a package",
        f"{base}res_2.0.0/artifact.xml": "describes a package",
        f"{base}res_2.0.0/registry-info.xml": "a registry resource",
        f"{base}res_2.0.0/resources/looks-like-one.xml": "a registry resource",
    }
    assert found.problems == []


def test_files_that_the_application_does_not_list_are_left_out():
    found = roles_of({**CAR, "old_1.0.0/artifact.xml": SEQUENCE, "old_1.0.0/in-1.0.0.xml": "<sequence/>"})

    assert found.not_configuration["old_1.0.0/in-1.0.0.xml"] == "not listed in artifacts.xml"


def test_listed_artifacts_that_are_missing_are_warned_of():
    found = roles_of({"artifacts.xml": APPLICATION, "in_1.0.0/artifact.xml": SEQUENCE})

    assert found.problems == [
        Ignored("artifacts.xml", "lists res 2.0.0, but there is no res_2.0.0/artifact.xml", 3, Severity.WARNING),
        Ignored("in_1.0.0/artifact.xml", "names in_1.0.0/in-1.0.0.xml, which is missing", None, Severity.WARNING),
    ]


def test_a_source_project_says_which_files_are_resources():
    found = roles_of(
        {
            "configs/artifact.xml": """<artifacts><artifact type="synapse/sequence">
                <file>src/s.xml</file></artifact></artifacts>""",
            "configs/src/s.xml": "<sequence/>",
            "resources/artifact.xml": """<artifacts><artifact type="registry/resource">
                <item><file>r.xml</file><path>/_system</path></item></artifact></artifacts>""",
            "resources/r.xml": "<sequence/>",
        }
    )

    assert found.not_configuration.get("configs/src/s.xml") is None
    assert found.not_configuration["resources/r.xml"] == "of type registry/resource"


def test_files_below_a_registry_are_resources():
    assert roles_of({"registry/governance/s.xml": "<sequence/>", "registry.xml": "<registry/>"}).not_configuration == {
        "registry/governance/s.xml": "a registry resource"
    }


def test_a_description_that_cannot_be_read_is_an_error():
    with pytest.raises(PackageError, match=r"^artifacts\.xml:1: "):
        roles_of({"artifacts.xml": "<artifacts>"})
