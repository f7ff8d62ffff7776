import pytest

from artifacts.synapse_xml import LocalEntryFacts, read_facts, revised
from artifacts.synapse_xml.document import same_xml
from mediation.errors import XmlError
from mediation.payloads.xml import parse_xml


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ('<localEntry key="e"> text </localEntry>', LocalEntryFacts("e", "text", "text")),
        ('<localEntry key="e"><![CDATA[0.1]]></localEntry>', LocalEntryFacts("e", "text", "0.1")),
        ('<localEntry key="e">a<description/>b</localEntry>', LocalEntryFacts("e", "text", "ab")),
        ('<localEntry key="e">\n  <a b="1">c</a>\n</localEntry>', LocalEntryFacts("e", "xml", '<a b="1">c</a>')),
        ('<localEntry key="e" src="file:x.xml"/>', LocalEntryFacts("e", "url", "file:x.xml")),
        ('<localEntry key="e"/>', LocalEntryFacts("e", "text", "")),
    ],
)
def test_facts_are_read_and_writing_them_changes_nothing(xml, expected):
    facts = read_facts(parse_xml(xml))

    assert facts == expected
    assert revised(xml, facts) is xml


@pytest.mark.parametrize(
    ("before", "facts", "after"),
    [
        ('<localEntry key="e">a</localEntry>', ("e", "text", "b < c"), '<localEntry key="e">b &lt; c</localEntry>'),
        ('<localEntry key="e">a</localEntry>', ("e", "xml", "<b>c</b>"), '<localEntry key="e"><b>c</b></localEntry>'),
        ('<localEntry key="e">a</localEntry>', ("e", "url", "http://x/"), '<localEntry key="e" src="http://x/"/>'),
        ('<localEntry key="e" src="http://x/"/>', ("e", "text", "a"), '<localEntry key="e">a</localEntry>'),
        ('<localEntry key="e"><a/></localEntry>', ("f", "text", "b"), '<localEntry key="f">b</localEntry>'),
        (
            '<localEntry key="e"><a/><description>d</description></localEntry>',
            ("e", "xml", "<b/>"),
            '<localEntry key="e"><b/><description>d</description></localEntry>',
        ),
    ],
)
def test_facts_are_written(before, facts, after):
    assert same_xml(revised(before, LocalEntryFacts(*facts)), after)


def test_xml_that_is_not_well_formed_is_refused():
    with pytest.raises(XmlError):
        revised('<localEntry key="e"/>', LocalEntryFacts("e", "xml", "<a>"))
