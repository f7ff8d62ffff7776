import pytest

from artifacts.synapse_xml.naming import identity
from mediation.errors import GrammarError
from mediation.payloads.xml import parse_xml


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<sequence name="s"/>', ("sequence", "s")),
        ('<sequence xmlns="http://ws.apache.org/ns/synapse" name="s"/>', ("sequence", "s")),
        ('<localEntry key="e"/>', ("localEntry", "e")),
        ("<registry/>", ("registry", "registry")),
        ("<taskManager/>", ("taskManager", "taskManager")),
        ('<t:task xmlns:t="urn:t" name="t"/>', ("{urn:t}task", "t")),
    ],
)
def test_kind_and_name(xml, expected):
    assert identity(parse_xml(xml)) == expected


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("<sequence/>", 'line 1: <sequence> needs the attribute "name"'),
        ('<sequence key="s"/>', 'line 1: <sequence> needs the attribute "name"'),
        ("<localEntry/>", 'line 1: <localEntry> needs the attribute "key"'),
        ("<definitions/>", "line 1: <definitions> holds several artifacts; each of them is stored on its own"),
        (f'<sequence name="{"s" * 256}"/>', "line 1: <sequence> has a name of more than 255 characters"),
    ],
)
def test_what_cannot_be_stored_is_told(xml, message):
    with pytest.raises(GrammarError) as caught:
        identity(parse_xml(xml))

    assert str(caught.value) == message
