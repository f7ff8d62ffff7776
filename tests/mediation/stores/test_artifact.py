"""``<messageStore>``: what runs, and what is said of the rest."""

import pytest

from mediation.compiler import compile_artifact
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from tests.mediation.support import compiled

JDBC = "org.apache.synapse.message.store.impl.jdbc.JDBCMessageStore"
MEMORY = "org.apache.synapse.message.store.impl.memory.InMemoryStore"
JMS = "org.apache.synapse.message.store.impl.jms.JmsStore"


def store(attributes: str = "", parameters: str = "") -> str:
    return f'<messageStore xmlns="{SYNAPSE_NS}" name="S" {attributes}>{parameters}</messageStore>'


@pytest.mark.parametrize(
    ("attributes", "durable"),
    [
        ("", True),
        (f'class="{JDBC}"', True),
        (f'class="{MEMORY}"', False),
        ('class="org.apache.synapse.message.store.InMemoryMessageStore"', False),
    ],
)
def test_the_class_says_where_messages_are(attributes, durable):
    assert compiled(store(attributes)).durable is durable


@pytest.mark.parametrize(
    ("name", "what"),
    [(JMS, "a message store in a JMS broker is kept"), ("com.acme.Store", "the message store class com.acme.Store is")],
)
def test_what_is_not_here_is_said(name, what):
    [finding] = compile_artifact(parse_xml(store(f'class="{name}"'))).not_runnable
    assert finding.message.startswith(what)
    assert finding.message.endswith("leave the class out, and the messages are kept in the server's database")


def test_a_store_needs_a_name():
    [finding] = compile_artifact(parse_xml(f'<messageStore xmlns="{SYNAPSE_NS}"/>')).errors
    assert finding.message == "Message store name not specified"


@pytest.mark.parametrize(("guaranteed", "failover"), [("true", "Other"), ("false", None)])
def test_the_failover_store_counts_where_delivery_is_guaranteed(guaranteed, failover):
    parameters = f"""<parameter name="store.failover.message.store.name">Other</parameter>
        <parameter name="store.producer.guaranteed.delivery.enable">{guaranteed}</parameter>"""
    assert compiled(store("", parameters)).failover == failover


def test_a_parameter_whose_value_lies_elsewhere_is_not_left_out_silently():
    xml = store(parameters='<parameter name="store.failover.message.store.name" key="conf:/x"/>')
    [finding] = compile_artifact(parse_xml(xml)).not_runnable
    assert "with a key or an expression" in finding.message
