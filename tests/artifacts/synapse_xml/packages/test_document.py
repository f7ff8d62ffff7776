import pytest
from lxml import etree

from artifacts.synapse_xml.packages import FoundArtifact, FoundTransport, Ignored, PackageError
from artifacts.synapse_xml.packages.document import STRAY, read_document
from mediation.findings import Finding, Severity
from mediation.payloads.xml import parse_xml

NS = "http://ws.apache.org/ns/synapse"


def read(text):
    return read_document("f.xml", text.encode() if isinstance(text, str) else text)


def artifacts(text):
    return [found for found in read(text) if isinstance(found, FoundArtifact)]


# -- an artifact in a file of its own


def test_an_artifact_of_its_own_file_is_kept_character_by_character():
    text = f"""<?xml version="1.0"?>
<!-- licence -->
<sequence
  xmlns="{NS}" name='s' ><log a="&#10;"/></sequence>
<!-- end -->"""

    (found,) = artifacts(text)

    assert (found.kind, found.name, found.line, found.text) == ("sequence", "s", 3, text)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "windows-1252"])
def test_text_is_decoded_as_it_declares_itself(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<sequence name="ü"><drop/></sequence>'

    (found,) = artifacts(text.encode(encoding))

    assert found.name == "ü"
    assert found.text == text.replace(encoding, "UTF-8")


def test_a_byte_order_mark_is_no_part_of_the_text():
    (found,) = artifacts(b"\xef\xbb\xbf<sequence name='s'/>")

    assert found.text == "<sequence name='s'/>"


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ('<localEntry key="k">v</localEntry>', "localEntry", "k"),
        (f'<s:proxy xmlns:s="{NS}" name="p"/>', "proxy", "p"),
        (f'<registry xmlns="{NS}" provider="x"/>', "registry", "registry"),
        (f'<invented xmlns="{NS}" name="i"/>', "invented", "i"),
        (f'<sequence xmlns="{NS}"/>', "sequence", ""),
        ('<task xmlns="http://www.wso2.org/products/wso2commons/tasks" name="t"/>', "task", "t"),
    ],
)
def test_kind_and_name(text, kind, name):
    (found,) = artifacts(text)

    assert (found.kind, found.name) == (kind, name)


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("<invented/>", "invented"),
        ("<unit-test/>", "unit-test"),
        (f'<artifacts xmlns="{NS}"/>', "artifacts"),
        ('<project xmlns="http://maven.apache.org/POM/4.0.0"/>', "{http://maven.apache.org/POM/4.0.0}project"),
        ('<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>', "{http://schemas.xmlsoap.org/wsdl/}definitions"),
    ],
)
def test_what_is_no_configuration_is_named(text, root):
    assert read(text) == f"<{root}> is not Synapse configuration"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<sequence name="s">\n<log></sequence>', "f.xml:2: Opening and ending tag mismatch"),
        ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><sequence>&x;</sequence>', "DOCTYPE"),
        ("", "f.xml"),
        ("<a>" * 300 + "</a>" * 300, "f.xml:1: "),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_place(text, message):
    with pytest.raises(PackageError) as caught:
        read(text)

    assert message in str(caught.value)


# -- definitions


def test_definitions_are_cut_up_in_document_order():
    found = read(
        f"""<definitions xmlns="{NS}">
    <registry provider="x"/>
    <description>all of it</description>
    <endpoint name="e"><default/></endpoint>
    <sequence name="s"
              onError="f">
        <drop/>
    </sequence>
</definitions>"""
    )

    assert [(each.kind, each.name, each.line) for each in found if isinstance(each, FoundArtifact)] == [
        ("registry", "registry", 2),
        ("endpoint", "e", 4),
        ("sequence", "s", 5),
    ]
    assert [each for each in found if isinstance(each, Ignored)] == [
        Ignored("f.xml", "the <description> of <definitions> is not kept", 3)
    ]


def test_an_artifact_of_definitions_keeps_its_spelling():
    body = (
        '<sequence name="s"\n     onError=\'f\' >\n  <!-- > " -->\n  <script><![CDATA[ </sequence> "\' ]]></script>\n'
        '  <?keep this?><log a="1 > 2" b=\'"\'/>\n</sequence>'
    )

    (found,) = artifacts(f'<definitions xmlns="{NS}">{body}</definitions>')

    assert found.text == body.replace("<sequence", f'<sequence xmlns="{NS}"', 1)


