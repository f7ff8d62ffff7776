from dataclasses import replace

from artifacts.synapse_xml import TaskFacts, read_facts, revised
from mediation.payloads.xml import parse_xml

TEXT = """<task xmlns="http://ws.apache.org/ns/synapse" name="daily" class="a.B" group="g">
    <trigger interval="5" count="3"/>
    <property xmlns="http://ws.apache.org/ns/synapse" name="to" value="x"/>
</task>
"""
FACTS = TaskFacts("daily", "a.B", interval="5", count="3")


def test_facts_are_read():
    assert read_facts(parse_xml(TEXT)) == FACTS
    assert read_facts(parse_xml('<task name="t"/>')) == TaskFacts("t")


def test_a_trigger_of_carbon_is_read():
    text = '<task:task xmlns:task="http://www.wso2.org/products/wso2commons/tasks" name="t"><task:trigger once="true"/>'

    assert read_facts(parse_xml(f"{text}</task:task>")) == TaskFacts("t", once="true")


def test_facts_are_written_and_all_else_stays():
    text = revised(TEXT, replace(FACTS, interval="", count="", cron="0 0 * * * ?"))

    assert text == TEXT.replace('interval="5" count="3"', 'cron="0 0 * * * ?"')


def test_a_trigger_is_made_when_there_is_something_to_say():
    assert revised("<task name='t'/>", TaskFacts("t", interval="7")) == (
        "<task name='t'>\n    <trigger interval=\"7\"/>\n</task>"
    )
    assert revised("<task name='t'/>", TaskFacts("t")) == "<task name='t'/>"
