from dataclasses import replace

from artifacts.synapse_xml import SequenceFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

TEXT = """<sequence xmlns="http://ws.apache.org/ns/synapse"
          name="s" trace="enable">
    <!-- keep me -->
    <log level="full"><property name='p' value="a&#10;b"/></log>
    <unknown x="1"/>
</sequence>
"""


def test_facts_are_read():
    assert read_facts(parse_xml(TEXT)) == SequenceFacts("s")
    assert read_facts(parse_xml('<sequence name="s" onError="e"/>')) == SequenceFacts("s", "e")


def test_facts_are_written_and_all_else_stays():
    text = revised(TEXT, SequenceFacts("t", "fault"))

    assert read_facts(parse_xml(text)) == SequenceFacts("t", "fault")
    assert text == TEXT.replace('name="s" trace="enable"', 'name="t" trace="enable" onError="fault"')


def test_the_same_facts_change_nothing():
    assert revised(TEXT, read_facts(parse_xml(TEXT))) is TEXT


def test_there_and_back_is_the_same_tree():
    facts = read_facts(parse_xml(TEXT))
    there = revised(TEXT, replace(facts, on_error="x"))

    assert read_facts(parse_xml(revised(there, facts))) == facts
