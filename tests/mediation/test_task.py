"""``<task>``: its trigger, and the message that it makes."""

import pytest

from mediation.compiler import compile_artifact
from mediation.errors import MediationError
from mediation.payloads.xml import SYNAPSE_NS, parse_xml
from mediation.triggers import ONCE, Interval
from tests.mediation.support import DictEnvironment, compiled

QUOTE = '<m:getQuote xmlns:m="urn:m"><m:symbol>IBM</m:symbol></m:getQuote>'


def task(trigger: str = '<trigger interval="5"/>', properties: str = "", attributes: str = "") -> str:
    return f'<task xmlns="{SYNAPSE_NS}" name="T" {attributes}>{properties}{trigger}</task>'


def prop(name: str, value: str) -> str:
    return f'<property name="{name}" value="{value}"/>'


def message(*properties: str, content: str = QUOTE):
    made = compiled(task(properties=f'<property name="message">{content}</property>{"".join(properties)}'))
    return made.work.make(DictEnvironment())


class Greeting:
    def execute(self):
        pass


PYTHON = f"{__name__}.Greeting"


@pytest.mark.parametrize(
    ("trigger", "meaning"),
    [
        ('<trigger interval="5"/>', Interval(5)),
        ('<trigger interval="1" count="10"/>', Interval(1, 10)),
        ('<trigger interval="1" count="-1"/>', Interval(1)),
        ('<trigger once="true"/>', ONCE),
        ('<trigger count="1"/>', ONCE),
        ("<trigger/>", ONCE),
    ],
)
def test_triggers(trigger, meaning):
    assert compiled(task(trigger)).trigger == meaning


@pytest.mark.parametrize(
    ("trigger", "mistake"),
    [
        ('<trigger cron="0/5 * * * * ?" interval="5"/>', "Cron syntax can't be used with either count or interval"),
        ('<trigger count="5"/>', "Trigger without an interval, count must be 1 (or nothing)"),
        ('<trigger cron="now"/>', 'cron "now" has not six fields (seconds to day of week), or seven with the year'),
        ('<trigger interval="soon"/>', 'interval "soon" is not a whole number'),
        ('<trigger interval="0"/>', 'interval "0" is not a number of seconds above 0'),
        ("", "<task> needs a child <trigger>"),
    ],
)
def test_triggers_that_contradict_themselves(trigger, mistake):
    [finding] = compile_artifact(parse_xml(task(trigger))).errors
    assert finding.message == mistake


@pytest.mark.parametrize(
    ("format", "content_type", "root"),
    [
        (None, "text/xml", "Envelope"),
        ("soap11", "text/xml", "Envelope"),
        ("soap12", "application/soap+xml", "Envelope"),
        ("pox", "application/xml", "getQuote"),
    ],
)
def test_the_message_in_each_format(format, content_type, root):
    ctx = message(*([prop("format", format)] if format else []), prop("soapAction", "urn:q"), prop("to", "http://to"))

    body, sent_as = ctx.payload.format(ctx.get("messageType", "axis2"))
    element = parse_xml(body)
    assert (element.tag.partition("}")[2], sent_as) == (root, content_type)
    assert ctx.payload.first_child.tag == "{urn:m}getQuote"
    assert (ctx.to, ctx.action) == ("http://to", "urn:q")
    assert (ctx.headers.get("SOAPAction") == '"urn:q"') is (content_type == "text/xml")


def test_a_message_to_get():
    assert message(prop("format", "get")).get("HTTP_METHOD", "axis2") == "GET"


@pytest.mark.parametrize(("content", "kind"), [('{"a": 1}', "application/json"), ("hello", "text/plain")])
def test_a_message_of_text(content, kind):
    ctx = message(content=content)
    assert (ctx.payload.raw, ctx.payload.content_type) == (content.encode(), kind)


def test_each_firing_has_a_message_of_its_own():
    work = compiled(task(properties=f'<property name="message">{QUOTE}</property>')).work
    first, second = work.make(DictEnvironment()), work.make(DictEnvironment())
    first.payload.clear()
    assert second.payload.first_child is not None


def test_the_message_may_lie_in_a_local_entry():
    work = compiled(task(properties=prop("registryKey", "hello"))).work
    entry = f'<localEntry xmlns="{SYNAPSE_NS}" key="hello">{QUOTE}</localEntry>'
    assert work.make(DictEnvironment(entry)).payload.first_child.tag == "{urn:m}getQuote"
    with pytest.raises(MediationError, match="message or registry-key not set"):
        work.make(DictEnvironment())


@pytest.mark.parametrize(
    ("target", "mistake"), [("sequence", "Sequence name not specified"), ("proxy", "Proxy service name not specified")]
)
def test_a_target_needs_a_name(target, mistake):
    [finding] = compile_artifact(parse_xml(task(properties=prop("injectTo", target)))).errors
    assert finding.message == mistake


def test_a_message_that_nobody_said_is_warned_of():
    assert "message or registry-key not set" in compile_artifact(parse_xml(task())).warnings[0].message


def test_a_python_class_gets_the_properties():
    work = compiled(task(properties=prop("text", "hello"), attributes=f'class="{PYTHON}"')).work
    assert work.make().text == "hello"


def test_a_java_class_is_not_runnable():
    [finding] = compile_artifact(parse_xml(task(attributes='class="org.acme.Task"'))).not_runnable
    assert finding.message.startswith(
        "a task of the class org.acme.Task is kept, but cannot run in this version: "
        "name a Python class with a method execute()"
    )


def test_properties_in_the_namespace_of_tasks():
    xml = f"""<t:task xmlns:t="http://www.wso2.org/products/wso2commons/tasks" xmlns="{SYNAPSE_NS}" name="T"
        class="org.apache.synapse.startup.tasks.MessageInjector"><t:trigger count="10" interval="1"/>
        <t:property name="message">{QUOTE}</t:property><t:property name="to" value="http://to"/></t:task>"""
    compiled_task = compiled(xml)
    assert compiled_task.work.make(DictEnvironment()).to == "http://to"
    assert compiled_task.trigger == Interval(1, 10)
