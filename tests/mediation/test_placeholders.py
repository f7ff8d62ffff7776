import pytest
from lxml import etree

from mediation.compiler import Compiler, compile_artifact
from mediation.payloads.xml import parse_xml
from mediation.placeholders import filled

ADDRESS = '<endpoint name="e"><address uri="{}"/></endpoint>'


@pytest.fixture(autouse=True)
def values(monkeypatch, settings, tmp_path):
    settings.ESB_PROPERTIES_FILE = str(tmp_path / "file.properties")
    (tmp_path / "file.properties").write_text("url = http://file:1/\nBOTH=of the file\n")
    monkeypatch.setenv("URL", "http://variable:1/")
    monkeypatch.setenv("BOTH", "of the process")
    monkeypatch.setenv("SECRET_KEY", "canary")


def after(xml):
    compiler = Compiler()
    root = filled(parse_xml(xml), compiler)
    return etree.tostring(root, encoding="unicode"), [finding.message for finding in compiler.findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$SYSTEM:URL", "http://variable:1/"),
        (" $FILE:url ", "http://file:1/"),
        ("${configs.url}x/${configs.BOTH}", "http://file:1/x/of the process"),
        ("$FILE:BOTH", "of the file"),
        ("$SYSTEM:URL/x", "$SYSTEM:URL/x"),
        ("${URL}", "${URL}"),
    ],
)
def test_a_placeholder_is_filled_in(text, value):
    assert after(ADDRESS.format(text)) == (ADDRESS.format(value), [])


@pytest.mark.parametrize("text", ["$SYSTEM:NOWHERE", "$FILE:URL", "${configs.nowhere}", "$SYSTEM:SECRET_KEY"])
def test_one_that_has_no_value_stays_and_is_warned_of(text):
    assert after(ADDRESS.format(text)) == (ADDRESS.format(text), [f"{text} has no value here"])


@pytest.mark.parametrize(
    "xml",
    [
        '<endpoint><http uri-template="{}"/></endpoint>',
        '<endpoint><wsdl uri="{}"/></endpoint>',
        '<endpoint template="t"><parameter name="p" value="{}"/></endpoint>',
        "<endpoint><http><authentication><basicAuth><password>{}</password></basicAuth></authentication></http></endpoint>",
        '<proxy><parameter name="p">{}</parameter><publishWSDL uri="{}"/></proxy>',
        '<inboundEndpoint><parameters><parameter name="p">{}</parameter></parameters></inboundEndpoint>',
        '<messageStore><parameter name="store.jdbc.password">{}</parameter></messageStore>',
        '<task><trigger cron="{}"/><property name="p" value="{}"/></task>',
        "<sequence><dbreport><connection><pool><url>{}</url></pool></connection></dbreport></sequence>",
    ],
)
def test_these_places_have_placeholders(xml):
    assert after(xml.replace("{}", "$SYSTEM:BOTH")) == (xml.replace("{}", "of the process"), [])


@pytest.mark.parametrize(
    "xml",
    [
        '<sequence><property name="p" value="$SYSTEM:URL"/></sequence>',
        '<sequence><payloadFactory><format><address uri="$SYSTEM:URL"/></format></payloadFactory></sequence>',
        '<inboundEndpoint><parameters><parameter name="ws.auth.jwt.secret">$SYSTEM:URL</parameter></parameters>'
        "</inboundEndpoint>",
    ],
)
def test_others_do_not(xml):
    assert after(xml) == (xml, [])


def test_an_artifact_without_placeholders_is_itself_and_is_not_changed_by_them():
    plain, with_one = parse_xml(ADDRESS.format("http://host/")), parse_xml(ADDRESS.format("$SYSTEM:URL"))

    assert filled(plain, Compiler()) is plain
    filled(with_one, Compiler())
    assert with_one[0].get("uri") == "$SYSTEM:URL"


def test_it_is_done_when_an_artifact_is_compiled_and_lines_stay():
    compilation = compile_artifact(parse_xml(ADDRESS.format("$SYSTEM:URL")))
    assert compilation.artifact.address == "http://variable:1/"

    [finding] = compile_artifact(parse_xml('<sequence name="s">\n\n<log level="$"/></sequence>')).findings
    assert finding.line == 3


def test_a_changed_file_counts(tmp_path):
    assert after(ADDRESS.format("$FILE:url"))[0] == ADDRESS.format("http://file:1/")
    (tmp_path / "file.properties").write_text("url=other value")
    assert after(ADDRESS.format("$FILE:url"))[0] == ADDRESS.format("other value")
    (tmp_path / "file.properties").unlink()
    assert after(ADDRESS.format("$FILE:url"))[1] == ["$FILE:url has no value here"]