def test_namespaces_that_definitions_declare_are_carried_over_where_they_are_used():
    used, other = artifacts(
        f"""<definitions xmlns="{NS}" xmlns:m="urn:a&amp;b" xmlns:unused="urn:u">
        <sequence name="used"><property name="p" expression="//m:x"/></sequence>
        <sequence name="other" xmlns:m="urn:own"><property name="p" expression="//m:x"/></sequence>
        </definitions>"""
    )

    assert parse_xml(used.text).nsmap == {None: NS, "m": "urn:a&b"}
    assert parse_xml(other.text).nsmap == {None: NS, "m": "urn:own"}


def test_a_prefix_for_the_language_itself_is_carried_over():
    (found,) = artifacts(f'<s:definitions xmlns:s="{NS}"><s:sequence name="a"><s:drop/></s:sequence></s:definitions>')

    assert etree.QName(parse_xml(found.text)[0]).namespace == NS


def test_comments_right_before_an_artifact_go_with_it():
    first, second = artifacts(
        '<definitions>\n<!-- one -->\n<!-- two -->\n<sequence name="a"/>\n<sequence name="b"/></definitions>'
    )

    assert first.text == '<!-- one -->\n<!-- two -->\n<sequence name="a"/>'
    assert first.line == 4
    assert second.text == '<sequence name="b"/>'


def test_lines_of_findings_are_those_of_the_file():
    (found,) = artifacts('<definitions>\n\n<!-- c -->\n<sequence name="a">\n<log/>\n</sequence></definitions>')

    # The text has the comment in line 1.
    assert found.in_file(Finding(Severity.ERROR, "x", 3)).line == 5
    assert found.in_file(Finding(Severity.ERROR, "x")).line is None


def test_stray_mediators_become_the_sequence_main():
    main, other = sorted(
        artifacts(
            f"""<definitions xmlns="{NS}" xmlns:m="urn:m">
    <in>
        <filter xpath="//m:x"/>
    </in>
    <sequence name="other"/>
    <!-- answers -->
    <out/>
</definitions>"""
        ),
        key=lambda found: found.name,
    )

    assert other.remarks == ()
    assert (main.kind, main.name, main.line) == ("sequence", "main", 2)
    assert main.remarks == (Finding(Severity.WARNING, STRAY, 2, "import.stray-mediators"),)
    assert [child.tag for child in parse_xml(main.text).iterchildren("*")] == [f"{{{NS}}}in", f"{{{NS}}}out"]
    assert parse_xml(main.text).nsmap == {None: NS, "m": "urn:m"}
    assert "<!-- answers -->" in main.text
    assert [main.in_file(Finding(Severity.ERROR, "", line)).line for line in (3, 6)] == [3, 7]


@pytest.mark.parametrize("stray", ["<log/>", "<a.b/>", '<r:rule xmlns:r="http://wso2.org/carbon/rules"/>'])
def test_mediators_of_all_sorts_can_be_stray(stray):
    (found,) = artifacts(f'<definitions xmlns="{NS}">{stray}</definitions>')

    assert found.name == "main"


def test_an_unknown_child_of_definitions_is_kept():
    (found,) = artifacts('<definitions><invented name="i"/></definitions>')

    assert (found.kind, found.name) == ("invented", "i")


@pytest.mark.parametrize(
    "text", ["<definitions/>", "<definitions></definitions>", "<!-- x --><definitions>\n</definitions>"]
)
def test_empty_definitions_are_said_to_be_empty(text):
    assert read(text) == [Ignored("f.xml", "<definitions> is empty", 1)]


def test_line_ends_of_other_systems_do_not_disturb_the_count():
    (found,) = artifacts('<definitions>\r\n<sequence name="a">\r\n<log/>\r\n</sequence>\r\n</definitions>')

    assert found.line == 2
    assert found.in_file(Finding(Severity.ERROR, "", 2)).line == 3


def test_transport_senders_of_axis2_are_read():
    (found, rest) = read('<axisconfig><transportSender name="ws" class="x"/></axisconfig>')

    assert isinstance(found, FoundTransport)
    assert rest.reason == "only <transportSender> is taken from an axis2.xml"
